"""Lists that sort, page and keep all of it in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode

PAGE_SIZES = (25, 50, 100, 200)

Kind = Literal["text", "count", "money", "rate", "day", "moment", "number", "duration"]


@dataclass(frozen=True)
class Column:
    """One column: `title` is a message of the catalogue, or final text where `plain`."""

    key: str
    title: str
    kind: Kind = "text"
    sortable: bool = False
    hint: str = ""
    plain: bool = False

    @property
    def numeric(self) -> bool:
        return self.kind in ("count", "money", "rate", "number", "duration")


@dataclass(frozen=True)
class Query:
    """Where a list stands: its address parts besides page, size and sort are `filters`."""

    path: str
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    page: int = 1
    size: int = 50
    default_sort: str = ""

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    @property
    def key(self) -> str:
        return self.sort.lstrip("-")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    def url(self, **changes: object) -> str:
        """This list's address with some parts changed; an empty part is left out."""
        parts: dict[str, object] = {
            **self.filters,
            "sort": "" if self.sort == self.default_sort else self.sort,
            "page": "" if self.page == 1 else self.page,
            "size": "" if self.size == 50 else self.size,
        }
        parts.update(changes)
        kept = {key: str(value) for key, value in parts.items() if value not in ("", None)}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def sort_url(self, key: str, numeric: bool = True) -> str:
        """Sort by this column; a second click turns the order. Numbers start with the largest."""
        first = f"-{key}" if numeric else key
        second = key if numeric else f"-{key}"
        return self.url(sort=second if self.sort == first else first, page="")


def read_query(
    path: str,
    values: Mapping[str, str],
    *,
    filters: Iterable[str] = (),
    sorts: Iterable[str] = (),
    default_sort: str = "",
) -> Query:
    """A Query from an address. What does not fit falls back, it never fails: people edit URLs."""
    sort = values.get("sort", default_sort)
    if sort.lstrip("-") not in set(sorts):
        sort = default_sort
    size = _whole(values.get("size"), 50)
    return Query(
        path=path,
        filters={key: values[key].strip() for key in filters if values.get(key, "").strip()},
        sort=sort,
        page=max(1, min(_whole(values.get("page"), 1), 100_000)),
        size=size if size in PAGE_SIZES else 50,
        default_sort=default_sort,
    )


@dataclass(frozen=True)
class Pager:
    """What the foot of a list shows."""

    query: Query
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.query.size))

    @property
    def first(self) -> int:
        return min(self.total, self.query.offset + 1)

    @property
    def last(self) -> int:
        return min(self.total, self.query.offset + self.query.size)


def quiet(names: Iterable[str], rows: Iterable[Mapping[str, float]]) -> set[str]:
    """Columns that hold nothing but 0: a phone has no room for them."""
    told = list(rows)
    return {name for name in names if not any(row.get(name) for row in told)}


def _whole(value: str | None, default: int) -> int:
    return int(value) if value and value.isascii() and value.isdigit() else default
