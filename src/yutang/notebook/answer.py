"""An answer in a notebook: rows, caveats, tables for other tools, a small picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang import analysis
from yutang.analysis import Caveat, Column, Result, Table
from yutang.notebook.drawing import drawing

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_MOST_SHOWN = 20
_NOTHING = "–"


class Answer:
    """What a model answered. `rows` are dicts by column name; rates are 0 to 1, times seconds."""

    def __init__(
        self, result: Result, params: Mapping[str, Any], shards: Callable[[], Any]
    ) -> None:
        self.result = result
        self.params = dict(params)
        self._shards = shards

    @property
    def model(self) -> str:
        return self.result.model

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.result.rows

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.result.columns

    @property
    def caveats(self) -> tuple[Caveat, ...]:
        """What to know before believing the numbers."""
        return self.result.caveats

    @property
    def tables(self) -> Mapping[str, Table]:
        """Further tables by name, such as a funnel's trend."""
        return self.result.tables

    @property
    def seconds(self) -> float:
        return self.result.seconds

    def people(self, cell: Mapping[str, Any] | None = None, /, **more: Any) -> np.ndarray:
        """Customer ids (int64, ascending) behind a cell: `answer.people(step=2)`. What a cell is,
        each model's page in the documentation says. Raises BadInput."""
        wanted = {**(cell or {}), **more}
        found = analysis.people(self.model, self._shards(), self.params, wanted)
        return np.array(found, np.int64)

    def to_arrow(self, table: str = "") -> pa.Table:
        """The rows (or those of a further table) as an Arrow table. Raises KeyError."""
        import pyarrow as pa

        chosen = self.tables[table] if table else self.result.table
        names = [column.name for column in chosen.columns]
        return pa.table({name: _array([row[name] for row in chosen.rows]) for name in names})

    def to_pandas(self, table: str = "") -> pd.DataFrame:
        """The rows as a data frame. Raises ImportError where pandas is not installed."""
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "pandas is not installed: `pip install pandas`, or use to_arrow()."
            ) from error
        chosen = self.tables[table] if table else self.result.table
        return pd.DataFrame(chosen.rows, columns=[column.name for column in chosen.columns])

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        heads, lines = [c.name for c in self.columns], self._shown()
        widths = [max(len(x) for x in column) for column in zip(heads, *lines, strict=True)]
        text = "\n".join(
            "  ".join(
                cell.ljust(width) if _is_text(column) else cell.rjust(width)
                for cell, width, column in zip(line, widths, self.columns, strict=True)
            ).rstrip()
            for line in (heads, *lines)
        )
        notes = [f"… {len(self.rows) - _MOST_SHOWN} more rows"] * (len(self.rows) > _MOST_SHOWN)
        return "\n".join([text, *notes, *(f"! {caveat.en}" for caveat in self.caveats)])

    def _repr_html_(self) -> str:
        """Table and picture; every text that came with the data is escaped."""
        style = "text-align:left" if self.columns else ""
        heads = "".join(f'<th style="{style}">{escape(c.en)}</th>' for c in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>"
            for line in self._shown()
        )
        left = len(self.rows) - _MOST_SHOWN
        notes = [f"… {left} more rows"] if left > 0 else []
        notes += [f"⚠ {caveat.en}" for caveat in self.caveats]
        said = "".join(f"<div>{escape(note)}</div>" for note in notes)
        return (
            f"<div>{drawing(self.result)}<table><thead><tr>{heads}</tr></thead>"
            f"<tbody>{body}</tbody></table>{said}</div>"
        )

    def _shown(self) -> list[list[str]]:
        return [
            [_cell(row[column.name], column.kind) for column in self.columns]
            for row in self.rows[:_MOST_SHOWN]
        ]


def _is_text(column: Column) -> bool:
    return column.kind in ("text", "group", "period")


def _cell(value: Any, kind: str) -> str:
    """
    >>> _cell(1234, "count"), _cell(0.1234, "rate"), _cell(None, "rate"), _cell(90.0, "seconds")
    ('1,234', '12.3%', '–', '90 s')
    """
    if value is None:
        return _NOTHING
    if isinstance(value, (bool, str)) or not isinstance(value, (int, float)):
        return str(value)
    if kind == "rate":
        return f"{value:.1%}"
    if kind == "seconds":
        return f"{value:,.0f} s"
    return (
        f"{value:,}" if isinstance(value, int) or value.is_integer() is False else f"{value:,.0f}"
    )


def _array(values: list[Any]) -> Any:
    """A column; values of several types (a group of numbers and "(none)") become text."""
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1 and not kinds <= {int, float}:
        values = [None if value is None else str(value) for value in values]
    elif kinds == {int, float}:
        values = [None if value is None else float(value) for value in values]
    return pa.array(values)
