"""Every benchmark, one after the other. `make bench` prints what docs/benchmarks.md quotes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DEMO = HERE.parent / "demo"
BENCHMARKS = (
    ("sixteen models", ("models.py",)),
    ("lifetime value", ("clv.py",)),
    ("order import", ("imports.py",)),
    ("lake append", ("lake_append.py",)),
    ("tracking requests", ("decoders.py",)),
    ("collector", ("collector.py",)),
    ("console", ("server.py", str(DEMO))),
)


def main() -> None:
    for name, (script, *rest) in BENCHMARKS:
        print(f"\n## {name}", flush=True)
        if script == "server.py" and not (DEMO / "demo.json").exists():
            yutang = Path(sys.executable).parent / "yutang"
            subprocess.run([yutang, "demo", str(DEMO), "--no-serve"], check=True)
        subprocess.run([sys.executable, str(HERE / script), *rest], check=True)


if __name__ == "__main__":
    main()
