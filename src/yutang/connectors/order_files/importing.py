"""One call from an order file to canonical orders, for the importer."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from yutang.connectors.order_files.conversion import Stats, convert
from yutang.connectors.order_files.mapping import Mapping
from yutang.connectors.order_files.presets import recognise
from yutang.connectors.order_files.preview import mapping_for, suggest
from yutang.connectors.order_files.raw import RawFile
from yutang.connectors.order_files.reading import read_table
from yutang.errors import BadInput

GENERIC = "generic"  # no preset knows these headers, but synonyms found what was needed
SAMPLE_ROWS = 1000
CUSTOM = "custom"  # a mapping that somebody made


@dataclass(frozen=True)
class OrdersRead:
    """Canonical tables (catalog.orders), the preset that read them, and what was noticed."""

    preset: str
    orders: pa.Table
    lines: pa.Table
    errors: pa.Table
    stats: Stats = field(default_factory=Stats)


def read_orders(
    path: Path,
    *,
    preset: str,
    mapping: AnyMapping[str, Any] | None,
    platform: str,
    shop: str,
    zone: str,
) -> OrdersRead:
    """Read an order file: by the given mapping, else the named preset, else as recognised.

    Raises BadInput where nothing says what the columns mean, or the file must be refused.
    """
    raw = read_table(path)
    name, how = _mapping(raw, preset, mapping)
    done = convert(raw, how, shop=shop or None, platform=platform or None, zone=zone)
    return OrdersRead(name, done.orders, done.lines, done.errors, done.stats)


def _mapping(
    raw: RawFile, preset: str, mapping: AnyMapping[str, Any] | None
) -> tuple[str, Mapping]:
    header = raw.header
    if mapping:
        made = Mapping.from_json(msgspec.json.encode(mapping))
        return made.preset or preset or CUSTOM, made
    if preset and preset not in (GENERIC, CUSTOM):
        return preset, mapping_for(preset, header)
    known, _ = recognise(header)
    if known is not None:
        return known.code, known.mapping(header).checked()
    # The sample decides whether 5/6/2024 is in May or in June.
    sample = raw.table.slice(0, SAMPLE_ROWS).to_pylist()
    guessed = suggest(header, [list(row.values()) for row in sample])
    if not guessed.has("order_id"):
        raise BadInput(
            "No known preset, and no column that looks like an order number: %(header)s.",
            hint="Map the columns on the import page.",
            code="unknown_header",
            header=", ".join(header[:12]),
        )
    return GENERIC, guessed
