"""Every number of people on an analysis leads to as many people, in every model and table."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from yutang import analysis
from yutang.console.analyse.answer import Asked
from yutang.console.analyse.cells import OF_PEOPLE
from yutang.console.analyse.defaults import usual
from yutang.console.analyse.present import present
from yutang.console.analyse.words import vocabulary
from yutang.console.guard import Session
from yutang.console.language import language
from yutang.console.people import people_of
from yutang.reports import resolved

# Besides the question a page begins with: groups, and models whose usual question has no people.
MORE = {
    "event": {"measures": [{"event": "order_paid", "measure": "people"}], "unit": "month"},
    "funnel": {
        "steps": [{"event": "code_scanned"}, {"event": "order_paid"}],
        "window": {"value": 30, "unit": "day"},
        "group": [{"property": "customer.stage"}],
    },
    "retention": {"unit": "month", "group": [{"property": "customer.stage"}]},
    "distribution": {"group": [{"property": "customer.stage"}]},
    "ltv": {
        "start": {"event": "order_paid"},
        "revenue": [{"event": "order_paid", "property": "paid"}],
        "days": [1, 7, 30],
        "unit": "month",
    },
    "activity": {"unit": "month", "group": [{"property": "customer.stage"}]},
    "smart_path": {"target": {"event": "order_paid"}, "events": {"event": ["code_scanned"]}},
    "path": {"property": "platform"},
    "page": {"by": "channel", "channel": "channel"},
}


@pytest.fixture(scope="module")
def session(shared):
    brand = shared.brand("pond")
    one = SimpleNamespace(slug="pond", role="admin")
    return Session(SimpleNamespace(), one, (), brand, language("en"), "", "")


def answered(session, model, params):
    shards = session.brand.shards()
    words = vocabulary(session, shards)
    result = analysis.run(model.NAME, shards, params)
    return present(Asked(session, words, model.NAME, params, result, question=params))


def cells(answer):
    for grid in (answer.grid, *answer.more):
        for row in grid.rows:
            for head, cell in zip(grid.heads, row, strict=True):
                if cell.link and cell.value and head.numeric:
                    yield grid.title, head, cell


def questions(session, model):
    words = vocabulary(session, session.brand.shards())
    first = usual(model, words)
    if first is not None:
        yield resolved(first, session.brand.measure.today())
    if model.NAME in MORE:
        yield MORE[model.NAME]


@pytest.mark.parametrize("model", analysis.MODELS, ids=lambda model: model.NAME)
def test_each_count_opens_its_people(session, model):
    looked = 0
    for params in questions(session, model):
        for title, head, cell in list(cells(answered(session, model, params)))[:60]:
            found = people_of(session, cell.href.partition("people=")[2]).members
            assert len(found), (title, head.title)
            if head.key.rpartition("_")[0] in OF_PEOPLE or head.key in OF_PEOPLE:
                assert len(found) == cell.value, (title, head.title, cell.value, len(found))
                looked += 1
    assert looked or model.NAME in ("event", "form", "page")


def test_counts_of_people_by_measure(session):
    """The columns of events are named by letters."""
    model = analysis.get_model("event")
    for title, head, cell in cells(answered(session, model, MORE["event"])):
        found = people_of(session, cell.href.partition("people=")[2]).members
        assert len(found) == cell.value, (title, head.title)
