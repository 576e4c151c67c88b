"""The commands as a person types them."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.small_brand import write_events
from yutang import serve
from yutang.app import Services
from yutang.cli import app
from yutang.errors import BadInput, Conflict, NotFound
from yutang.settings import Settings

pytestmark = pytest.mark.slow

RUNNER = CliRunner()


def yutang(home: Path, *words: str) -> Result:
    return RUNNER.invoke(app, [*words, "--home", str(home)])


def answer(home: Path, *words: str) -> dict[str, object]:
    result = yutang(home, *words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout.splitlines()[-1])
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert RUNNER.invoke(app, ["init", str(tmp_path / "home")]).exit_code == 0
    file = write_events(tmp_path / "events.ndjson")
    assert yutang(tmp_path / "home", "import", "events", str(file)).exit_code == 0
    return tmp_path / "home"


def test_backup_and_restore(home: Path, tmp_path: Path) -> None:
    before = answer(home, "status")
    made = answer(home, "backup", str(tmp_path / "b.tar.gz"))
    assert set(made) == {"file", "bytes", "files", "made_at", "brands"}
    result = RUNNER.invoke(app, ["restore", str(tmp_path / "b.tar.gz"), str(tmp_path / "again")])
    assert result.exit_code == 0, result.output
    assert answer(tmp_path / "again", "status") == before
    funnel = '{"steps": [{"event": "page_viewed"}, {"event": "cart_added"}],' \
             ' "window": {"value": 7, "unit": "day"}}'  # fmt: skip
    rows = [
        answer(folder, "analyse", "funnel", "--params", funnel)["rows"]
        for folder in (home, tmp_path / "again")
    ]
    assert rows[0] == rows[1]
    again = yutang(home, "backup", str(tmp_path / "b.tar.gz"))
    assert isinstance(again.exception, Conflict)


@pytest.mark.parametrize("model", ["retention", "distribution", "activity", "stickiness"])
def test_habits_from_the_command_line(home: Path, model: str) -> None:
    found = answer(home, "analyse", model, "--params", "{}")
    assert found["rows"]
    assert set(found["rows"][0]) == set(found["columns"])
    assert found["tables"]
    wrong = yutang(home, "analyse", model, "--params", '{"unit": "fortnight"}')
    assert isinstance(wrong.exception, BadInput)
    assert str(wrong.exception).startswith("unit: ")


def test_what_the_command_line_does_is_in_the_log(home: Path) -> None:
    assert yutang(home, "import", "undo", "1").exit_code == 0
    rows = Services.open(Settings(home=home)).brand().audit.page()
    assert [(row.login, row.action, row.detail) for row in rows] == [
        ("cli", "import_undone", {"import": 1}),
        ("cli", "import_started", {"import": 1}),
    ]


def test_a_mapping_saved_in_the_console_is_a_preset_here(home: Path, tmp_path: Path) -> None:
    brand = Services.open(Settings(home=home)).brand()
    file = tmp_path / "till.csv"
    file.write_text("slip,when,sum\nA1,2026-10-07 10:00,20.00\nA2,2026-10-08 10:00,5.00\n")
    mapping = json.loads(brand.order_files.preview(file).mapping.to_json())
    mapping["columns"] = {"order_id": ["slip"], "paid_at": ["when"], "paid": ["sum"]}
    brand.presets.save("our till", mapping, by="boss")
    words = ("import", "orders", str(file), "--preset", "our till", "--shop", "till")
    found = answer(home, *words)
    assert (found["preset"], found["orders_paid"], found["paid_fen"]) == ("our till", 2, 2500)


def test_a_port_that_is_taken_is_said_before_any_work(home: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for words in (["serve", "--home", str(home)], ["demo", str(tmp_path / "demo")]):
            result = RUNNER.invoke(app, [*words, "--port", port])
            assert isinstance(result.exception, Conflict)
    assert not (tmp_path / "demo").exists()


def test_after_loading_the_demo_is_served_by_a_fresh_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the place of the one that loaded, whose memory would otherwise stay taken."""
    asked: list[list[str]] = []
    monkeypatch.setattr(serve.os, "execv", lambda _program, words: asked.append(words))
    serve.serve_anew(tmp_path, "127.0.0.1", 9000)
    assert asked[0][1:] == ["-m", "yutang", "serve", "--home", str(tmp_path),
                            "--host", "127.0.0.1", "--port", "9000"]  # fmt: skip


