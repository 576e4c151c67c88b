"""One DuckDB session per file, and its first table: `cells`, the tidied text of mapped fields.

`cells` has one row per source row: `row` (as a spreadsheet shows it), `ord` (place in the raw
table), `part` of `parts` (see joined), and a text column per field; money and number fields keep
one column per source (`paid__0`, `paid__1`), since those are added up. A file whose ids a
spreadsheet has destroyed is refused here.
"""

from __future__ import annotations

import tempfile
import zoneinfo
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from yutang.connectors.order_files.cells import macros, quoted
from yutang.connectors.order_files.headers import key_of
from yutang.connectors.order_files.mapping import FIELD_BY_CODE, MONEY_OF_RECORD, Mapping
from yutang.connectors.order_files.raw import RawFile
from yutang.errors import BadInput

# Ids longer than a spreadsheet's 15 digits whose tails are all zeros, this many zeros in all,
# were rounded by it: by chance that happens once in 10^8 files.
ROUNDED_ZEROS = 8


@dataclass(frozen=True)
class Check:
    """One reason to set a row aside: an SQL condition and the column to blame."""

    condition: str
    column: str | None
    reason: str
    value: str


@dataclass
class Session:
    """A conversion under way: the connection, the mapping, and what was found out so far.

    sources: field -> headers that the file has. key: columns that identify an order in the file;
    fixed: platform and shop where no column gives them.
    """

    con: duckdb.DuckDBPyConnection
    raw: RawFile
    mapping: Mapping
    sources: dict[str, list[str]]
    missing_columns: tuple[str, ...] = ()
    key: list[str] = field(default_factory=lambda: ["order_id"])
    fixed: dict[str, str] = field(default_factory=dict)
    shop_source: str = "file"
    checks: list[Check] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    unknown_statuses: dict[str, int] = field(default_factory=dict)

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Execute a statement to its end."""
        return self.con.execute(sql).fetchall()

    def table(self, sql: str) -> pa.Table:
        """The result of a query as an Arrow table."""
        return self.con.sql(sql).to_arrow_table()

    def one(self, sql: str) -> tuple[Any, ...]:
        """The first row of a query that always has one."""
        return self.run(sql)[0]

    def has(self, name: str) -> bool:
        """Whether the file has a column for this field."""
        return name in self.sources


def open_session(raw: RawFile, mapping: Mapping, zone: str) -> Session:
    """A session with the macros and the mapped columns of the file; refuses destroyed ids."""
    mapping.checked()
    zone = mapping.zone or zone
    if zone not in zoneinfo.available_timezones():
        raise BadInput("There is no time zone %(zone)s.", code="bad_zone", zone=zone)
    present = {key_of(name): name for name in raw.header}
    sources = {
        name: [present[key_of(col)] for col in columns if key_of(col) in present]
        for name, columns in mapping.columns.items()
    }
    missing = tuple(
        col for columns in mapping.columns.values() for col in columns if key_of(col) not in present
    )
    _require(mapping, sources)
    con = duckdb.connect(
        config={
            # The default would be a folder in the working directory.
            "temp_directory": tempfile.gettempdir(),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
        }
    )
    con.execute("SET TimeZone = 'UTC'")
    for statement in macros(zone, mapping.date_order):
        con.execute(statement)
    kept = {name: cols for name, cols in sources.items() if cols}
    return Session(con, raw, mapping, kept, missing)


def _require(mapping: Mapping, sources: dict[str, list[str]]) -> None:
    for name in ("order_id", *MONEY_OF_RECORD):
        if mapping.has(name) and not sources[name]:
            raise BadInput(
                "The column %(column)s, mapped as %(field)s, is not in the file.",
                hint="Choose another mapping, or map that field to a column of this file.",
                code="missing_column",
                column=" / ".join(mapping.columns[name]),
                field=FIELD_BY_CODE[name].en,
            )


def load_cells(session: Session) -> None:
    """Register the mapped columns as `raw` and make the table `cells`."""
    names = list(dict.fromkeys(col for cols in session.sources.values() for col in cols))
    alias = {name: f"c{index}" for index, name in enumerate(names)}
    table = session.raw.table.select(names).rename_columns(list(alias.values()))
    table = table.append_column("_row", session.raw.source_row)
    table = table.append_column("_ord", pa.array(np.arange(table.num_rows, dtype=np.int64)))
    session.con.register("raw", table)
    untidy = _inspect(session, alias)
    tidied = [
        f"{'yt_tidy' if col in untidy else 'yt_plain'}({short}) AS {short}"
        for col, short in alias.items()
    ]
    columns = [text for name in session.sources for text in _field_columns(session, name, alias)]
    session.run(
        f"""CREATE TABLE cells AS SELECT row, ord, 1 AS part, 1 AS parts, {", ".join(columns)}
        FROM (SELECT _row AS row, _ord AS ord, {", ".join(tidied)} FROM raw)"""
    )
    _refuse_rounded(session)


def _field_columns(session: Session, name: str, alias: dict[str, str]) -> list[str]:
    """SQL of a field's text columns: one per source for what is added up, else one in all."""
    kind = FIELD_BY_CODE[name].kind
    texts = [alias[col] for col in session.sources[name]]
    if kind in ("money", "number"):
        return [f"{text} AS {name}__{k}" for k, text in enumerate(texts)]
    if kind in ("id", "phone"):
        texts = [f"yt_id({text})" for text in texts]
    for word in session.mapping.blanks.get(name, ()):
        texts = [f"nullif({text}, {quoted(word)})" for text in texts]
    text = f"coalesce({', '.join(texts)})"
    prefix = session.mapping.prefixes.get(name)
    return [f"{quoted(prefix)} || {text} AS {name}" if prefix else f"{text} AS {name}"]


