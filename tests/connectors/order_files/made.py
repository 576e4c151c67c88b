"""Small made files, and the reading of them in one call."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from yutang.connectors.order_files import (
    Canonical,
    Mapping,
    convert,
    read_table,
    recognise,
)

EXPORTS: dict[str, list[str]] = {
    name: header.split(",")
    for name, header in json.loads(
        Path(__file__).with_name("exports.json").read_text(encoding="utf-8")
    ).items()
}
ZONE = "Asia/Shanghai"


def ms(text: str) -> int:
    """UTC milliseconds of a Beijing time."""
    import datetime as dt

    at = dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone(dt.timedelta(hours=8)))
    return int(at.timestamp() * 1000)


def export(name: str, *rows: dict[str, str]) -> str:
    """CSV text with a platform's own header; cells not given are blank, unknown names fail."""
    header = EXPORTS[name]
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    places = {column.strip(): column for column in header}
    for row in rows:
        writer.writerow({places[key]: value for key, value in row.items()})
    return out.getvalue()


def write(folder: Path, text: str | bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def convert_file(path: Path, mapping: Mapping | None = None, **given: str) -> Canonical:
    """Read and convert; without a mapping by the preset that recognises the header."""
    raw = read_table(path)
    if mapping is None:
        preset, _ = recognise(raw.header)
        assert preset is not None
        mapping = preset.mapping(raw.header)
    return convert(
        raw,
        mapping,
        shop=given.get("shop"),
        platform=given.get("platform"),
        zone=given.get("zone", ZONE),
    )


def one(table) -> dict:
    """The only row of a table."""
    assert table.num_rows == 1, table.to_pylist()
    return table.to_pylist()[0]
