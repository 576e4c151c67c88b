"""Lines of our event files, sent one by one or as a batch, → our records.

{"event", "time"?, "identities": {kind: value}, "properties"?, "message_id"?}: without a time it
happened now.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from yutang.catalog.events import WITHOUT_PERSON
from yutang.catalog.records import Limits, Record
from yutang.connectors.wire.opening import Misshapen
from yutang.connectors.wire.times import sent_at, time_of
from yutang.connectors.wire.values import (
    KIND_LENGTH,
    PLAIN_NAMES,
    Misfit,
    event_name,
    fit_properties,
    identity_text,
    object_of,
    why_none,
)

KIND = re.compile(rf"[a-z][a-z0-9_]{{0,{KIND_LENGTH - 1}}}")


def reader(
    envelope: dict[str, Any], limits: Limits
) -> Callable[[dict[str, Any]], tuple[Record, ...]]:
    """The function that reads one line; it raises Misshapen."""
    batch_sent_at = sent_at(envelope.get("sent_at"))

    def read(raw: dict[str, Any]) -> tuple[Record, ...]:
        event = event_name(raw.get("event"))
        given = object_of(raw, "properties")
        properties, misfits = fit_properties(given, PLAIN_NAMES, limits)
        return (
            Record(
                event, time_of("time", raw.get("time")), _identities(raw, misfits), properties,
                _message_id(raw.get("message_id")), batch_sent_at, misfits=tuple(misfits), raw=raw,
            ),
        )  # fmt: skip

    return read


def _identities(raw: dict[str, Any], misfits: list[Misfit]) -> dict[str, str]:
    given = raw.get("identities")
    if not given and raw.get("event") in WITHOUT_PERSON:
        return {}
    if type(given) is not dict or not given:
        raise Misshapen("identities", "missing_identity", given)
    made: dict[str, str] = {}
    for kind, value in given.items():
        if KIND.fullmatch(kind) is None:
            raise Misshapen("identities", "unknown_identity_kind", kind)
        text = identity_text(value)
        if text is not None:
            made[kind] = text
        elif value is not None and value != "":
            misfits.append((f"identities.{kind}", why_none(value), value))
    if not made:
        raise Misshapen("identities", "missing_identity", given)
    return made


def _message_id(value: Any) -> str | None:
    if value is None or value == "":
        return None
    made = identity_text(value)
    if made is None:
        raise Misshapen("message_id", why_none(value), value)
    return made
