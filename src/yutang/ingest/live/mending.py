"""Records in quarantine as people see and mend them: masked, and whole again when they come back.

What was left masked is what it was; so a phone number need not be shown to correct a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from yutang.errors import BadInput
from yutang.identity import mask, mask_text, secrets_of
from yutang.ingest.quarantine import QuarantineRow
from yutang.ingest.stream.quarantined import READ


def shown_record(row: QuarantineRow) -> str:
    """The record of a tracker as JSON, indented, its personal values masked."""
    try:
        original = json.loads(row.record or "")
    except ValueError:
        return mask_text(row.record or "")  # no JSON ever, or longer than we keep
    return json.dumps(_shown(row, original), ensure_ascii=False, indent=2)


def typed_record(row: QuarantineRow, typed: str, changes: Mapping[str, Any] | None = None) -> str:
    """What a person made of `shown_record`, with the values that he left masked put back; changes:
    top fields to set besides (None: to leave out). Raises BadInput where it is no JSON object."""
    try:
        value = json.loads(typed)
    except ValueError as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        raise BadInput(
            "This is not valid JSON: line %(line)d, column %(column)d.",
            hint="Correct it there and try again.",
            line=line,
            column=column,
        ) from error
    if not isinstance(value, dict):
        raise BadInput("The record must be a JSON object.")
    try:
        original = json.loads(row.record or "")
    except ValueError:
        made = value
    else:
        made = unmask(value, original, _shown(row, original))
    made = {**made, **(changes or {})}
    kept = {name: one for name, one in made.items() if one is not None or name == "time"}
    return json.dumps(kept, ensure_ascii=False)


def event_of(row: QuarantineRow) -> str:
    """The event's name of a record that was read, else ""."""
    if not is_read(row):
        return ""
    try:
        found = json.loads(row.record or "")
    except ValueError:
        return ""
    return str(found.get("event", "")) if isinstance(found, dict) else ""


def is_read(row: QuarantineRow) -> bool:
    """Is the record in our own shape, and not as its sender wrote it?"""
    return (row.repair or {}).get("shape") == READ["shape"]


def unmask(typed: Any, original: Any, shown: Any) -> Any:
    """`typed` with every masked value of `shown`, which is `original` masked, as it was."""
    known: dict[Any, set[Any]] = {}
    for masked, one in _pairs(shown, original):
        known.setdefault(masked, set()).add(one)
    only = {masked: next(iter(ones)) for masked, ones in known.items() if len(ones) == 1}
    return _unmask(typed, original, shown, only)


def _unmask(typed: Any, original: Any, shown: Any, only: Mapping[Any, Any]) -> Any:
    if typed == shown and type(typed) is type(shown):
        return original
    if isinstance(typed, dict):
        alike = isinstance(original, dict) and isinstance(shown, dict)
        names = dict(zip(shown, original, strict=False)) if alike else {}
        return {
            names.get(name, name): _unmask(
                value,
                original[names[name]] if name in names else None,
                shown[name] if name in names else None,
                only,
            )
            for name, value in typed.items()
        }
    if isinstance(typed, list):
        alike = isinstance(original, list) and len(original) == len(typed)
        return [
            _unmask(value, original[i] if alike else None, shown[i] if alike else None, only)
            for i, value in enumerate(typed)
        ]
    return only.get(typed, typed) if isinstance(typed, str) else typed


def _pairs(shown: Any, original: Any) -> Iterator[tuple[Any, Any]]:
    """(masked, original) of all values that are not shown as they are."""
    if isinstance(original, dict):
        for value, one in zip(shown.values(), original.values(), strict=False):
            yield from _pairs(value, one)
    elif isinstance(original, list):
        for value, one in zip(shown, original, strict=True):
            yield from _pairs(value, one)
    elif shown != original:
        yield shown, original


def _shown(row: QuarantineRow, original: Any) -> Any:
    said = original.get("identities") if is_read(row) and isinstance(original, dict) else None
    known = said if isinstance(said, dict) else {}
    return mask(original, secrets_of((kind, str(value)) for kind, value in known.items()))
