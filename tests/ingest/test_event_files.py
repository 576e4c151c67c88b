"""Event files: both forms say the same; what does not fit is set aside with its reason."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.small_brand import NOW, START, SmallBrand, open_brand_at
from yutang.errors import BadInput
from yutang.ingest import names
from yutang.ingest.event_files import read_chunks
from yutang.installation import Installation
from yutang.kit.clock import parse_time
from yutang.state.brand import identities, quarantine

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8
)
TIMES = st.integers(START, START + 10_000_000_000)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "depth": st.integers(-1000, 1000),
        "price": st.floats(allow_nan=False, allow_infinity=False, width=32),
        "page": TEXT,
        "seen": st.booleans(),
        "tags": st.lists(TEXT, max_size=3),
    },
)
IDENTITIES = st.fixed_dictionaries(
    {}, optional={"member_no": st.sampled_from(["a", "b", " "]), "openid": TEXT}
)
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "event": st.sampled_from(["page_viewed", "cart_added", " spaced "]),
            "time": TIMES,
            "identities": IDENTITIES,
            "properties": PROPERTIES,
        },
        optional={"message_id": st.sampled_from(["1", "2", ""])},
    ),
    min_size=1,
    max_size=8,
)
COLUMNS = {
    "depth": pa.int64(),
    "price": pa.float64(),
    "page": pa.string(),
    "seen": pa.bool_(),
    "tags": pa.list_(pa.string()),
}


def write_lines(path: Path, lines: list[Any]) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


def write_columns(path: Path, lines: list[dict[str, Any]]) -> Path:
    table = {
        "event": pa.array([line["event"] for line in lines]),
        "time": pa.array([line["time"] for line in lines], pa.timestamp("ms", "UTC")),
        "message_id": pa.array([line.get("message_id") for line in lines], pa.string()),
    }
    for kind in ("member_no", "openid"):
        values = [line["identities"].get(kind) for line in lines]
        table[f"identity.{kind}"] = pa.array(values, pa.string())
    for name, type_ in COLUMNS.items():
        values = [line["properties"].get(name) for line in lines]
        table[f"property.{name}"] = pa.array(values, type_)
    pq.write_table(pa.table(table), path)
    return path


def facts(brand: SmallBrand) -> list[dict[str, Any]]:
    """Rows in order of arrival, with the identity instead of its number."""
    dataset = brand.workspace.lake.dataset("events")
    rows = dataset.to_table().to_pylist() if dataset else []
    rows.sort(key=lambda row: row["arrival"])
    with brand.workspace.db.read() as connection:
        query = select(identities.c.id, identities.c.kind, identities.c.value)
        label = {id_: (kind, value) for id_, kind, value in connection.execute(query)}
    named = [{**row, "identity": label[row["identity"]]} for row in rows]
    return [{k: v for k, v in row.items() if v is not None} for row in named]


def set_aside(brand: SmallBrand) -> list[tuple[int, str | None, str]]:
    with brand.workspace.db.read() as connection:
        query = select(quarantine.c.row, quarantine.c.column, quarantine.c.reason)
        return [tuple(row) for row in connection.execute(query.order_by(quarantine.c.row))]


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(lines=LINES)
def test_lines_and_columns_give_the_same_facts(lines: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = open_brand_at(folder / "one")
        first = one.take("events", write_lines(folder / "e.ndjson", lines))
        other = open_brand_at(folder / "other")
        second = other.take("events", write_columns(folder / "e.parquet", lines))
        assert facts(one) == facts(other)
        assert set_aside(one) == set_aside(other)
        assert first.result == second.result
        # ... and each knows the other's file already.
        assert first.result is not None
        again = one.take("events", folder / "e.parquet")
        assert again.result is not None
        assert again.result["events"] == 0
        known = first.result["events"] + first.result["duplicates"]
        reused = sum(1 for *_, reason in set_aside(one) if reason == "id_reused")
        assert again.result["duplicates"] == known
        assert reused == 2 * sum(1 for *_, reason in set_aside(other) if reason == "id_reused")


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        (START, START),
        (START // 1000, START // 1000 * 1000),
        (1_700_000_000.25, 1_700_000_000_250),
        (str(START), START),
        ("2024-05-01T08:00:00+08:00", 1_714_521_600_000),
        ("2024-05-01T00:00:00Z", 1_714_521_600_000),
        ("2024-05-01 00:00:00", 1_714_521_600_000),
        ("2024-05-01", 1_714_521_600_000),
        (datetime(2024, 5, 1, 8, tzinfo=timezone(timedelta(hours=8))), 1_714_521_600_000),
        ("05/01/2024", None),
        ("soon", None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e30, None),
        ({}, None),
    ],
)
def test_times(value: object, ms: int | None) -> None:
    assert parse_time(value) == ms


@given(at=st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 31), timezones=st.just(UTC)))
def test_a_time_means_the_same_in_every_spelling(at: datetime) -> None:
    ms = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)
    shanghai = at.astimezone(timezone(timedelta(hours=8)))
    assert parse_time(at.isoformat()) == parse_time(shanghai.isoformat()) == ms
    assert parse_time(at.isoformat().replace("+00:00", "Z")) == ms


BAD = [
    ("garbage", None, "malformed_json"),
    ("[1]", None, "malformed_json"),
    ('{"time":1}', "event", "missing_event_name"),
    ('{"event":"x"}', "time", "missing_time"),
    ('{"event":"x","time":"soon"}', "time", "unreadable_time"),
    ('{"event":"x","time":9e14}', "time", "time_out_of_range"),
    ('{"event":"x","time":"1931-01-01"}', "time", "time_out_of_range"),
    ('{"event":"x","time":1700000000000}', "identities", "missing_identity"),
    ('{"event":"x","time":1700000000000,"identities":{"phone":""}}', "identities",
     "missing_identity"),
    ('{"event":"x","time":1700000000000,"identities":{"phone":"138****1234"}}', "identities",
     "missing_identity"),
    ('{"event":"x","time":1700000000000,"identities":{"My Id":"1"}}', "identities",
     "unknown_identity_kind"),
    ('{"event":"x","time":1700000000000,"identities":{"m":"1"},"properties":[1]}', "properties",
     "malformed_json"),
]  # fmt: skip


def test_a_line_that_is_no_event_says_why_and_keeps_what_it_was(tmp_path: Path) -> None:
    good = '{"event":"x","time":1700000000000,"identities":{"m":"1"}}'
    file = tmp_path / "e.ndjson"
    file.write_text("\n".join([good, *(line for line, _, _ in BAD), "", good.replace("1}", "2}")]))
    brand = open_brand_at(tmp_path / "home")
    result = brand.take("events", file).result
    assert result is not None
    assert (result["events"], result["quarantined"]) == (1, len(BAD))
    expected = [(row, column, reason) for row, (_, column, reason) in enumerate(BAD, start=2)]
    assert set_aside(brand) == expected
    with brand.workspace.db.read() as connection:
        records = connection.execute(select(quarantine.c.record)).scalars().all()
    assert all(records)


@pytest.mark.parametrize(
    ("type_", "fits", "misfit", "reason"),
    [
        (1, [2.5, -3], "1", "value_misfit"),
        (1, [2**53], 2**53 + 1, "too_large"),
        (1, [0], 10**400, "too_large"),
        ("a", ["b"], 1, "value_misfit"),
        (True, [False], "yes", "value_misfit"),
        (["a"], [["b", "c"], []], ["b", 1], "value_misfit"),
        (1, [2], {"a": 1}, "value_misfit"),
    ],
)
def test_a_value_of_another_type_is_kept_beside_its_event(
    tmp_path: Path, type_: Any, fits: list[Any], misfit: Any, reason: str
) -> None:
    lines = [
        {"event": "x", "time": START + i, "identities": {"m": "1"}, "properties": {"Prop": value}}
        for i, value in enumerate([type_, *fits, misfit])
    ]
    file = tmp_path / "e.ndjson"
    file.write_text("\n".join(map(json.dumps, lines)))
    brand = open_brand_at(tmp_path / "home")
    brand.take("events", file)
    stored = facts(brand)
    assert [row.get("p_prop") for row in stored] == [type_, *fits, None]
    assert set_aside(brand) == [(len(lines), "Prop", reason)]


def test_a_time_property_takes_times_in_any_spelling(tmp_path: Path) -> None:
    born = pa.array([datetime(2000, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    columns = {"event": ["x"], "time": [START], "identity.m": ["1"], "property.born": born}
    pq.write_table(pa.table(columns), tmp_path / "e.parquet")
    brand = open_brand_at(tmp_path / "home")
    brand.take("events", tmp_path / "e.parquet")
    lines = [
        {"event": "y", "time": START, "identities": {"m": "1"}, "properties": {"born": value}}
        for value in ("2000-01-01T08:00:00+08:00", 946_684_800_000, "long ago")
    ]
    brand.take("events", write_lines(tmp_path / "e.ndjson", lines))
    assert [row.get("p_born") for row in facts(brand)] == [946_684_800_000] * 3 + [None]


def test_the_same_batch_a_month_later_adds_nothing(tmp_path: Path) -> None:
    clock = Turning(NOW)
    installation = Installation.create(tmp_path / "home")
    brand = SmallBrand(installation.workspace(installation.add_brand("main", "x"), clock))
    lines = [
        {"event": "x", "time": START + i // 2, "identities": {"m": str(i % 3)}} for i in range(20)
    ]
    file = write_lines(tmp_path / "e.ndjson", lines)
    first = brand.take("events", file).result
    before = facts(brand)
    clock.now += 31 * 86_400_000
    second = brand.take("events", file).result
    assert first is not None
    assert second is not None
    assert second["events"] == 0
    assert second["duplicates"] == first["events"] + first["duplicates"] == 20
    assert facts(brand) == before
    with brand.workspace.db.read() as connection:
        assert [(one.name, one.events) for one in names(connection)] == [("x", first["events"])]


class Turning:
    """A clock that a test turns."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"time": [1], "identity.m": ["1"]}, "event"),
        ({"event": ["x"], "identity.m": ["1"]}, "time"),
        ({"event": ["x"], "time": [1]}, "identity"),
        ({"event": ["x"], "time": [1], "identity.My Id": ["1"]}, "My Id"),
    ],
)
def test_a_parquet_file_of_something_else_is_refused(
    tmp_path: Path, columns: dict[str, Any], word: str
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "e.parquet")
    with pytest.raises(BadInput, match=word):
        list(read_chunks(tmp_path / "e.parquet"))


