"""Who is told: the fields of a form that choose people and webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, QueryParams

from yutang.console.guard import Session
from yutang.notices import Channels, Webhook
from yutang.staff import may


@dataclass(frozen=True)
class Choices:
    """Whom one can choose: (login, name) of those who may analyse, webhooks that are on."""

    people: tuple[tuple[str, str], ...]
    webhooks: tuple[Webhook, ...]


def choices_of(request: Request, session: Session) -> Choices:
    staff = request.app.state.services.staff
    people = tuple(
        (one.login, one.name)
        for one in staff.list_members(session.membership.brand_id)
        if one.disabled_at is None and may(one.role, "analyse")
    )
    hooks = tuple(one for one in session.brand.webhooks.list_() if one.status == "on")
    return Choices(people, hooks)


def channels_of(form: FormData | QueryParams, choices: Choices) -> Channels:
    """What was chosen; without a name everybody who may analyse is told."""
    known = {login for login, _ in choices.people}
    chosen = tuple(str(one) for one in form.getlist("logins") if str(one) in known)
    numbers = {str(one.id): one.id for one in choices.webhooks}
    hooks = tuple(numbers[str(one)] for one in form.getlist("webhooks") if str(one) in numbers)
    return Channels(chosen or ("",), hooks)


def said_who(session: Session, channels: Channels, webhooks: list[Webhook]) -> str:
    """Those who are told, in words."""
    names = {one.id: one.name for one in webhooks}
    people = [
        session.text("everybody who may analyse") if one == "" else one for one in channels.logins
    ]
    return session.text("; ").join(
        [*people, *(names[one] for one in channels.webhooks if one in names)]
    )


def number_of(value: Any) -> int | None:
    """A whole number from an address; None where it is none."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