def test_doctor_answers_with_its_exit_status(home: Path) -> None:
    well = yutang(home, "doctor", "--json")
    assert well.exit_code == 0
    assert {one["level"] for one in json.loads(well.stdout)["findings"]} <= {"hint", "warning"}
    (home / "secret.key").chmod(0o644)
    ill = yutang(home, "doctor")
    assert ill.exit_code == 1
    assert "chmod 600" in ill.stdout


def test_doctor_of_nothing(tmp_path: Path) -> None:
    assert yutang(tmp_path, "doctor").exit_code == 1


def test_erasing_a_person(home: Path) -> None:
    receipt = answer(home, "person", "erase", "member_no:m3")
    assert receipt["status"] == "done"
    assert answer(home, "status")["events"] == 190
    again = yutang(home, "person", "erase", "member_no:m3")
    assert isinstance(again.exception, NotFound)
    wrong = yutang(home, "person", "erase", "m3")
    assert isinstance(wrong.exception, BadInput)


def test_rebuild_and_compact_change_no_number(home: Path) -> None:
    before = answer(home, "status")
    assert yutang(home, "rebuild").exit_code == 0
    assert yutang(home, "compact").exit_code == 0
    assert answer(home, "status") == before


def test_a_source_from_the_first_key_to_the_last(home: Path) -> None:
    made = answer(home, "source", "create", "小程序", "--base-url", "https://t.example.com/")
    key = made["write_key"]
    assert made == {
        "write_key": key,
        "url": f"https://t.example.com/sa?project=%E5%B0%8F%E7%A8%8B%E5%BA%8F&token={key}",
    }
    for kind, url in {
        "segment": "http://127.0.0.1:8787",
        "posthog": "http://127.0.0.1:8787",
        "json": "http://127.0.0.1:8787/c/{key}/collect",
    }.items():
        other = answer(home, "source", "create", kind, "--kind", kind)
        assert other["url"] == url.format(key=other["write_key"])
    rotated = answer(home, "source", "rotate", "小程序", "--grace-days", "1")
    assert rotated["write_key"] != key
    assert yutang(home, "source", "revoke", "小程序", str(key)).exit_code == 0
    assert yutang(home, "source", "rename", "小程序", "mini").exit_code == 0
    assert yutang(home, "source", "off", "mini").exit_code == 0
    listed = json.loads(yutang(home, "source", "list", "--json").stdout)
    assert [(one["name"], one["status"]) for one in listed] == [
        ("mini", "off"), ("segment", "on"), ("posthog", "on"), ("json", "on"),
    ]  # fmt: skip
    assert yutang(home, "source", "on", "mini").exit_code == 0
    shown = yutang(home, "source", "list").stdout
    assert f"{key}  since" in shown
    assert "ends" in shown
    assert isinstance(yutang(home, "source", "off", "nobody").exception, NotFound)


def test_paths_counted_elsewhere_are_credited(tmp_path: Path) -> None:
    file = tmp_path / "paths.csv"
    file.write_text("path,conversions,value,nulls\n扫码 > 社群,6,60,1\n扫码,4,40,0\n", "gb18030")
    result = RUNNER.invoke(app, ["attribute", "--paths", str(file), "--models", "all", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    credit = {(row["model"], row["channel"]): row["conversions"] for row in found["rows"]}
    assert credit["linear_distinct", "扫码"] == 7
    assert credit["last", "社群"] == 6
    assert found["conversions"] == 10
    missing = RUNNER.invoke(app, ["attribute", "--paths", str(tmp_path / "no.csv")])
    assert isinstance(missing.exception, BadInput)
