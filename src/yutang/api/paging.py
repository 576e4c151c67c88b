"""Pages of lists: `cursor` in, `next_cursor` out; a cursor is opaque to the caller."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from yutang.errors import BadInput

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=500, description="Rows of a page.")]
Cursor = Annotated[str, Query(max_length=64, description="`next_cursor` of the page before.")]


class Page(BaseModel, Generic[T]):
    """A part of a list. A list that changes meanwhile may show a row twice or not at all."""

    rows: list[T]
    total: int | None = Field(None, description="Rows of the whole list, where it is known.")
    next_cursor: str | None = Field(None, description="null on the last page.")


def offset_of(cursor: str) -> int:
    """The place a cursor stands for. Raises BadInput for one that we did not give."""
    if not cursor:
        return 0
    try:
        place = int(base64.urlsafe_b64decode(cursor.encode()).decode())
    except (ValueError, binascii.Error, UnicodeDecodeError):
        place = -1
    if not 0 <= place < 2**53:
        raise BadInput("This cursor is none of ours.", hint="Begin without a cursor.")
    return place


def cursor_at(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode()


def following(offset: int, limit: int, total: int) -> str | None:
    """The cursor after a page, None at the end."""
    return cursor_at(offset + limit) if offset + limit < total else None
