"""What must never stand in a commit, and what must always stand in the tree."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.splitlines()]


def test_no_index_or_host_in_a_lock() -> None:
    for path in _tracked():
        if path.name in {"requirements.lock", "package-lock.json"}:
            text = path.read_text()
            assert "://" not in re.sub(r'"(url|funding)": "[^"]*"', "", text), path.name
            assert "--index" not in text


def test_every_dependency_is_pinned_exactly() -> None:
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if line.strip():
            assert re.match(r"[\w.\[\]-]+==[\w.+!-]+( ; .*)?$", line), line


def test_no_path_of_a_machine_in_the_code() -> None:
    for path in _tracked():
        if path.suffix in {".py", ".md", ".toml", ".html", ".js", ".css"} and path.exists():
            found = re.search(r"(?<![\w/.])/(work|root|home/\w+)/", path.read_text())
            assert found is None, f"{path}: {found}"


def test_the_ten_usual_additions_have_their_place() -> None:
    text = (ROOT / "docs" / "develop" / "where-things-go.md").read_text()
    for path in re.findall(r"`((?:src/yutang/)?[a-z_]+/[a-z_/]+\.py)`", text):
        place = path if path.startswith("src/") else f"src/yutang/{path}"
        assert (ROOT / place).exists(), path


def test_settings_are_documented() -> None:
    from yutang.settings import Settings

    text = (ROOT / "docs" / "operate.md").read_text()
    for name in Settings.model_fields:
        assert f"YUTANG_{name.upper()}" in text, name


def test_commands_are_documented() -> None:
    from typer.main import get_command

    from yutang.cli import app

    text = (ROOT / "docs" / "operate.md").read_text()
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        names = [f"{name} {sub}" for sub in getattr(command, "commands", {})] or [name]
        for one in names:
            assert f"yutang {one}" in text, one
