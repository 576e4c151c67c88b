"""Saved reports: added, renamed, removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_brand import open_brand_at
from yutang.errors import BadInput, NotFound
from yutang.reports import Reports


def test_reports_live_under_their_name(tmp_path: Path) -> None:
    reports = Reports(open_brand_at(tmp_path / "home").workspace)
    first = reports.add(" Funnel ", "funnel", {"steps": []}, by="ann")
    second = reports.add("Events", "event", {}, by="ben")
    assert [one.name for one in reports.list_()] == ["Events", "Funnel"]
    assert reports.rename(first.id, "Baskets").name == "Baskets"
    assert reports.get(first.id).params == {"steps": []}
    reports.remove(second.id)
    assert [one.name for one in reports.list_()] == ["Baskets"]
    for name in ("", " ", "x" * 121):
        with pytest.raises(BadInput):
            reports.add(name, "event", {}, by="ann")
        with pytest.raises(BadInput):
            reports.rename(first.id, name)
    for wrong in (reports.get, reports.remove, lambda id_: reports.rename(id_, "x")):
        with pytest.raises(NotFound):
            wrong(second.id)
