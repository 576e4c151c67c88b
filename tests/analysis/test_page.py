"""The page / channel model against its definition, and examples one can read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import page_oracle as oracle
from tests.analysis.histories import DAY, MINUTE, START, ZONE, histories
from tests.analysis.sessions_oracle import is_inside, kept_groups
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.analysis.page_names import without_query
from yutang.errors import BadInput
from yutang.sequence.source import Column

AMOUNT = {"property": "amount", "op": ">", "value": 0}
RANGES = st.sampled_from([("2026-03-03", "2026-03-04"), ("2026-03-05",) * 2])
pages = st.fixed_dictionaries(
    {
        "idle_minutes": st.sampled_from([1, 720, 1439, 10080]),
        "view": st.sampled_from([{"event": "a"}, {"event": ["a", "b"]}, {"event": "*"},
                                 {"event": "b", "filter": AMOUNT}]),
        "page": st.sampled_from(["place", "note"]),
        "items": st.sampled_from([1, 2, 20]),
        "filter": st.sampled_from([None, None, AMOUNT]),
    },
    optional={
        "events": st.sampled_from([{"event": ["c"]}, {"event": "*", "filter": AMOUNT}]),
        "rules": st.just([{"name": "北", "value": "京"}]),
        "dwell": st.just("amount"),
        "range": RANGES,
    },
)  # fmt: skip
channels = st.fixed_dictionaries(
    {
        "by": st.just("channel"),
        "channel": st.just("place"),
        "stages": st.sampled_from(
            [[{"event": "a"}, {"event": "b"}], [{"event": e} for e in "abc"],
             [{"event": ["a", "b"]}, {"event": "b"}, {"event": "x", "filter": AMOUNT}]]
        ),
        "first": st.booleans(),
        "window": st.sampled_from([{"value": 1, "unit": "day"}, {"value": 30, "unit": "day"}]),
        "items": st.sampled_from([1, 2, 20]),
        "filter": st.sampled_from([None, None, AMOUNT]),
    },
    optional={"range": RANGES},
)  # fmt: skip
groups = st.lists(
    st.sampled_from(["gift", "tags", "customer.city", "customer.flags"]),
    min_size=1, max_size=2, unique=True,
)  # fmt: skip


def asked(question, **more):
    params = {k: v for k, v in question.items() if k != "range"}
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return params | more


def customers(found):
    return {one["row"]["customer"] for one in found}


def check_pages(history, question):
    facts, shards = history
    params = asked(question)
    result = analysis.run("page", shards, params)
    found = oracle.views(facts, params)
    keep = oracle.largest([v["page"] for v in found], params["items"])
    assert result.rows == oracle.page_rows(found, keep)
    assert result.tables["next"].rows == oracle.next_rows(found, keep)
    assert result.tables["total"].rows == [oracle.numbers(found)]
    for row in result.rows[:3]:
        mine = [v for v in found if oracle.shown(v["page"], keep) == row["page"]]
        cell = {"page": row["page"]}
        assert set(analysis.people("page", shards, params, cell)) == customers(mine)
        entries = [v for v in mine if v["entry"]]
        behind = analysis.people("page", shards, params, cell | {"entry": True})
        assert set(behind) == customers(entries)
    for row in result.tables["next"].rows[:3]:
        cell = {"page": row["page"], "next": row["next"]}
        assert len(analysis.people("page", shards, params, cell)) == row["people"]


def check_channels(history, question):
    facts, shards = history
    params = asked(question)
    result = analysis.run("page", shards, params)
    found = oracle.scans(facts, params)
    labels = [s["code"] for s in found for _ in range(s["times"])]
    keep = oracle.largest(labels, params["items"])
    assert result.rows == oracle.channel_rows(found, keep)
    if found:
        assert result.tables["total"].rows == [oracle.channel_numbers(found)]
    for row in result.rows[:3]:
        for k in range(1, len(params["stages"]) + 1):
            cell = {"channel": row["channel"], "stage": k}
            assert len(analysis.people("page", shards, params, cell)) == row[f"people_{k}"]


@settings(max_examples=40, deadline=None)
@given(histories(), pages)
def test_views_are_what_their_definition_says(history, question):
    check_pages(history, question)


@settings(max_examples=40, deadline=None)
@given(histories(), channels)
def test_channels_are_what_their_definition_says(history, question):
    check_channels(history, question)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(histories(), pages, channels)
def test_pages_and_channels_many_times(history, page, channel):
    check_pages(history, page)
    check_channels(history, channel)


@settings(max_examples=25, deadline=None)
@given(histories(), st.one_of(pages, channels), groups, st.sampled_from([1, 2, 20]))
def test_each_group_is_counted_for_itself(history, question, names, top):
    facts, shards = history
    params = asked(question, group=names, top=top)
    result = analysis.run("page", shards, params)
    if params.get("by") == "channel":
        found = oracle.scans(facts, params)
        items = [s["code"] for s in found for _ in range(s["times"])]
        rows_of, numbers = oracle.channel_rows, oracle.channel_numbers
    else:
        found = oracle.views(facts, params)
        items = [v["page"] for v in found]
        rows_of, numbers = oracle.page_rows, oracle.numbers
    keep = oracle.largest(items, params["items"])
    labels = kept_groups([one["row"] for one in found], names, "multi", top)
    rows, totals = [], []
    for label in labels:
        mine = [o for o in found if is_inside(o["row"], label, labels, names, "multi")]
        head = {f"group_{i + 1}": part for i, part in enumerate(label)}
        rows += [{**head, **row} for row in rows_of(mine, keep)]
        totals.append({**head, **numbers(mine)})
        behind = analysis.people("page", shards, params, {"group": list(label)})
        assert set(behind) == customers(mine)
    assert result.rows == rows
    assert result.tables["groups"].rows == totals
    assert result.tables["all"].rows == rows_of(found, keep)


# -- examples one can read --------------------------------------------------------------------


def story(rows, columns=()):
    facts = MemoryFacts(ZONE)
    facts.known += [Column(name, "string") for name in columns]
    facts.append([{"customer": c, "time": START + t, "event": e, **p} for c, t, e, p in rows])
    return facts


def view(customer, minute, page):
    return (customer, minute * MINUTE, "page_viewed", {"page": page})


def test_dwell_exits_and_page_groups(shards_of):
    rows = [
        view(1, 0, "https://shop.cn/home?from=wx"),
        view(1, 1, "https://shop.cn/p/7"),
        (1, 4 * MINUTE, "cart_added", {}),
        view(2, 0, "/p/8?sku=1"),
    ]
    shards = shards_of(story(rows, ["page"]))
    params = {"rules": [{"name": "商品页", "value": "/p/"}]}
    result = analysis.run("page", shards, params)
    shown = ("page", "views", "exit_rate", "bounce_rate", "seconds")
    assert [tuple(row[name] for name in shown) for row in result.rows] == [
        ("商品页", 2, 1.0, 1.0, 180.0),
        ("/home", 1, 0.0, 0.0, 60.0),
    ]
    assert result.tables["next"].rows[-1] == {
        "page": "/home", "next": "商品页", "views": 1, "people": 1, "rate": 1.0,
    }  # fmt: skip


def code(customer, at, event, channel=None):
    return (customer, at, event, {"channel_code": channel} if channel else {})


def test_what_a_code_brought(shards_of):
    rows = [
        code(1, 0, "code_scanned", "台卡"), code(1, 1000, "contact_added", "台卡"),
        code(1, DAY, "order_paid"), code(1, 2 * DAY, "order_paid"),
        code(2, 0, "code_scanned", "台卡"), code(2, 0, "contact_added", "海报"),
        code(3, 0, "order_paid"), code(3, 5, "code_scanned", "海报"),
        code(3, 9, "group_joined"), code(3, 10, "order_paid"),
    ]  # fmt: skip
    result = analysis.run("page", shards_of(story(rows, ["channel_code"])), {"by": "channel"})
    assert [[r["channel"], *(r[f"people_{k}"] for k in range(1, 5))] for r in result.rows] == [
        ["台卡", 2, 1, 0, 1],
        ["海报", 1, 0, 1, 0],  # who had ordered before makes no first order
    ]
    assert result.rows[0]["median_seconds_4"] == 86_400.0
    assert "open_window" in {caveat.code for caveat in result.caveats}


def test_an_address_loses_what_is_not_the_page():
    assert without_query("pages/index?scene=3") == "pages/index"
    assert without_query("https://a.cn/x/#top") == "/x/"


def test_no_facts_give_an_empty_answer(shards_of):
    facts = story([], ["page", "channel_code"])
    for params in ({}, {"by": "channel"}, {"group": ["place"]}):
        assert analysis.run("page", shards_of(facts), params).rows == []


def test_many_views_give_what_one_gives(shards_of, monkeypatch):
    from yutang.sequence import executors

    rows = [(1 + i % 97, (i * 7919) % 10**8, "abc"[i % 3], {"place": "京沪深"[i % 3]})
            for i in range(2_000)]  # fmt: skip
    shards = shards_of(story(rows))
    for params in (
        {"view": {"event": "*"}, "page": "place", "idle_minutes": 700, "group": ["place"]},
        {"by": "channel", "channel": "place", "stages": [{"event": "a"}, {"event": "b"}]},
    ):
        whole = analysis.run("page", shards, params)
        with monkeypatch.context() as patch:
            patch.setattr(executors, "_FEWEST_ROWS", 50)
            parts = analysis.run("page", shards, params, executor=executors.Threads(3))
        assert parts.rows == whole.rows
        assert parts.tables == whole.tables


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"page": "nothing"}, "page"),
        ({"page": "amount"}, "page"),
        ({"by": "channel", "channel": "amount"}, "channel"),
        ({"dwell": "place"}, "dwell"),
        ({"stages": [{"event": "a"}]}, "stages"),
        ({"rules": [{"name": "x", "op": "matches", "value": "("}]}, "rules[0]"),
        ({"view": {"event": "a", "filter": {"property": "no"}}}, "view.filter"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    shards = shards_of(story([(1, 0, "a", {"place": "京"})]))
    with pytest.raises(BadInput) as caught:
        analysis.run("page", shards, {"page": "place", **change})
    assert place in str(caught.value)


def test_an_unknown_cell_is_refused(shards_of):
    shards = shards_of(story([(1, 0, "a", {"place": "京"})]))
    for cell in ({"page": "zzz"}, {"stage": 1}, {"group": ["x"]}, {"next": "zzz"}):
        with pytest.raises(BadInput):
            analysis.people("page", shards, {"page": "place", "view": {"event": "a"}}, cell)
    params = {"by": "channel", "channel": "place", "stages": [{"event": "a"}, {"event": "b"}]}
    for cell in ({"channel": "zzz"}, {"stage": 3}, {"page": "京"}):
        with pytest.raises(BadInput):
            analysis.people("page", shards, params, cell)
