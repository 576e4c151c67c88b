"""CSV and TSV files: encoding, delimiter, header row, then Arrow's reader for the body."""

from __future__ import annotations

import codecs
import csv
import io
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from yutang.connectors.order_files.headers import (
    HEADER_SEARCH_ROWS,
    find_header,
    key_of,
    normalise,
    unique_names,
)
from yutang.connectors.order_files.names import KNOWN_KEYS
from yutang.connectors.order_files.raw import (
    Limits,
    RawFile,
    check_columns,
    clean_rows,
    clip,
    error_table,
    is_total,
    record_json,
)
from yutang.errors import BadInput

HEAD_BYTES = 1 << 18
CHUNK = 1 << 20
# Damaged characters beyond this share of the head mean that the encoding guess is wrong.
MAX_DAMAGED_SHARE = 0.01
DELIMITERS = (",", "\t", ";", "|")
# Rows kept word for word among the errors; a file with more is not a table of one shape.
MAX_MALFORMED = 10_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Layout:
    """How a text file is laid out. `data_offset`: byte of its UTF-8 form where the body begins."""

    encoding: str
    delimiter: str
    names: list[str]
    header_row: int
    data_offset: int
    head: list[list[str]] = field(default_factory=list)


def detect_encoding(path: Path) -> tuple[str, int]:
    """Encoding and length of the byte-order mark: BOM, then strict UTF-8, else GB18030."""
    with path.open("rb") as file:
        start = file.read(4)
        for mark, name in _BOMS:
            if start.startswith(mark):
                return name, len(mark)
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(CHUNK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030", 0
    return "utf-8", 0


def read_delimited(path: Path, limits: Limits) -> RawFile:
    """Read a whole CSV/TSV file; raises BadInput when it is not one."""
    encoding, mark = detect_encoding(path)
    with _as_utf8(path, encoding, mark) as (utf8, start):
        layout = sniff(utf8, start, encoding)
        check_columns(len(layout.names), limits)
        problems = _Malformed(layout)
        table, rows = _read_body(utf8, layout, problems)
    table, source_row, damaged, dropped = clean_rows(table, rows, limits)
    dropped["empty"] += problems.empty
    dropped["total"] += problems.total
    table = _without_padding(table)
    return RawFile(
        table=table,
        source_row=source_row,
        errors=pa.concat_tables([error_table(problems.errors), damaged]).sort_by("row"),
        format="csv",
        header_row=layout.header_row,
        encoding=encoding,
        delimiter=layout.delimiter,
        dropped=dropped,
    )


def sniff_head(path: Path) -> Layout:
    """The layout from the first bytes only, for previews; the encoding may be a guess."""
    with path.open("rb") as file:
        data = file.read(HEAD_BYTES)
    encoding, mark = "utf-8", 0
    for bom, name in _BOMS:
        if data.startswith(bom):
            encoding, mark = name, len(bom)
    if not mark:
        try:
            codecs.getincrementaldecoder("utf-8")().decode(data)
        except UnicodeDecodeError:
            encoding = "gb18030"
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data[mark:])
    return _layout(text, encoding, complete=len(data) < HEAD_BYTES)


@contextmanager
def _as_utf8(path: Path, encoding: str, mark: int) -> Iterator[tuple[Path, int]]:
    """The file itself when it is UTF-8, else a transcoded temporary file; with its start byte."""
    if encoding == "utf-8":
        yield path, mark
        return
    handle, name = tempfile.mkstemp(prefix="yutang-", suffix=".csv")
    try:
        with os.fdopen(handle, "wb") as out, path.open("rb") as file:
            file.seek(mark)
            # A damaged character costs its row (U+FFFD is looked for later), not the file.
            decoder = codecs.getincrementaldecoder(encoding)("replace")
            while block := file.read(CHUNK):
                out.write(decoder.decode(block).encode())
            out.write(decoder.decode(b"", final=True).encode())
        yield Path(name), 0
    finally:
        os.unlink(name)


