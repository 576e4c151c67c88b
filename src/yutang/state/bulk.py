"""Many rows at once, without a dictionary per row: for identities, links, quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, Table


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert tuples in the order of `columns`. (Measured: four times as fast as dictionaries.)"""
    if not rows:
        return
    for name in columns:
        assert name in table.c, name
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join([mark] * len(columns))
    connection.exec_driver_sql(
        f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', [tuple(row) for row in rows]
    )


def integers(connection: Connection, query: Select[Any]) -> np.ndarray:
    """The result of a query of whole numbers as an int64 array (rows × columns)."""
    result = connection.execute(query)
    width = len(result.keys())
    rows = result.cursor.fetchall() if result.cursor is not None else []
    flat = np.fromiter(chain.from_iterable(rows), np.int64, count=len(rows) * width)
    return flat.reshape(-1, width)