def test_long_lines_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yutang.ingest.event_files.LINE_LIMIT", 200)
    good = {"event": "x", "time": START, "identities": {"m": "1"}}
    file = write_lines(tmp_path / "e.ndjson", [good, good | {"properties": {"a": "b" * 900}}, good])
    (chunk,) = read_chunks(file)
    assert chunk.row.to_pylist() == [1, 3]
    assert [(one.row, one.reason) for one in chunk.misfits] == [(2, "too_large")]


def sent(message: str, **properties: Any) -> dict[str, Any]:
    return {
        "event": "paid", "time": START, "identities": {"member_no": "a"},
        "properties": properties, "message_id": message,
    }  # fmt: skip


def test_an_id_that_comes_with_other_content_is_set_aside(tmp_path: Path) -> None:
    brand = open_brand_at(tmp_path / "home")
    first = [sent("1", fen=5), sent("1", fen=5.0), sent("1", fen=6), sent("2", fen="5")]
    brand.take("events", write_lines(tmp_path / "a.ndjson", first))
    assert set_aside(brand)[0] == (3, "message_id", "id_reused")
    later = [sent("1", fen=5), sent("1"), sent("2", fen=5), sent("3", fen=[1])]
    took = brand.take("events", write_lines(tmp_path / "b.ndjson", later))
    assert took.result is not None
    assert (took.result["events"], took.result["duplicates"]) == (1, 1)
    reused = [row for row, _, reason in set_aside(brand) if reason == "id_reused"]
    assert reused == [2, 3, 3]
    with brand.workspace.db.read() as connection:
        query = select(quarantine.c.record).where(quarantine.c.reason == "id_reused")
        records = [json.loads(row[0]) for row in connection.execute(query)]
    assert {record["properties"].get("fen") for record in records} == {6, None, 5}


def test_a_file_without_any_json_is_refused_whole(tmp_path: Path) -> None:
    brand = open_brand_at(tmp_path / "home")
    (tmp_path / "e.parquet").write_bytes(bytes(range(256)) * 9)
    took = brand.take("events", tmp_path / "e.parquet")
    assert took.status == "failed"
    assert took.error is not None
    assert "no line of JSON" in took.error["message"]
    assert set_aside(brand) == []


def test_the_same_file_again_sets_nothing_aside_again(tmp_path: Path) -> None:
    brand = open_brand_at(tmp_path / "home")
    path = write_lines(tmp_path / "e.ndjson", [sent("1"), {"event": "x"}, ["no object"]])
    brand.take("events", path)
    first = set_aside(brand)
    assert len(first) == 2
    again = brand.take("events", path)
    assert again.result is not None
    assert again.result["quarantined"] == 2
    assert set_aside(brand) == first
