"""Alerts: one number of a saved report, watched; the notices they and the schedules leave."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from yutang.alerts import Alert, AlertEvent
from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.errors import NotFound
from yutang.notices import Channels, filled
from yutang.staff import RIGHTS, may

ROUTES = APIRouter(tags=["alerts"], responses=PROBLEMS)  # type: ignore[arg-type]


class NewAlert(BaseModel):
    """What is watched, and when it speaks."""

    model_config = ConfigDict(extra="forbid")

    report: int = Field(description="The saved report.")
    name: str = Field(max_length=120)
    rule: dict[str, Any] = Field(
        description='{"watch": {"table": "", "cell": {}, "column": "A"}, "kind": "threshold", '
        '"change" or "anomaly", and its numbers}: docs/alerts.md.'
    )
    logins: list[str] = Field([""], max_length=100, description="Empty text: all who may analyse.")
    webhooks: list[int] = Field([], max_length=50)


class AlertChange(BaseModel):
    """What is left out stays: pause or go on, be quiet for so many days (0: speak again), another
    name, rule or receivers."""

    model_config = ConfigDict(extra="forbid")

    on: bool | None = None
    quiet_days: int | None = Field(None, ge=0, le=90)
    name: str | None = Field(None, max_length=120)
    rule: dict[str, Any] | None = Field(None, description="As a new alert's; it is judged anew.")
    logins: list[str] | None = Field(None, max_length=100)
    webhooks: list[int] | None = Field(None, max_length=50)


class AlertOut(BaseModel):
    """An alert; `seen` is what the last look saw."""

    id: int
    report: int
    name: str
    rule: dict[str, Any]
    status: str = Field(description="on or off.")
    state: str = Field(description="calm, firing, late, empty, broken; empty text: not looked at.")
    seen: dict[str, Any]
    checked_at: int | None = Field(description="UTC ms.")
    quiet_until: int = Field(description="UTC ms; 0: it speaks.")


class AlertEventOut(BaseModel):
    """A change of state."""

    at: int
    state: str
    detail: dict[str, Any]


class NoticeOut(BaseModel):
    """A notice to everybody who has the key's rights; `text` in English."""

    id: int
    at: int
    kind: str
    text: str
    link: str = Field(description="Below the brand's pages.")
    level: str = Field(description="bad, good, or empty.")


@ROUTES.get("/alerts")
def list_alerts(caller: Caller = needs("analyse")) -> list[AlertOut]:
    """All alerts; those that fire first."""
    return [_out(one) for one in caller.brand.alerts.list_()]


@ROUTES.post("/alerts", status_code=201)
def create_alert(new: NewAlert, caller: Caller = needs("analyse")) -> AlertOut:
    """Watch a number; it is looked at within a minute."""
    channels = Channels(tuple(new.logins) or ("",), tuple(new.webhooks))
    made = caller.brand.alerts.add(new.report, new.name, new.rule, channels, by=caller.name)
    caller.record("alert_added", made.name, {"alert": made.id})
    return _out(made)


@ROUTES.get("/alerts/{alert_id}")
def get_alert(alert_id: int, caller: Caller = needs("analyse")) -> AlertOut:
    """One alert."""
    return _out(caller.brand.alerts.get(alert_id))


@ROUTES.get("/alerts/{alert_id}/events")
def alert_history(alert_id: int, caller: Caller = needs("analyse")) -> list[AlertEventOut]:
    """Changes of its state, newest first."""
    caller.brand.alerts.get(alert_id)
    found: list[AlertEvent] = caller.brand.alerts.history(alert_id)
    return [AlertEventOut(at=one.at, state=one.state, detail=dict(one.detail)) for one in found]


@ROUTES.patch("/alerts/{alert_id}")
def change_alert(alert_id: int, new: AlertChange, caller: Caller = needs("analyse")) -> AlertOut:
    """Pause, go on, be quiet, watch something else, tell others."""
    alerts = caller.brand.alerts
    one = alerts.get(alert_id)
    if any(part is not None for part in (new.name, new.rule, new.logins, new.webhooks)):
        known = one.channels
        logins = known.get("logins", [""]) if new.logins is None else new.logins
        webhooks = known.get("webhooks", []) if new.webhooks is None else new.webhooks
        one = alerts.change(
            alert_id,
            one.name if new.name is None else new.name,
            one.rule.model_dump() if new.rule is None else new.rule,
            Channels(tuple(logins) or ("",), tuple(webhooks)),
        )
        caller.record("alert_changed", one.name, {"alert": one.id})
    if new.on is not None:
        one = alerts.turn(alert_id, on=new.on)
        caller.record("alert_resumed" if new.on else "alert_paused", one.name, {"alert": one.id})
    if new.quiet_days is not None:
        one = alerts.snooze(alert_id, new.quiet_days)
        detail = {"alert": one.id, "quiet_days": new.quiet_days}
        caller.record("alert_snoozed", one.name, detail)
    return _out(one)


@ROUTES.delete("/alerts/{alert_id}", status_code=204)
def delete_alert(alert_id: int, caller: Caller = needs("analyse")) -> None:
    """Remove it; for a week the console can bring it back."""
    one = caller.brand.alerts.remove(alert_id)
    caller.record("alert_deleted", one.name, {"alert": one.id})


@ROUTES.post("/alerts/{alert_id}/look")
def look_at_alert(alert_id: int, caller: Caller = needs("analyse")) -> AlertOut:
    """Look now, and tell whom it concerns."""
    try:
        version = int(caller.brand.shards().facts_version)
    except NotFound:
        version = 0
    caller.brand.alerts.look(alert_id, version)
    return _out(caller.brand.alerts.get(alert_id))


@ROUTES.get("/notices")
def list_notices(
    limit: Annotated[int, Query(ge=1, le=200)] = 50, caller: Caller = needs("see")
) -> list[NoticeOut]:
    """The newest notices to everybody with the key's rights."""
    rights = [right for right in RIGHTS if may(caller.key.role, right)]
    return [
        NoticeOut(id=one.id, at=one.at, kind=one.kind, link=one.link, level=one.level,
                  text=filled(one.template, one.params, _english))
        for one in caller.brand.notices.list_(caller.name, rights, limit=limit)
    ]  # fmt: skip


def _english(message: str, /, **params: object) -> str:
    return message % params if params else message


def _out(one: Alert) -> AlertOut:
    return AlertOut(
        id=one.id,
        report=one.report_id,
        name=one.name,
        rule=one.rule.model_dump(),
        status=one.status,
        state=one.state,
        seen=dict(one.seen),
        checked_at=one.checked_at,
        quiet_until=int(one.channels.get("quiet_until") or 0),
    )
