"""The mapping page: what each column of an order file means.

Reading files is the connectors' business; app.py hands their door in as `brand.order_files`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.datastructures import FormData

from yutang.errors import BadInput

SAMPLES = 3  # values shown beside a header
MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
OWN = "own:"  # the code of a saved mapping is own:<name>


class FileField(Protocol):
    """One meaning a column can have; `level` is order or line."""

    code: str
    zh: str
    en: str
    level: str


@dataclass(frozen=True)
class ColumnView:
    """One column of the file on the page: header, sample values, the field chosen for it."""

    header: str
    samples: tuple[str, ...]
    field: str


@dataclass(frozen=True)
class MappingView:
    """Everything the mapping page shows. `mapping` is the JSON form that imports store."""

    format: str
    encoding: str
    header_row: int
    columns: tuple[ColumnView, ...]
    preset: str
    recognised: str
    confidence: float
    missing: tuple[str, ...]
    mapping: Mapping[str, Any]
    platform: str
    shop: str
    save_as: str = ""


@dataclass(frozen=True)
class Chosen:
    """What the form asks for, ready for `imports.queue`."""

    preset: str
    mapping: dict[str, Any] | None
    platform: str
    shop: str
    save_as: str


def view_of(brand: Any, one: Any, *, preset: str = "", form: FormData | None = None) -> MappingView:
    """The page's state: the file's head, and the mapping of the preset, of the form, or guessed.

    Raises BadInput when the file cannot be read as a table.
    """
    seen = brand.order_files.preview(brand.imports.path(one))
    if preset.startswith(OWN):
        mapping = dict(brand.presets.get(preset.removeprefix(OWN)).mapping)
    elif preset and preset != seen.preset:
        mapping = json.loads(brand.order_files.mapping_for(preset, seen.header).to_json())
    else:
        mapping = json.loads(seen.mapping.to_json())
    field_of = _fields_by_header(mapping)
    if form is not None:
        field_of = {
            header: str(form.get(f"column.{place}", "")) for place, header in enumerate(seen.header)
        }
    columns = tuple(
        ColumnView(header, _samples(seen.rows, place), field_of.get(header, ""))
        for place, header in enumerate(seen.header)
    )
    constants = mapping.get("constants", {})
    typed: Mapping[str, Any] = form or {}
    return MappingView(
        format=seen.format,
        encoding=seen.encoding or "",
        header_row=seen.header_row,
        columns=columns,
        preset=preset or seen.preset or "",
        recognised=seen.preset or "",
        confidence=seen.confidence,
        missing=tuple(seen.missing),
        mapping=mapping,
        platform=str(typed.get("platform", constants.get("platform", "other"))),
        shop=str(typed.get("shop", constants.get("shop", ""))),
        save_as=str(typed.get("save_as", "")),
    )


def read_form(form: FormData, view: MappingView) -> Chosen:
    """The mapping the form describes, on top of the preset's finer points. Raises BadInput."""
    columns: dict[str, list[str]] = {}
    for column in view.columns:
        if column.field:
            columns.setdefault(column.field, []).append(column.header)
    if "order_id" not in columns:
        raise BadInput(
            "No column is mapped to the order number.", hint="Choose the column that holds it."
        )
    shop = view.shop.strip()
    if not shop and "shop" not in columns:
        raise BadInput(
            "The file does not say which shop it is from.",
            hint="Type the shop's name, or choose the column that holds it.",
        )
    mapping = dict(view.mapping)
    # A time mapped to two fields (a till's only time) stays so while its column stays.
    for name, headers in mapping.get("columns", {}).items():
        still = [h for h in headers if any(h in chosen for chosen in columns.values())]
        if still and name not in columns:
            columns[name] = still
    mapping["columns"] = columns
    for name, allowed in (
        ("amount_scope", ("order", "line", "auto")),
        ("date_order", ("ymd", "mdy", "dmy")),
        ("amount_unit", ("yuan", "fen")),
    ):
        if form.get(name) in allowed:
            mapping[name] = str(form[name])
    kind = str(form.get("buyer_kind", "")).strip()
    if kind:
        mapping["buyer_kind"] = kind
    save_as = view.save_as.strip()[:80]
    preset = view.preset.removeprefix(OWN)
    # Only a recognised export that nobody touched is left to its preset.
    as_it_is = bool(view.recognised) and view.preset == view.recognised and not save_as
    if mapping != dict(view.mapping) or not as_it_is:
        mapping["preset"] = save_as or (preset if view.preset != view.recognised else None)
        return Chosen(save_as or preset, mapping, view.platform, shop, save_as)
    return Chosen(
        preset=preset,
        mapping=None,
        platform=view.platform,
        shop=shop,
        save_as=save_as,
    )


def _fields_by_header(mapping: Mapping[str, Any]) -> dict[str, str]:
    """header -> field; where a header serves two fields the first in the mapping is shown."""
    found: dict[str, str] = {}
    for name, headers in mapping.get("columns", {}).items():
        for header in headers:
            found.setdefault(header, name)
    return found


def _samples(rows: Sequence[Sequence[str]], place: int) -> tuple[str, ...]:
    """A few different values; phones are shown masked, as everywhere."""
    values: list[str] = []
    for row in rows:
        value = MOBILE.sub(r"\1****\2", row[place].strip()) if place < len(row) else ""
        if value and value not in values:
            values.append(value)
        if len(values) == SAMPLES:
            break
    return tuple(values)
