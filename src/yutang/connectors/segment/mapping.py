"""Segment and RudderStack messages → our records. protocols.md §2.1, §2.2.

Traits are those of `context.traits` and `traits` together; the time is `timestamp`, else
`originalTimestamp`, else `sentAt`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yutang.catalog.records import Limits, Record
from yutang.connectors.segment.context import PAGE, presets
from yutang.connectors.wire.opening import Misshapen
from yutang.connectors.wire.times import sent_at, time_of
from yutang.connectors.wire.values import (
    PLAIN_NAMES,
    event_name,
    fit_operations,
    fit_properties,
    identity_text,
    object_of,
)

TIMES = ("timestamp", "originalTimestamp", "sentAt")
Read = Callable[[dict[str, Any]], tuple[Record, ...]]


class Reader:
    """Reads the messages of one request.

    envelope: the fields around the batch. usual_type: what a message is by its route, where it
    does not say. old_allowed: an import of history.
    """

    def __init__(
        self, envelope: dict[str, Any], usual_type: str, limits: Limits, *, old_allowed: bool
    ) -> None:
        self._sent_at = sent_at(envelope.get("sentAt"))
        self._usual_type = usual_type
        self._limits = limits
        self._old_allowed = old_allowed
        self._types: dict[str, Read] = {
            "track": self._track,
            "page": self._page,
            "screen": self._page,
            "identify": self._identify,
            "group": self._group,
            "alias": self._alias,
        }

    def __call__(self, raw: dict[str, Any]) -> tuple[Record, ...]:
        """The records of a message; raises Misshapen."""
        type_ = raw.get("type") or self._usual_type
        read = self._types.get(type_) if type(type_) is str else None
        if read is None:
            raise Misshapen("type", "unknown_record_type", type_)
        return read(raw)

    def _track(self, raw: dict[str, Any]) -> tuple[Record, ...]:
        return (self._event(raw, event_name(raw.get("event")), object_of(raw, "properties")),)

    def _page(self, raw: dict[str, Any]) -> tuple[Record, ...]:
        """A page or a screen: its address in the words of the presets, its name as `name`."""
        page = (raw.get("type") or self._usual_type) == "page"
        given: dict[str, Any] = {name: raw.get(name) for name in ("name", "category")}
        for name, value in object_of(raw, "properties").items():
            given[PAGE.get(name, name) if page else name] = value
        return (self._event(raw, "$pageview" if page else "$screen", given),)

    def _event(self, raw: dict[str, Any], event: str, given: dict[str, Any]) -> Record:
        around = presets(raw.get("context"))
        properties, misfits = fit_properties(
            {**around, **given} if around else given, PLAIN_NAMES, self._limits
        )
        made = self._record(raw, event)
        made.properties = properties
        made.misfits = tuple(misfits)
        return made

    def _identify(self, raw: dict[str, Any]) -> tuple[Record, ...]:
        """With both ids a login, with one only attributes of whoever it is."""
        traits = object_of(raw, "traits")
        context = raw.get("context")
        if type(context) is dict:
            traits = {**object_of(context, "traits"), **traits}
        operations, misfits = fit_operations("set", traits, PLAIN_NAMES, self._limits)
        if identity_text(raw.get("userId")) and identity_text(raw.get("anonymousId")):
            made = self._event(raw, "$SignUp", {})
            made.act = "login"
        else:
            made = self._record(raw, "", "profile")
        made.profile = tuple(operations)
        made.misfits = (*made.misfits, *misfits)
        return (made,)

    def _group(self, raw: dict[str, Any]) -> tuple[Record, ...]:
        """A person's group, and the group itself as a row of the dimension table `group`."""
        group = identity_text(raw.get("groupId"))
        if group is None:
            raise Misshapen("groupId", "malformed_record", raw.get("groupId"))
        person = self._record(raw, "", "profile")
        person.profile = (("set", "$group_id", group),)
        traits, misfits = fit_properties(object_of(raw, "traits"), PLAIN_NAMES, self._limits)
        if not traits and not misfits:
            return (person,)
        row = Record(
            "", person.time, {}, traits, person.message_id and f"{person.message_id}|group",
            person.sent_at, "item", item=("group", group), old_allowed=person.old_allowed,
            misfits=tuple(misfits), raw=raw, write_key=person.write_key,
        )  # fmt: skip
        return (person, row)

    def _alias(self, raw: dict[str, Any]) -> tuple[Record, ...]:
        """Two ids of one person. The old one may have been an anonymous id or a login: nobody
        says. Equal ids, which browsers do send, say nothing."""
        previous = identity_text(raw.get("previousId"))
        if previous is None:
            raise Misshapen("previousId", "missing_identity", raw.get("previousId"))
        made = self._record(raw, "", "alias")
        if made.identities.get("login_id", made.identities.get("anonymous_id")) == previous:
            return ()
        pairs = (("anonymous_id", previous), ("distinct_id", previous))
        made.same = tuple(pair for pair in pairs if made.identities.get(pair[0]) != previous)
        return (made,)

    def _record(self, raw: dict[str, Any], event: str, act: str = "event") -> Record:
        identities: dict[str, str] = {}
        for kind, field in (("login_id", "userId"), ("anonymous_id", "anonymousId")):
            value = identity_text(raw.get(field))
            if value is not None:
                identities[kind] = value
        if not identities:
            given = raw.get("userId")
            raise Misshapen("userId", "missing_identity", given or raw.get("anonymousId"))
        sent = raw.get("sentAt")
        key = raw.get("writeKey")
        return Record(
            event, self._time(raw), identities, {}, identity_text(raw.get("messageId")),
            sent_at(sent) if sent else self._sent_at, act, old_allowed=self._old_allowed, raw=raw,
            write_key=key.strip() if type(key) is str else "",
        )  # fmt: skip

    def _time(self, raw: dict[str, Any]) -> int | None:
        for name in TIMES:
            if raw.get(name) is not None:
                return time_of(name, raw[name])
        return self._sent_at
