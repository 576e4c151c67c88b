"""PostHog events → our records. protocols.md §2.3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yutang.catalog.records import Limits, Record
from yutang.connectors.wire.opening import Misshapen
from yutang.connectors.wire.times import sent_at, time_of
from yutang.connectors.wire.values import (
    PLAIN_NAMES,
    Misfit,
    Operation,
    event_name,
    fit_operations,
    fit_properties,
    identity_text,
    object_of,
)

PRESETS = {
    "$current_url": "$url",
    "$pathname": "$url_path",
    "$host": "$url_host",
    "$referring_domain": "$referrer_host",
    "$raw_user_agent": "$user_agent",
    "title": "$title",
    "utm_source": "$utm_source",
    "utm_medium": "$utm_medium",
    "utm_campaign": "$utm_campaign",
    "utm_content": "$utm_content",
    "utm_term": "$utm_term",
}
NO_REFERRER = "$direct"  # what the browser library says instead of nothing
REFERRERS = ("$referrer", "$referrer_host")
# How it was sent and what is said elsewhere in our record: no part of what happened.
TRANSPORT = (
    "token", "distinct_id", "$insert_id", "$time", "$sent_at", "$set", "$set_once", "$unset",
    "$anon_distinct_id",
)  # fmt: skip
PERSON_EVENTS = frozenset({"$set", "$set_once", "$unset"})  # nothing happened but attributes


def reader(
    envelope: dict[str, Any], limits: Limits
) -> Callable[[dict[str, Any]], tuple[Record, ...]]:
    """The function that reads one event; it raises Misshapen."""
    batch_sent_at = sent_at(envelope.get("sent_at"))
    old_allowed = envelope.get("historical_migration") is True

    def read(raw: dict[str, Any]) -> tuple[Record, ...]:
        event = event_name(raw.get("event"))
        given = object_of(raw, "properties")
        time = raw.get("timestamp")
        if time is None:
            time = given.get("$time")
        made = Record(
            event, time_of("timestamp", time), {}, {}, _message_id(raw, given),
            sent_at(raw.get("sent_at")) or batch_sent_at, old_allowed=old_allowed, raw=raw,
            write_key=_key(raw, given),
        )  # fmt: skip
        return _filled(made, raw, given, limits)

    return read


def _filled(
    made: Record, raw: dict[str, Any], given: dict[str, Any], limits: Limits
) -> tuple[Record, ...]:
    """The record with whom it is about and what it says, by its event."""
    if made.event == "$groupidentify":
        return (_group(made, given, limits),)
    distinct_id = identity_text(raw.get("distinct_id")) or identity_text(given.get("distinct_id"))
    if distinct_id is None:
        raise Misshapen("distinct_id", "missing_identity", raw.get("distinct_id"))
    if made.event == "$create_alias":
        return _alias(made, distinct_id, given)
    operations, misfits = _operations(raw, given, limits)
    made.profile = tuple(operations)
    anonymous = identity_text(given.get("$anon_distinct_id"))
    known = (
        made.event == "$identify"
        or given.get("$is_identified") is True
        or given.get("$user_id") == distinct_id
    )
    made.identities = {"login_id" if known else "distinct_id": distinct_id}
    if made.event == "$identify" and anonymous and anonymous != distinct_id:
        made.act, made.event = "login", "$SignUp"
        made.same = (("distinct_id", anonymous),)
    elif made.event == "$identify" or made.event in PERSON_EVENTS:
        made.act, made.event = "profile", ""
    if made.act != "profile":
        made.properties, wrong = fit_properties(_renamed(given), PLAIN_NAMES, limits)
        misfits += wrong
    made.misfits = tuple(misfits)
    return (made,)


def _alias(made: Record, distinct_id: str, given: dict[str, Any]) -> tuple[Record, ...]:
    """A symmetric link: the libraries do not agree on which of the two is the older."""
    other = identity_text(given.get("alias"))
    if other is None:
        raise Misshapen("properties.alias", "missing_identity", given.get("alias"))
    if other == distinct_id:
        return ()
    made.act, made.event = "alias", ""
    made.identities = {"distinct_id": distinct_id}
    made.same = (("distinct_id", other),)
    return (made,)


def _group(made: Record, given: dict[str, Any], limits: Limits) -> Record:
    """A row of the dimension table `group`. Its distinct_id is made up and nobody's."""
    type_, key = identity_text(given.get("$group_type")), identity_text(given.get("$group_key"))
    if type_ is None or key is None:
        raise Misshapen("properties.$group_key", "malformed_record", given.get("$group_key"))
    values = given.get("$group_set")
    made.act, made.event = "item", ""
    made.item = ("group", f"{type_}:{key}")
    made.properties, misfits = fit_properties(
        values if type(values) is dict else {}, PLAIN_NAMES, limits
    )
    made.misfits = tuple(misfits)
    return made


def _operations(
    raw: dict[str, Any], given: dict[str, Any], limits: Limits
) -> tuple[list[Operation], list[Misfit]]:
    made: list[Operation] = []
    misfits: list[Misfit] = []
    for name, operation in (("$set", "set"), ("$set_once", "set_once"), ("$unset", "unset")):
        for place in (given, raw):
            values = place.get(name)
            if type(values) is list and operation == "unset":
                values = {one: True for one in values if type(one) is str}
            if type(values) is dict and values:
                done, wrong = fit_operations(operation, values, PLAIN_NAMES, limits)
                made += done
                misfits += wrong
    return made, misfits


def _renamed(given: dict[str, Any]) -> dict[str, Any]:
    """The properties in the words of the presets that all sources share."""
    made = {PRESETS.get(name, name): value for name, value in given.items()}
    for name in TRANSPORT:
        made.pop(name, None)
    for name in REFERRERS:
        if made.get(name) == NO_REFERRER:
            made[name] = ""
    return made


def _message_id(raw: dict[str, Any], given: dict[str, Any]) -> str | None:
    return identity_text(raw.get("uuid")) or identity_text(given.get("$insert_id"))


def _key(raw: dict[str, Any], given: dict[str, Any]) -> str:
    for value in (raw.get("api_key"), raw.get("token"), given.get("token")):
        if type(value) is str and value:
            return value.strip()
    return ""
