"""`yutang source priority`: the order of the sources from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from yutang.app import Services
from yutang.cli import app
from yutang.errors import BadInput
from yutang.settings import Settings


def test_sources_are_ordered_shown_and_made_alike_again(tmp_path: Path) -> None:
    home = tmp_path / "home"

    def run(*words: str) -> Any:
        return CliRunner().invoke(app, [*words, "--home", str(home)])

    CliRunner().invoke(app, ["init", str(home)])
    for name in ("web", "pos", "crm"):
        run("source", "create", name)
    assert run("source", "priority", "pos", "web").exit_code == 0
    shown = run("source", "priority")
    assert shown.stdout == "1. pos\n2. web\nAlike, the latest wins: crm\n"
    refused = run("source", "priority", "fax")
    assert isinstance(refused.exception, BadInput)
    run("source", "priority", "pos", "web")
    cleared = run("source", "priority", "--clear", "--json")
    assert json.loads(cleared.stdout) == {"sources": [], "alike": ["web", "pos", "crm"]}
    log = Services.open(Settings(home=home)).brand().audit.page(limit=9)
    orders = [row.detail for row in log if row.action == "source_priority"]
    assert orders == [{"from": "pos > web", "to": ""}, {"from": "", "to": "pos > web"}]
