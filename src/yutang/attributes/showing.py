"""Attributes as they may be shown to staff and programs: personal values masked for every role."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from yutang.attributes.choosing import Attribute
from yutang.attributes.history import Change
from yutang.catalog.identity_kinds import kind_of
from yutang.identity import Identity, mask


def shown(found: Iterable[Attribute], members: Sequence[Identity]) -> list[Attribute]:
    """Attributes of the customer with these identities. A value that is kept as a hash of one of
    them is shown as that identity is."""
    secrets = _secrets(members)
    return [
        replace(
            one,
            value=mask(one.value, secrets),
            said=tuple(replace(each, value=mask(each.value, secrets)) for each in one.said),
        )
        for one in found
    ]


def shown_changes(found: Iterable[Change], members: Sequence[Identity]) -> list[Change]:
    """The same of what was said."""
    secrets = _secrets(members)
    return [
        replace(one, value=mask(one.value, secrets), after=mask(one.after, secrets))
        for one in found
    ]


def _secrets(members: Sequence[Identity]) -> list[tuple[str, str]]:
    return [(one.value, one.shown) for one in members if kind_of(one.kind).hashed]
