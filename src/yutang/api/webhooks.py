"""Webhooks: where messages of alerts and schedules are sent besides the console."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.notices import Post, Webhook

ROUTES = APIRouter(tags=["webhooks"], responses=PROBLEMS)  # type: ignore[arg-type]


class NewWebhook(BaseModel):
    """Where to."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=80)
    kind: str = Field(description="json (signed) or wecom_robot: docs/alerts.md.")
    url: str = Field(max_length=2_000)


class WebhookChange(BaseModel):
    """Switch it on or off."""

    model_config = ConfigDict(extra="forbid")

    on: bool


class WebhookOut(BaseModel):
    """A webhook; `address` without what is secret in it."""

    id: int
    name: str
    kind: str
    address: str
    status: str
    created_at: int = Field(description="UTC ms.")


class MadeWebhook(WebhookOut):
    """`secret` signs its messages and is shown only now; empty where nothing is signed."""

    secret: str


class PostOut(BaseModel):
    """A message to it; answer: what the receiver said last."""

    id: int
    at: int = Field(description="UTC ms.")
    status: str = Field(description="waiting, sent or failed.")
    attempts: int
    answer: str


@ROUTES.get("/webhooks")
def list_webhooks(caller: Caller = needs("settings")) -> list[WebhookOut]:
    """All of them, by name."""
    return [WebhookOut(**_of(one)) for one in caller.brand.webhooks.list_()]


@ROUTES.post("/webhooks", status_code=201)
def add_webhook(new: NewWebhook, caller: Caller = needs("settings")) -> MadeWebhook:
    """Connect one; keep its secret, it is not shown again."""
    made, secret = caller.brand.webhooks.add(new.name, new.kind, new.url, by=caller.name)
    caller.record("webhook_added", made.name, {"kind": made.kind, "webhook": made.shown})
    return MadeWebhook(**_of(made), secret=secret)


@ROUTES.patch("/webhooks/{webhook_id}")
def switch_webhook(
    webhook_id: int, new: WebhookChange, caller: Caller = needs("settings")
) -> WebhookOut:
    """Switch it on or off."""
    one = caller.brand.webhooks.turn(webhook_id, on=new.on)
    caller.record("webhook_on" if new.on else "webhook_off", one.name, {"webhook": one.shown})
    return WebhookOut(**_of(one))


@ROUTES.delete("/webhooks/{webhook_id}", status_code=204)
def delete_webhook(webhook_id: int, caller: Caller = needs("settings")) -> None:
    """Forget it; alerts that name it tell the others."""
    one = caller.brand.webhooks.get(webhook_id)
    caller.brand.webhooks.remove(webhook_id)
    caller.record("webhook_remove", one.name, {"webhook": one.shown})


@ROUTES.post("/webhooks/{webhook_id}/test")
def send_test(webhook_id: int, caller: Caller = needs("settings")) -> PostOut:
    """Send a message that says it is a test, now."""
    one = caller.brand.webhooks.get(webhook_id)
    post = caller.brand.webhooks.test(webhook_id)
    caller.record("webhook_test", one.name, {"webhook": one.shown})
    return _post(post)


@ROUTES.get("/webhooks/{webhook_id}/posts")
def list_posts(webhook_id: int, caller: Caller = needs("settings")) -> list[PostOut]:
    """Its newest messages."""
    caller.brand.webhooks.get(webhook_id)
    return [_post(one) for one in caller.brand.webhooks.posts(webhook_id)]


def _of(one: Webhook) -> dict[str, object]:
    return {"id": one.id, "name": one.name, "kind": one.kind, "address": one.shown,
            "status": one.status, "created_at": one.created_at}  # fmt: skip


def _post(one: Post) -> PostOut:
    return PostOut(
        id=one.id, at=one.at, status=one.status, attempts=one.attempts, answer=one.answer
    )