def _inspect(session: Session, alias: dict[str, str]) -> set[str]:
    """The columns that need tidying; raises BadInput at an id a spreadsheet has destroyed."""
    ids = {
        col
        for name, cols in session.sources.items()
        for col in cols
        if FIELD_BY_CODE[name].kind in ("id", "phone")
    }
    parts = [f"coalesce(bool_or(yt_untidy({short})), false)" for short in alias.values()]
    tests = [
        f"min(CASE WHEN yt_destroyed({short}) THEN _row END)" if col in ids else "NULL"
        for col, short in alias.items()
    ]
    found = session.one(f"SELECT {', '.join([*parts, *tests])} FROM raw")
    untidy, destroyed = found[: len(alias)], found[len(alias) :]
    for (col, short), row in zip(alias.items(), destroyed, strict=True):
        if row is not None:
            (value,) = session.one(f"SELECT {short} FROM raw WHERE _row = {row}")
            _refuse(col, row, value)
    return {col for col, flag in zip(alias, untidy, strict=True) if flag}


def _refuse_rounded(session: Session) -> None:
    """Refuse order numbers that lost their last digits without showing it."""
    for name in ("order_id", "line_id"):
        if not session.has(name):
            continue
        ids, zeros, tails, row, value = session.one(
            f"""SELECT count(*), sum(length(x) - 15), bool_and(regexp_matches(x[16:], '^0+$')),
                min(row), min(x) FROM (SELECT {name} AS x, min(row) AS row FROM cells
                WHERE length({name}) > 15 AND regexp_matches({name}, '^[0-9]+$') GROUP BY 1)"""
        )
        if ids > 1 and tails and zeros >= ROUNDED_ZEROS:
            _refuse(session.sources[name][0], row, value)


def _refuse(column: str, row: int, value: str) -> None:
    raise BadInput(
        "Excel has destroyed the ids in column %(column)s: row %(row)s reads %(value)s.",
        hint="Export the file again as CSV and upload it without opening it in Excel, "
        "or set the column to text before opening.",
        code="destroyed_ids",
        column=column,
        row=row,
        value=value,
    )
