"""Fill .venv: packages from the lock, the console's front-end files, texts, compiled kernels.

Run by `make setup` with the environment's own Python; running it again costs seconds. With the
word `scale` it adds what only a cluster needs, with `linkage` what only the search for one person
behind two customers needs.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
EXTRAS = {
    "scale": ("cluster packages", ROOT / "requirements-scale.lock"),
    "linkage": ("packages of record linkage", ROOT / "requirements-linkage.lock"),
}


def step(text: str, *command: str) -> None:
    started = time.monotonic()
    print(f"  {text} …", end="", flush=True)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(" failed")
        sys.exit(f"{done.stdout}\n{done.stderr}\n`{' '.join(command)}` failed.")
    print(f" {time.monotonic() - started:.0f} s")


def installing(python: str) -> tuple[str, ...]:
    # Compiled bytecode: a first answer must not wait for Python's own compiler.
    return (python, "-m", "uv", "pip", "install", "-q", "--compile-bytecode", "--python", python)


def main() -> None:
    python = sys.executable
    if sys.argv[1:]:
        text, lock = EXTRAS[sys.argv[1]]
        step(text, *installing(python), "-r", str(lock))
        return
    uv = next(line for line in LOCK.read_text().splitlines() if line.startswith("uv=="))
    print("Setting up:")
    step("installer", python, "-m", "pip", "install", "-q", "--disable-pip-version-check", uv)
    install = installing(python)
    step("packages", *install, "-r", str(LOCK))
    step("yutang itself", *install, "--no-deps", "-e", ".")
    step("front-end files", python, "tools/vendor.py")
    step("texts", python, "-m", "yutang.console.locale_build")
    step("kernels", python, "-m", "yutang.sequence.warm")


if __name__ == "__main__":
    main()
