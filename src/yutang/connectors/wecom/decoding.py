"""WeCom's callbacks (protocols 3.1, 3.2): verified, decrypted, and in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from yutang.catalog.connecting import Opened, Refused
from yutang.catalog.relations import (
    Change,
    GroupChange,
    OtherChange,
    RelationChange,
    StaffChange,
    TagChange,
)
from yutang.connectors.wecom.bodies import Fields, fields_of, number_of, text_of
from yutang.connectors.wecom.crypto import Crypto

_RELATIONS: dict[
    str,
    Literal[
        "added",
        "half_added",
        "edited",
        "deleted_by_staff",
        "deleted_by_customer",
        "transfer_failed",
    ],
] = {
    "add_external_contact": "added",
    "add_half_external_contact": "half_added",
    "edit_external_contact": "edited",
    "del_external_contact": "deleted_by_staff",
    "del_follow_user": "deleted_by_customer",
    "transfer_fail": "transfer_failed",
}
_Update = Literal["joined", "left", "owner_changed", "renamed", "notice_changed", "updated"]
_UPDATES: dict[str, _Update] = {
    "add_member": "joined",
    "del_member": "left",
    "change_owner": "owner_changed",
    "change_name": "renamed",
    "change_notice": "notice_changed",
}
_TAGS: dict[str, Literal["created", "updated", "deleted", "shuffled"]] = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "shuffle": "shuffled",
}
_STAFF: dict[
    str, tuple[Literal["created", "updated", "deleted"], Literal["member", "department"]]
] = {
    "create_user": ("created", "member"),
    "update_user": ("updated", "member"),
    "delete_user": ("deleted", "member"),
    "create_party": ("created", "department"),
    "update_party": ("updated", "department"),
    "delete_party": ("deleted", "department"),
}
# What an unknown event may keep of itself: how many fields, and how long each.
_KEPT_FIELDS = 40
_KEPT_LENGTH = 500


def _relation(fields: Fields, change: str, at: int) -> Change | None:
    kind = _RELATIONS.get(change)
    staff, contact = text_of(fields, "UserID"), text_of(fields, "ExternalUserID")
    if kind is None or not staff or not contact:
        return None
    return RelationChange(
        kind=kind,
        staff=staff,
        contact=contact,
        at=at,
        state=text_of(fields, "State"),
        welcome_code=text_of(fields, "WelcomeCode"),
        reason=text_of(fields, "Source", "FailReason"),
    )


def _members(fields: Fields) -> tuple[str, ...]:
    """The ids in MemChangeList: one item, several, a JSON list, or nothing at all."""
    listed: Any = fields.get("MemChangeList")
    items = listed.get("Item", ()) if isinstance(listed, dict) else listed
    if isinstance(items, str):
        items = [items]
    if not isinstance(items, list | tuple):
        return ()
    return tuple(item for item in items if isinstance(item, str) and item)


def _group(fields: Fields, change: str, at: int) -> Change | None:
    group = text_of(fields, "ChatId")
    if not group:
        return None
    if change == "create":
        return GroupChange("created", group, at)
    if change == "dismiss":
        return GroupChange("dismissed", group, at)
    if change != "update":
        return None
    kind: _Update = _UPDATES.get(text_of(fields, "UpdateDetail"), "updated")
    return GroupChange(
        kind=kind,
        group=group,
        at=at,
        members=_members(fields),
        # The other scene is sent too, as a nought that means nothing.
        join_scene=number_of(fields, "JoinScene") if kind == "joined" else None,
        quit_scene=number_of(fields, "QuitScene") if kind == "left" else None,
        last_version=text_of(fields, "LastMemVer"),
        version=text_of(fields, "CurMemVer"),
    )


def _tag(fields: Fields, change: str, at: int) -> Change | None:
    kind = _TAGS.get(change)
    what = text_of(fields, "TagType")
    tag = text_of(fields, "Id")
    if kind is None or (not tag and kind != "shuffled"):
        return None
    return TagChange(kind, "group" if what == "tag_group" else "tag", tag, at)


def _staff(fields: Fields, change: str, at: int) -> Change | None:
    known = _STAFF.get(change)
    if known is None:
        return None
    kind, what = known
    id = text_of(fields, "UserID") if what == "member" else text_of(fields, "Id")
    return StaffChange(kind, what, id, at, text_of(fields, "NewUserID")) if id else None


_READERS = {
    "change_external_contact": _relation,
    "change_external_chat": _group,
    "change_external_tag": _tag,
    "change_contact": _staff,
}


def _other(name: str, fields: Fields, at: int) -> OtherChange:
    kept = [
        (key, value[:_KEPT_LENGTH])
        for key in list(fields)[:_KEPT_FIELDS]
        # A welcome code is a key to somebody's chat: it is never shown.
        if key != "WelcomeCode" and (value := text_of(fields, key))
    ]
    return OtherChange(name, at, tuple(kept))


def decode(body: bytes) -> Opened:
    """A decrypted body in our own words; what we do not know becomes ``OtherChange``.

    Raises ``Refused`` (400) where the body is no XML or JSON, or names no event.
    """
    fields = fields_of(body)
    # Suites send InfoType and TimeStamp where self-built apps send Event and CreateTime.
    event = text_of(fields, "Event", "InfoType")
    change = text_of(fields, "ChangeType")
    kind = text_of(fields, "MsgType")
    seconds = number_of(fields, "CreateTime", "TimeStamp")
    if not event and not kind:
        raise Refused(400, "the body names no event")
    at = (seconds or 0) * 1000
    name = ".".join(part for part in (event or kind, change) if part)
    reader = _READERS.get(event)
    known = reader(fields, change, at) if reader and seconds else None
    return Opened(body, name, (known or _other(name, fields, at),))


class WeComDecoder:
    """Reads the callbacks of one WeCom account."""

    def __init__(self, crypto: Crypto) -> None:
        self._crypto = crypto

    def _verified(self, query: Mapping[str, str], encrypted: str) -> bytes:
        parts = [query.get(name, "") for name in ("msg_signature", "timestamp", "nonce")]
        if not all(parts) or not encrypted:
            raise Refused(400, "the address or the body lacks a part of the signature")
        self._crypto.verify(parts[0], parts[1], parts[2], encrypted)
        return self._crypto.open(encrypted)

    def check_url(self, query: Mapping[str, str]) -> str:
        """The text to answer a URL check with; raises ``Refused``."""
        try:
            return self._verified(query, query.get("echostr", "")).decode()
        except UnicodeDecodeError:
            raise Refused(400, "the text to echo is no UTF-8") from None

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        """Verify and decrypt a callback; raises ``Refused``."""
        fields = fields_of(body)
        return decode(self._verified(query, text_of(fields, "Encrypt", "encrypt")))

    def decode(self, body: bytes) -> Opened:
        """Read a decrypted body that was stored earlier."""
        return decode(body)
