"""The brand's audit log."""

from __future__ import annotations

import pytest

from yutang.staff import BrandAudit
from yutang.state import open_brand


@pytest.fixture
def audit(tmp_path, clock):
    database = open_brand(tmp_path / "state.db")
    yield BrandAudit(database, clock)
    database.close()


def test_rows_come_newest_first_and_keep_their_detail(audit, clock):
    audit.record("boss", "import_undone", "orders.csv", {"orders": 12}, "10.0.0.1")
    clock.pass_minutes(1)
    audit.record("linxi", "shop_set", "tmall/旗舰店")
    rows = audit.page()
    assert [row.action for row in rows] == ["shop_set", "import_undone"]
    assert rows[1].detail == {"orders": 12}
    assert rows[0].at - rows[1].at == 60_000


def test_search_looks_at_who_what_and_to_what(audit):
    audit.record("boss", "import_undone", "orders.csv")
    audit.record("linxi", "shop_set", "旗舰店 100%")
    assert [row.login for row in audit.page(search="boss")] == ["boss"]
    assert audit.count("旗舰") == 1
    assert audit.count("100%") == 1
    assert audit.count("%") == 1
    assert audit.count() == 2
