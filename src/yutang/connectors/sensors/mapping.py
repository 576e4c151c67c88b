"""Sensors records → ours. protocols.md §1.3 to §1.5."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from yutang.catalog.records import Limits, Record
from yutang.connectors.sensors.identities import (
    Same,
    of_distinct_id,
    of_identities,
    speaks_for,
)
from yutang.connectors.wire.opening import Misshapen
from yutang.connectors.wire.times import sent_at, time_of
from yutang.connectors.wire.values import (
    Misfit,
    NameRule,
    fit_operations,
    fit_properties,
    identity_text,
)

# type → (our act, the name of an event that has none)
EVENTS = {
    "track": ("event", ""),
    "track_signup": ("login", "$SignUp"),
    "track_id_bind": ("bind", "$BindID"),
    "track_id_unbind": ("unbind", "$UnbindID"),
}
PROFILES = {
    "profile_set": "set",
    "profile_set_once": "set_once",
    "profile_increment": "increment",
    "profile_append": "append",
    "profile_unset": "unset",
    "profile_delete": "delete",
}
ITEMS = frozenset({"item_set", "item_delete"})
FROM_LIB = ("$lib", "$lib_version", "$app_version")  # as properties, where they are missing
IS_LOGIN = "$is_login_id"
DELETED = (("delete", "", None),)

NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,99}")
# fmt: off
RESERVED = frozenset((
    "distinct_id", "original_id", "time", "properties", "id", "first_id", "second_id", "users",
    "events", "event", "event_id", "device_id", "user_id", "date", "datetime",
))
# fmt: on


def _name_allowed(name: str) -> bool:
    lower = name.lower()
    return (
        NAME.fullmatch(name) is not None
        and lower not in RESERVED
        and not lower.startswith(("user_group", "user_tag"))
    )


NAMES = NameRule(_name_allowed)


def reader(limits: Limits) -> Callable[[dict[str, Any]], tuple[Record]]:
    """The function that reads one record; it raises Misshapen."""

    def read(raw: dict[str, Any]) -> tuple[Record]:
        type_ = raw.get("type")
        if type(type_) is str:
            if type_ in EVENTS:
                return (_event(raw, type_, limits),)
            if type_ in PROFILES:
                return (_profile(raw, type_, limits),)
            if type_ in ITEMS:
                return (_item(raw, type_, limits),)
        raise Misshapen("type", "unknown_record_type", type_)

    return read


def _event(raw: dict[str, Any], type_: str, limits: Limits) -> Record:
    act, usual_name = EVENTS[type_]
    event = raw.get("event") or usual_name
    if type(event) is not str or not event:
        raise Misshapen("event", "missing_event_name", raw.get("event"))
    if event not in NAMES.known and not NAMES.allows(event):
        raise Misshapen("event", "name_invalid", event)
    given = _properties(raw)
    properties, misfits = fit_properties(given, NAMES, limits, unpadded_ms=True)
    lib = raw.get("lib")
    if type(lib) is dict:
        for name in FROM_LIB:
            if name not in properties and type(lib.get(name)) is str:
                properties[name] = lib[name]
    identities, same = _identities(raw, given, act, misfits)
    return _made(raw, type_, event, properties, identities, act, same, (), misfits)


def _profile(raw: dict[str, Any], type_: str, limits: Limits) -> Record:
    given = _properties(raw)
    misfits: list[Misfit] = []
    identities, same = _identities(raw, given, "profile", misfits)
    operation = PROFILES[type_]
    operations: tuple[tuple[str, str, Any], ...] = DELETED
    if operation != "delete":
        given = {name: value for name, value in given.items() if name != IS_LOGIN}
        fitted, wrong = fit_operations(operation, given, NAMES, limits, unpadded_ms=True)
        operations = tuple(fitted)
        misfits += wrong
    return _made(raw, type_, "", {}, identities, "profile", same, operations, misfits)


def _item(raw: dict[str, Any], type_: str, limits: Limits) -> Record:
    place = identity_text(raw.get("item_type")), identity_text(raw.get("item_id"))
    for column, value in zip(("item_type", "item_id"), place, strict=True):
        if value is None:
            raise Misshapen(column, "malformed_record", raw.get(column))
    given = _properties(raw)
    properties, misfits = fit_properties(given, NAMES, limits, unpadded_ms=True)
    deleted = type_ == "item_delete"
    made = _made(
        raw, type_, "", {} if deleted else properties, {}, "item", (),
        DELETED if deleted else (), misfits,
    )  # fmt: skip
    made.item = (str(place[0]), str(place[1]))
    return made


def _made(
    raw: dict[str, Any],
    type_: str,
    event: str,
    properties: dict[str, Any],
    identities: dict[str, str],
    act: str,
    same: Same,
    operations: tuple[tuple[str, str, Any], ...],
    misfits: list[Misfit],
) -> Record:
    track_id = raw.get("_track_id")
    token = raw.get("token")
    named = type(track_id) is int or type(track_id) is str
    return Record(
        event,
        time_of("time", raw.get("time")),
        identities,
        properties,
        f"{raw.get('distinct_id', '')}|{track_id}|{type_}" if named else None,
        sent_at(raw.get("_flush_time")),
        act,
        same,
        operations,
        None,
        raw.get("time_free") is True,
        tuple(misfits),
        raw,
        token.strip() if type(token) is str else "",
    )


def _properties(raw: dict[str, Any]) -> dict[str, Any]:
    given = raw.get("properties")
    if type(given) is dict:
        return given
    if given is not None:
        raise Misshapen("properties", "malformed_record", given)
    return {}


def _identities(
    raw: dict[str, Any], properties: dict[str, Any], act: str, misfits: list[Misfit]
) -> tuple[dict[str, str], Same]:
    """Whom the record is about, and what else is the same person. Raises Misshapen."""
    given = raw.get("identities")
    distinct_id = raw.get("distinct_id")
    original = identity_text(raw.get("original_id")) if act == "login" else None
    if type(given) is dict and given:
        identities, same, wrong = of_identities(given)
        misfits += wrong
        if identities:
            if act == "login":
                login = identity_text(distinct_id)
                if login and "login_id" not in identities and not speaks_for(given, login):
                    identities["login_id"] = login
                if original and original not in identities.values():
                    same = (*same, of_distinct_id(original, is_login=False))
            return identities, same
    is_login = act == "login" or properties.get(IS_LOGIN) is True
    login_id = raw.get("login_id")
    is_login = is_login or (login_id is not None and login_id == distinct_id)
    kind, value = of_distinct_id(distinct_id, is_login=is_login)
    if original and original != value:
        return {kind: value}, (of_distinct_id(original, is_login=False),)
    return {kind: value}, ()
