"""Finding one person's values in text and files, and nobody else's."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from yutang.identity import Identity
from yutang.privacy.traces import OVERLAP, READ_BYTES, Traces

PHONE = "13811112222"


def keyed(kind: str, value: str) -> str:
    return hashlib.sha256(f"key:{kind}:{value}".encode()).hexdigest()


def traces(*pairs: tuple[str, str]) -> Traces:
    members = [
        Identity(n, kind, keyed(kind, value) if kind == "phone" else value, value, 1, "test", 0)
        for n, (kind, value) in enumerate(pairs)
    ]
    return Traces(members, keyed, hashed=frozenset({"phone"}))


EVE = traces(
    ("phone", PHONE), ("member_no", "eve-007"), ("tmall_buyer", "夏娃_x"), ("household", "12")
)


@pytest.mark.parametrize(
    "text",
    [PHONE, f"tel:{PHONE},", "+86 138-1111-2222", "8613811112222", '"138 1111 2222"',
     "eve-007", "《eve-007》", "a,eve-007\n", "买家夏娃_x收"],
)  # fmt: skip
def test_a_value_is_found_however_it_is_framed(text: str) -> None:
    assert EVE.in_text(text)


@pytest.mark.parametrize(
    "text",
    ["", "13811112223", f"{PHONE}0", f"0{PHONE}", "eve-0071", "xeve-007", "eve-00", "12", "12345"],
)
def test_what_only_looks_alike_is_not(text: str) -> None:
    assert not EVE.in_text(text)


def test_a_short_value_tells_only_where_a_field_names_it() -> None:
    assert EVE.in_record('{"event": "", "identities": {"household": "12"}}')
    assert EVE.in_record('{"event": "", "identities": {"household": 12}}')
    assert not EVE.in_record('{"quantity": "12"}')
    assert not EVE.in_record('{"event": "", "identities": {"openid": "12"}}')


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (None, False),
        ("", False),
        ("torn { eve-007", True),
        ("[1, 2]", False),
        ('{"identities": {"phone": "+86 138 1111 2222"}}', True),
        ('{"identities": ["eve-007"]}', True),
        ('{"姓名": "x", "会员": "eve-007"}', True),
    ],
)
def test_a_quarantined_record(record: str | None, found: bool) -> None:
    assert EVE.in_record(record) is found


def test_a_phone_is_recognised_by_its_hash_alone() -> None:
    nobody = traces(("member_no", "m1"))
    assert not nobody.in_text(PHONE)


def test_odd_characters_are_found_in_every_spelling() -> None:
    odd = traces(("openid", 'a"b\\c&夏d'))
    for text in ('a"b\\c&夏d', '"a\\"b\\\\c&夏d"', '"a\\"b\\\\c&\\u590fd"', 'x,"a""b\\c&夏d"'):
        assert odd.in_text(text), text
    assert odd.in_text("<t>a&quot;b\\c&amp;夏d</t>")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_files(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("订单,买家\n1,夏娃_x\n", encoding=encoding)
    assert EVE.in_file(file)
    file.write_text("订单,买家\n1,亚当_x\n", encoding=encoding)
    assert not EVE.in_file(file)


def test_a_value_across_two_reads(tmp_path: Path) -> None:
    file = tmp_path / "long"
    file.write_bytes(b"x " * (READ_BYTES // 2 - 2) + b" eve-007 " + b"y " * OVERLAP)
    assert file.read_bytes()[:READ_BYTES].count(b"eve-007") == 0
    assert EVE.in_file(file)


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (["eve-007", "x"], True),
        (["x", None], False),
        ([13811112222, 1], True),
        ([[PHONE], []], True),
        ([1.5, 2.5], False),
    ],
)
def test_parquet_files(column: list[object], found: bool, tmp_path: Path) -> None:
    pq.write_table(pa.table({"c": column}), tmp_path / "f.parquet")
    assert EVE.in_file(tmp_path / "f.parquet") is found


@pytest.mark.parametrize(("cell", "found"), [("eve-007", True), (13811112222, True), ("x", False)])
def test_spreadsheets(cell: object, found: bool, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "f.xlsx") as book:
        book.add_worksheet().write(0, 0, cell)
    assert EVE.in_file(tmp_path / "f.xlsx") is found