def sniff(path: Path, start: int, encoding: str) -> Layout:
    """Delimiter, header and start of the body of a UTF-8 file, from its head."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(HEAD_BYTES)
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
    layout = _layout(text, encoding, complete=len(data) < HEAD_BYTES)
    return Layout(
        encoding,
        layout.delimiter,
        layout.names,
        layout.header_row,
        start + layout.data_offset,
        layout.head,
    )


def _layout(text: str, encoding: str, *, complete: bool) -> Layout:
    damaged = text.count("\ufffd")
    if "\0" in text or damaged > max(2, len(text) * MAX_DAMAGED_SHARE):
        raise BadInput(
            "The text of this file cannot be decoded.",
            hint="Save it as CSV in UTF-8, or as XLSX, and upload it again.",
            code="unreadable_encoding",
        )
    best: tuple[tuple[float, ...], str, list[list[str]], list[int], int] | None = None
    for delimiter in DELIMITERS:
        records, ends = _records(text, delimiter, complete=complete)
        index = find_header(records)
        if index is None:
            continue
        score = _fit(records, index)
        if best is None or score > best[0]:
            best = (score, delimiter, records, ends, index)
    if best is None:
        raise BadInput(
            "No header row was found.",
            hint="The first rows must contain the names of the columns.",
            code="no_header",
        )
    _, delimiter, records, ends, index = best
    names = unique_names(_padded(records, index))
    return Layout(encoding, delimiter, names, index + 1, ends[index], records[index + 1 :])


def _fit(records: list[list[str]], index: int) -> tuple[float, ...]:
    """How well a delimiter fits: known headers, more than one column, rows as wide as it, width."""
    header, body = records[index], records[index + 1 :]
    names = {key_of(cell) for cell in header if cell.strip()}
    agree = sum(1 for record in body if len(record) == len(header)) / max(len(body), 1)
    return len(names & KNOWN_KEYS), len(names) > 1, agree, len(names)


def _padded(records: list[list[str]], index: int) -> list[str]:
    """The header with a blank name for each cell that all rows have beyond it (`a,b,` exports)."""
    header = records[index]
    widths = Counter(len(record) for record in records[index + 1 :] if any(record))
    usual = widths.most_common(1)[0][0] if widths else len(header)
    extra = usual - len(header)
    spare = [record[len(header) :] for record in records[index + 1 :] if len(record) == usual]
    if extra > 0 and not any(cell.strip() for cells in spare for cell in cells):
        return [*header, *[""] * extra]
    return header


def _records(text: str, delimiter: str, *, complete: bool) -> tuple[list[list[str]], list[int]]:
    """The first records of the text, and the byte offset (UTF-8) after each."""
    lines = io.StringIO(text, newline="").readlines()
    offsets = np.cumsum([0, *[len(line.encode()) for line in lines]])
    reader = csv.reader(iter(lines), delimiter=delimiter)
    records: list[list[str]] = []
    ends: list[int] = []
    try:
        for record in reader:
            if reader.line_num == len(lines) and not complete:
                break
            records.append(record)
            ends.append(int(offsets[reader.line_num]))
            if len(records) >= HEADER_SEARCH_ROWS + 50:
                break
    except csv.Error:
        # A field beyond the csv module's limit: what was read so far is enough to judge by.
        pass
    return records, ends


def _read_body(path: Path, layout: Layout, problems: _Malformed) -> tuple[pa.Table, pa.Array]:
    """Body as text with source rows; rows of another width go to `problems`."""
    names = layout.names
    options = {
        "read_options": pa_csv.ReadOptions(
            use_threads=False, column_names=names, block_size=1 << 22
        ),
        "parse_options": pa_csv.ParseOptions(
            delimiter=layout.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=problems.handle,
        ),
        "convert_options": pa_csv.ConvertOptions(
            check_utf8=False,
            strings_can_be_null=False,
            column_types=dict.fromkeys(names, pa.string()),
        ),
    }
    if path.stat().st_size <= layout.data_offset:
        empty = pa.table({name: pa.array([], pa.string()) for name in names})
        return empty, pa.array([], pa.int64())
    with pa.OSFile(str(path)) as file:
        file.seek(layout.data_offset)
        try:
            table = pa_csv.read_csv(file, **options)
        except pa.ArrowInvalid as error:
            raise BadInput(
                "The table cannot be read: %(detail)s",
                hint="Check for an unclosed quote, or save the file as XLSX and upload that.",
                code="malformed_table",
                detail=str(error),
            ) from error
    numbers = np.arange(1, table.num_rows + len(problems.skipped) + 1, dtype=np.int64)
    if problems.skipped:
        numbers = np.delete(numbers, np.asarray(problems.skipped, dtype=np.int64) - 1)
    numbers += layout.header_row
    source_row = pa.array(numbers)
    if problems.repaired:
        table, source_row = _with_repaired(table, source_row, problems.repaired)
    return table, source_row


def _with_repaired(
    table: pa.Table, source_row: pa.Array, repaired: list[tuple[int, list[str]]]
) -> tuple[pa.Table, pa.Array]:
    """Put rows whose surplus cells were blank back in their places."""
    extra = pa.table(
        {name: pa.array([cells[i] for _, cells in repaired], pa.string())
         for i, name in enumerate(table.column_names)}
    )  # fmt: skip
    rows = np.concatenate([source_row.to_numpy(), [number for number, _ in repaired]])
    order = np.argsort(rows, kind="stable")
    return pa.concat_tables([table, extra]).take(pa.array(order)), pa.array(rows[order])


def _without_padding(table: pa.Table) -> pa.Table:
    """Drop unnamed columns that hold nothing."""
    unnamed = [
        name
        for index, name in enumerate(table.column_names, start=1)
        if name == f"column_{index}" and not any(map(len, table[name].unique().to_pylist()))
    ]
    return table.drop_columns(unnamed) if unnamed else table


class _Malformed:
    """Collects the rows whose width is not the header's. Arrow calls `handle` for each."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.skipped: list[int] = []
        self.repaired: list[tuple[int, list[str]]] = []
        self.errors: list[dict[str, object]] = []
        self.empty = 0
        self.total = 0

    def handle(self, row: pa_csv.InvalidRow) -> str:
        names = self.layout.names
        self.skipped.append(row.number)
        number = row.number + self.layout.header_row
        cells = next(csv.reader(io.StringIO(row.text), delimiter=self.layout.delimiter), [])
        first = next((normalise(cell) for cell in cells if normalise(cell)), "")
        if not first:
            self.empty += 1
        elif is_total(pa.chunked_array([[first]]))[0].as_py():
            self.total += 1
        elif len(cells) > len(names) and not any(cell.strip() for cell in cells[len(names) :]):
            self.repaired.append((number, cells[: len(names)]))
        elif len(self.errors) >= MAX_MALFORMED:
            raise BadInput(
                "More than %(limit)s rows have another number of cells than the header.",
                hint="Check the delimiter and the quotes, or save the file as XLSX.",
                code="malformed_table",
                limit=MAX_MALFORMED,
            )
        else:
            self.errors.append(
                {
                    "row": number,
                    "reason": "malformed_row",
                    "value": clip(row.text),
                    "record": record_json(names, [clip(cell) for cell in cells]),
                }
            )
        return "skip"
