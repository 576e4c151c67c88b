"""Order files of any platform, shop system or till -> canonical order tables.

read_table(path) -> RawFile (text), preview(path) -> what a person needs to map it,
recognise(header) and mapping_for(preset, header) -> Mapping, convert(raw, mapping) -> Canonical.
Nothing here stores anything.
"""

from yutang.connectors.order_files.conversion import Canonical, Stats, convert
from yutang.connectors.order_files.importing import OrdersRead, read_orders
from yutang.connectors.order_files.mapping import FIELDS, Field, Mapping
from yutang.connectors.order_files.presets import PRESETS, Preset, preset_of, recognise
from yutang.connectors.order_files.preview import Preview, mapping_for, preview, suggest
from yutang.connectors.order_files.raw import LIMITS, Limits, RawFile
from yutang.connectors.order_files.reading import read_table

__all__ = [
    "FIELDS",
    "LIMITS",
    "PRESETS",
    "Canonical",
    "Field",
    "Limits",
    "Mapping",
    "OrdersRead",
    "Preset",
    "Preview",
    "RawFile",
    "Stats",
    "convert",
    "mapping_for",
    "preset_of",
    "preview",
    "read_orders",
    "read_table",
    "recognise",
    "suggest",
]
