"""Who a Sensors record is about. protocols.md §1.5.

ID-mapping 3 sends `identities`; ID-mapping 1 and 2 only `distinct_id`, of which `$is_login_id`, or
a sign-up, says whether it is a login.
"""

from __future__ import annotations

from typing import Any

from yutang.connectors.wire.opening import Misshapen
from yutang.connectors.wire.values import Misfit, identity_text, kind_text, why_none

PREFIX = "$identity_"
KINDS = {
    "$identity_login_id": "login_id",
    "$identity_mobile": "phone",
    "$identity_email": "email",
    "$identity_cookie_id": "cookie",
    "$identity_anonymous_id": "anonymous_id",
    "$identity_mp_id": "device",
    "$identity_mp_openid": "openid",
    "$identity_mp_unionid": "unionid",
    # What the SDKs of apps call the device. As kinds of their own they would tie people together.
    "$identity_android_id": "device",
    "$identity_android_uuid": "device",
    "$identity_idfv": "device",
    "$identity_ios_uuid": "device",
    "$identity_mac_serial_id": "device",
    "$identity_mac_uuid": "device",
    "$identity_harmony_uuid": "device",
}
KNOWN_KEYS = 1_000  # own keys that are remembered
_kinds: dict[str, str] = dict(KINDS)

Same = tuple[tuple[str, str], ...]


def kind_of_key(key: str) -> str | None:
    """The canonical kind of a key of `identities`; None where nothing can be made of it.

    >>> kind_of_key("$identity_mp_wx12_openid"), kind_of_key("$identity_CRM"), kind_of_key("会员")
    ('openid', 'crm', None)
    """
    kind = _kinds.get(key)
    if kind is None:
        own = key.removeprefix(PREFIX)
        is_openid = key.startswith(PREFIX + "mp_") and key.endswith("_openid")
        kind = "openid" if is_openid else kind_text(own)
        if kind is not None and len(_kinds) < KNOWN_KEYS:
            _kinds[key] = kind
    return kind


def of_identities(given: dict[str, Any]) -> tuple[dict[str, str], Same, list[Misfit]]:
    """({kind: value}, further values of those kinds, what was left out)."""
    made: dict[str, str] = {}
    same: list[tuple[str, str]] = []
    misfits: list[Misfit] = []
    for key, value in given.items():
        kind = _kinds.get(key) or kind_of_key(key)
        text = identity_text(value)
        if kind is None or text is None:
            if value is not None and value != "":
                reason = "unknown_identity_kind" if kind is None else why_none(value)
                misfits.append((f"identities.{key}", reason, value))
        elif made.setdefault(kind, text) != text:
            same.append((kind, text))
    return made, tuple(same), misfits


def of_distinct_id(value: Any, *, is_login: bool) -> tuple[str, str]:
    """(kind, value) of a distinct_id, which may be written `$identity_mobile+13800000000`.

    Raises Misshapen.
    """
    text = identity_text(value)
    if text is None:
        reason = why_none(value) if value else "missing_identity"
        raise Misshapen("distinct_id", reason, value)
    if text.startswith(PREFIX):
        key, plus, rest = text.partition("+")
        kind = kind_of_key(key)
        if plus and kind and rest:
            return kind, rest
    return ("login_id" if is_login else "distinct_id"), text


def speaks_for(given: dict[str, Any], distinct_id: str) -> bool:
    """Do the identities hold the distinct_id, as a value or as key+value?"""
    return any(value == distinct_id or f"{key}+{value}" == distinct_id
               for key, value in given.items())  # fmt: skip
