"""The example of docs/sql.md runs."""

from __future__ import annotations

import re
from pathlib import Path

from tests.pages import pond
from yutang.app import Services
from yutang.settings import Settings

DOC = Path(__file__).parents[2] / "docs" / "sql.md"


def test_the_example_runs(tmp_path: Path) -> None:
    pond.make(tmp_path / "home")
    brand = Services.open(Settings(home=tmp_path / "home")).brand("pond")
    (sql,) = re.findall(r"```sql\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    answer = brand.sql.ask(sql)
    assert [name for name, _ in answer.columns] == ["month", "orders", "yuan"]
    assert answer.rows
    tables = {one.name for one in brand.sql.tables()}
    assert tables == set(re.findall(r"^\| `(\w+)` \|", DOC.read_text("utf-8"), re.MULTILINE))
