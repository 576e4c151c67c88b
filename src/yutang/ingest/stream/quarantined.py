"""Records of trackers in quarantine: as our own JSON, so that they can be mended and replayed.

A record that was read is kept in the shape of `catalog.records.Record`, whatever protocol brought
it; one that could not be read stays as its sender wrote it, with the name of the protocol.
"""

from __future__ import annotations

from typing import Any

import msgspec

from yutang.catalog.records import Bad, Record
from yutang.ingest.personal import Hash, Rule, conceal
from yutang.ingest.records import Misfit

READ = {"shape": "record"}  # note of a misfit: its record is a Record, not the sender's text
PROPERTIES = ("properties", "traits", "$set", "$set_once")  # where senders put values
_DEFAULTS = {"message_id": None, "sent_at": None, "act": "event", "same": (), "profile": (),
             "item": None, "old_allowed": False, "misfits": ()}  # fmt: skip
_encode = msgspec.json.Encoder(enc_hook=str).encode


def text_of(record: Record, rule: Rule, keyed_hash: Hash) -> str:
    """The record as JSON without what it does not have. Personal values in properties and
    attributes are treated as the brand's rule says; identities stay: it may be replayed."""
    shown: dict[str, Any] = {"event": record.event, "time": record.time}
    shown["identities"] = record.identities
    shown["properties"] = conceal(record.properties, rule, keyed_hash)
    for name, default in _DEFAULTS.items():
        value = getattr(record, name)
        if value != default:
            shown[name] = (
                conceal(value, rule, keyed_hash) if name in ("profile", "misfits") else value
            )
    return as_text(shown)


def record_of(text: str) -> Record:
    """The record again. Raises ValueError (msgspec's) where the text is none."""
    return msgspec.json.decode(text, type=Record)


def as_text(value: Any) -> str:
    """Any value as JSON; lone surrogates, which no JSON can hold, are replaced."""
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        return _encode(_without_surrogates(value)).decode()


def unread_misfit(
    row: int, source: str, at: int, protocol: str, bad: Bad, rule: Rule, keyed_hash: Hash
) -> Misfit:
    """What is kept of a record that could not be read."""
    raw = _conceal_properties(bad.raw, rule, keyed_hash)
    record = raw if isinstance(raw, str) else as_text(raw)
    value = conceal(bad.value, rule, keyed_hash)
    note = {"protocol": protocol}
    return Misfit(row, bad.column, bad.reason, value, record, source=source, at=at, note=note)


def _conceal_properties(raw: Any, rule: Rule, keyed_hash: Hash) -> Any:
    """The raw record with its properties concealed, and its identities as they are."""
    if isinstance(raw, dict):
        return {
            name: conceal(value, rule, keyed_hash)
            if name in PROPERTIES
            else _conceal_properties(value, rule, keyed_hash)
            for name, value in raw.items()
        }
    if isinstance(raw, list):
        return [_conceal_properties(one, rule, keyed_hash) for one in raw]
    return raw


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(one) for one in value]
    return value
