"""A first look at a file: header, some rows, what it seems to be, a mapping to start from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from yutang.connectors.order_files.columnar import as_text, open_parquet
from yutang.connectors.order_files.delimited import sniff_head
from yutang.connectors.order_files.headers import find_header, key_of, unique_names
from yutang.connectors.order_files.mapping import FIELD_BY_CODE, Mapping
from yutang.connectors.order_files.names import SYNONYMS
from yutang.connectors.order_files.presets import preset_of, recognise
from yutang.connectors.order_files.raw import LIMITS, Limits, check_columns, check_size
from yutang.connectors.order_files.reading import format_of
from yutang.connectors.order_files.sheets import check_unpacked, sheet_rows, text_of
from yutang.errors import BadInput

# Fields without which an import says little; a page points at those that are not mapped.
WANTED = ("order_id", "created_at", "paid")
_SLASHED = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}")


@dataclass(frozen=True)
class Preview:
    """What the mapping page shows. `mapping` is the recognised preset's, else a suggestion.

    preset: code of the recognised preset or None, with its confidence (0 to 1). missing: fields
    of WANTED that the mapping leaves out.
    """

    name: str
    format: str
    encoding: str | None
    delimiter: str | None
    header_row: int
    header: list[str]
    rows: list[list[str]]
    preset: str | None
    confidence: float
    mapping: Mapping
    missing: tuple[str, ...]


def preview(path: Path | str, limit: int = 20, limits: Limits = LIMITS) -> Preview:
    """Look at the head of a file; raises BadInput as read_table does."""
    path = Path(path)
    check_size(path, limits)
    kind = format_of(path)
    encoding = delimiter = None
    header_row = 1
    if kind == "csv":
        layout = sniff_head(path)
        header, rows = layout.names, layout.head[:limit]
        encoding, delimiter, header_row = layout.encoding, layout.delimiter, layout.header_row
    elif kind == "xlsx":
        check_unpacked(path, limits)
        header, rows, header_row = _sheet_head(path, limit)
    else:
        header, rows = _parquet_head(path, limit)
    check_columns(len(header), limits)
    preset, confidence = recognise(header)
    mapping = preset.mapping(header) if preset else suggest(header, rows)
    return Preview(
        name=path.name,
        format=kind,
        encoding=encoding,
        delimiter=delimiter,
        header_row=header_row,
        header=header,
        rows=[[*row, *[""] * (len(header) - len(row))][: len(header)] for row in rows],
        preset=preset.code if preset else None,
        confidence=confidence,
        mapping=mapping,
        missing=tuple(name for name in WANTED if not _covered(mapping, name)),
    )


def _covered(mapping: Mapping, name: str) -> bool:
    if name == "paid":
        return mapping.has("paid") or mapping.has("item_paid") or mapping.price_times_quantity
    if name == "created_at":
        return mapping.has("created_at") or mapping.has("paid_at")
    return mapping.has(name)


def _sheet_head(path: Path, limit: int) -> tuple[list[str], list[list[str]], int]:
    rows = sheet_rows(path, limit + 40)
    index = find_header(rows)
    if index is None:
        raise BadInput(
            "No header row was found.",
            hint="The first rows must contain the names of the columns.",
            code="no_header",
        )
    body = [[text_of(cell) for cell in row] for row in rows[index + 1 :]][:limit]
    return unique_names(rows[index]), body, index + 1


def _parquet_head(path: Path, limit: int) -> tuple[list[str], list[list[str]]]:
    file = open_parquet(path)
    batch = next(file.iter_batches(batch_size=max(limit, 1)), None)
    head = pa.Table.from_batches([batch]) if batch is not None else file.schema_arrow.empty_table()
    table, _ = as_text(head)
    columns = [column.to_pylist() for column in table.slice(0, limit).columns]
    rows = [[cell or "" for cell in row] for row in zip(*columns, strict=True)]
    return list(table.column_names), rows


def suggest(header: Sequence[str], rows: Iterable[Sequence[str]] = ()) -> Mapping:
    """A mapping by the headers' names; times and amounts are looked at in the sample rows."""
    by_key = {key_of(name): name for name in header}
    columns: dict[str, tuple[str, ...]] = {}
    used: set[str] = set()
    for name, names in SYNONYMS.items():
        found = next((by_key[key_of(s)] for s in names if key_of(s) in by_key), None)
        if found and found not in used:
            columns[name] = (found,)
            used.add(found)
    if "paid_at" not in columns and "created_at" in columns and "status" not in columns:
        # A till or invoice file has one time, and what it lists has been paid.
        columns["paid_at"] = columns["created_at"]
    priced = "paid" not in columns and "item_paid" not in columns
    return Mapping(
        columns=columns,
        price_times_quantity=priced and {"unit_price", "quantity"} <= columns.keys(),
        date_order=_date_order(header, rows, columns),
    )


def _date_order(
    header: Sequence[str], rows: Iterable[Sequence[str]], columns: dict[str, tuple[str, ...]]
) -> Literal["ymd", "mdy", "dmy"]:
    """`ymd` unless sample times begin with small numbers; then by which number passes 12."""
    times = {
        col for name, cols in columns.items() if FIELD_BY_CODE[name].kind == "time" for col in cols
    }
    places = [place for place, name in enumerate(header) if name in times]
    matches = [
        match
        for row in rows
        for place in places
        if place < len(row) and (match := _SLASHED.match(str(row[place]).strip()))
    ]
    if not matches:
        return "ymd"
    return "dmy" if any(int(match[1]) > 12 for match in matches) else "mdy"


def mapping_for(preset: str, header: Iterable[str]) -> Mapping:
    """The mapping of a built-in preset for this header.

    Raises NotFound for an unknown preset, BadInput when the file lacks its order number.
    """
    return preset_of(preset).mapping(header).checked()
