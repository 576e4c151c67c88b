"""Cells that join several items: one row per item instead."""

from __future__ import annotations

from yutang.connectors.order_files.cells import quoted
from yutang.connectors.order_files.mapping import FIELD_BY_CODE, ITEM_FIELDS
from yutang.connectors.order_files.session import Session


def split_joined(session: Session) -> None:
    """Turn rows whose cells join several items into one row per item.

    A cell is split where the parts are as many as the file's count of items, or, in a file
    without such a count, where at least two item cells split into equally many parts.
    """
    names = [name for name in ITEM_FIELDS if session.has(name) and name != "line_id"]
    lead = "title" if session.has("title") else (names[0] if names else "")
    if not session.mapping.separators or not lead:
        return
    lines = _line_columns(session)
    split = " ".join(
        f"WHEN {_splits(session, lead, sep, lines)} THEN {quoted(sep)}"
        for sep in session.mapping.separators
    )
    session.run(
        f"CREATE TABLE joined AS SELECT * FROM (SELECT *, CASE {split} END AS sep FROM cells) "
        "WHERE sep IS NOT NULL"
    )
    (found,) = session.one("SELECT count(*) FROM joined")
    session.counts["joined_rows"] = found
    if not found:
        return
    session.run("DELETE FROM cells WHERE ord IN (SELECT ord FROM joined)")
    values = ", ".join(f"{_part(name, lead)} AS {name}" for name in lines)
    session.run(
        f"""INSERT INTO cells BY NAME
        SELECT * EXCLUDE (sep) REPLACE ({values}) FROM (
            SELECT * EXCLUDE (part) REPLACE (len({_list(lead)}) AS parts),
                unnest(range(1, len({_list(lead)}) + 1))::INTEGER AS part FROM joined)"""
    )


def _line_columns(session: Session) -> list[str]:
    columns = []
    for name in session.sources:
        entry = FIELD_BY_CODE[name]
        if entry.level != "line" or name == "item_count":
            continue
        money = entry.kind in ("money", "number")
        columns += [f"{name}__{k}" for k in range(len(session.sources[name]))] if money else [name]
    return columns


def _list(column: str, sep: str = "sep") -> str:
    """SQL for the parts of a cell; a separator at its end joins nothing."""
    bare = f"CASE WHEN ends_with({column}, {sep}) THEN {column}[:-2] ELSE {column} END"
    return f"string_split({bare}, {sep})"


def _splits(session: Session, lead: str, sep: str, lines: list[str]) -> str:
    count = f"len({_list(lead, quoted(sep))})"
    others = [
        f"coalesce((len({_list(name, quoted(sep))}) = {count})::INT, 0)"
        for name in lines
        if name != lead
    ]
    agree = f"{' + '.join(others)} >= 1" if others else "false"
    if session.has("item_count"):
        agree = (
            f"CASE WHEN item_count__0 IS NULL THEN {agree} "
            f"ELSE try_cast(yt_number(item_count__0) AS BIGINT) = {count} END"
        )
    return f"(contains({lead}, {quoted(sep)}) AND {count} > 1 AND {agree})"


def _part(name: str, lead: str) -> str:
    """SQL for an item's share of a cell: its part, or nothing where the cell is not joined."""
    base = name.split("__")[0]
    whole = name if base in ("category", "brand", "refund_status") else "NULL"
    if base == "line_id":
        whole = "line_id || '#' || part"
    return (
        f"CASE WHEN len({_list(name)}) = parts THEN yt_plain(yt_trim({_list(name)}[part])) "
        f"ELSE {whole} END"
    )
