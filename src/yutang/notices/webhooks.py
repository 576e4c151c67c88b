"""Webhooks: where messages go outside the console, and the posts that wait for them.

A post's row is written with the change it tells of, before the first try; it is tried until it is
taken once or a day has passed. Whoever tries claims the row first, so that two processes do not
send it both. An answer that is lost after the receiver took it means one more try: a receiver
knows it by the post's number.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from yutang.catalog.webhook_kinds import BY_CODE
from yutang.errors import BadInput, Conflict, NotFound
from yutang.kit.clock import DAY_MS
from yutang.kit.messages import mark
from yutang.notices.messages import Channels, Message
from yutang.notices.outbox import GIVE_UP_MS, checked_url, shown_url, wait_ms
from yutang.notices.service import Notices
from yutang.state.brand import webhook_posts, webhooks
from yutang.state.due import posts_due
from yutang.workspace import Workspace

NAME_LENGTH = 80
MOST = 50
LEASE_MS = 120_000  # longer than any try takes
TURN_MS = 20_000  # of one brand: other brands and imports wait meanwhile
TOLD = 300  # characters of an answer that are kept
KEPT_MS = 30 * DAY_MS
TEST = mark("This is a test of the webhook “%(name)s”.")
GAVE_UP = mark("The webhook “%(name)s” took no message for a day: %(answer)s")


@dataclass(frozen=True)
class Webhook:
    """`shown` is the address without what is secret in it."""

    id: int
    name: str
    kind: str
    shown: str
    status: str
    created_by: str
    created_at: int


@dataclass(frozen=True)
class Post:
    """status: waiting, sent or failed; answer: what the receiver said last."""

    id: int
    webhook_id: int
    at: int
    status: str
    attempts: int
    next_at: int | None
    answer: str


@dataclass(frozen=True)
class Letter:
    """What a sender is given: where to, what (`body`: neutral), signed with what."""

    id: int
    kind: str
    url: str
    secret: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Taken:
    """What came of a try. is_final: another one would end the same."""

    ok: bool
    answer: str
    is_final: bool = False


Send = Callable[[Letter], Taken]
Say = Callable[[Message], Mapping[str, str]]  # a message's text by language


class Webhooks:
    """The webhooks of one brand."""

    def __init__(self, workspace: Workspace, notices: Notices, send: Send, say: Say) -> None:
        self._workspace = workspace
        self._notices = notices
        self._send = send
        self._say = say
        self._tried: dict[int, deque[int]] = {}  # webhook → when, in the last minute

    def list_(self) -> list[Webhook]:
        """By name."""
        with self._workspace.db.read() as connection:
            rows = connection.execute(select(webhooks).order_by(webhooks.c.name))
            return [_webhook(row) for row in rows]

    def get(self, webhook_id: int) -> Webhook:
        """Raises NotFound."""
        return _webhook(self._row(webhook_id))

    def add(self, name: str, kind: str, url: str, *, by: str) -> tuple[Webhook, str]:
        """A new webhook, and its secret, which is never shown again ("" where it signs nothing).

        Raises BadInput, Conflict.
        """
        name, url = name.strip(), checked_url(url)
        if not 0 < len(name) <= NAME_LENGTH:
            raise BadInput("A name has 1 to %(n)d characters.", n=NAME_LENGTH)
        if kind not in BY_CODE:
            raise BadInput("There is no kind of webhook “%(kind)s”.", kind=kind[:40])
        secret = secrets.token_urlsafe(32) if BY_CODE[kind].signs else ""
        values = {"name": name, "kind": kind, "url": url, "secret": secret, "created_by": by}
        try:
            with self._workspace.db.write() as connection:
                if connection.execute(select(func.count(webhooks.c.id))).scalar_one() >= MOST:
                    raise BadInput("A brand has at most %(n)s webhooks.", n=MOST)
                query = insert(webhooks).values(created_at=self._workspace.now(), **values)
                new = connection.execute(query.returning(webhooks.c.id)).scalar_one()
        except IntegrityError:
            raise Conflict(
                "There is a webhook “%(name)s” already.", hint="Choose another name.", name=name
            ) from None
        return self.get(int(new)), secret

    def turn(self, webhook_id: int, *, on: bool) -> Webhook:
        """Switch it on or off; off, what waits is not sent, and fails when it is a day old."""
        self._row(webhook_id)
        with self._workspace.db.write() as connection:
            connection.execute(
                update(webhooks)
                .where(webhooks.c.id == webhook_id)
                .values(status="on" if on else "off")
            )
        return self.get(webhook_id)

    def remove(self, webhook_id: int) -> None:
        """Forget it and its posts; alerts that name it tell the others."""
        self._row(webhook_id)
        with self._workspace.db.write() as connection:
            connection.execute(
                delete(webhook_posts).where(webhook_posts.c.webhook_id == webhook_id)
            )
            connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))

    def posts(self, webhook_id: int | None = None, *, limit: int = 20) -> list[Post]:
        """Newest first."""
        query = select(webhook_posts).order_by(webhook_posts.c.id.desc()).limit(limit)
        if webhook_id is not None:
            query = query.where(webhook_posts.c.webhook_id == webhook_id)
        with self._workspace.db.read() as connection:
            return [_post(row) for row in connection.execute(query)]

    def queue_in(self, connection: Connection, message: Message, ids: tuple[int, ...]) -> None:
        """Write the posts of a message in the caller's transaction; unknown and switched off
        webhooks are passed over."""
        if not ids:
            return
        known = select(webhooks.c.id).where(webhooks.c.id.in_(ids), webhooks.c.status == "on")
        for one in list(connection.execute(known).scalars()):
            self._write(connection, int(one), message)

    def test(self, webhook_id: int) -> Post:
        """Send a test message now and say what came of it."""
        hook = self.get(webhook_id)
        message = Message("test", TEST, {"name": hook.name}, link="alerts")
        with self._workspace.db.write() as connection:
            number = self._write(connection, webhook_id, message)
        self._try(number, is_test=True)
        query = select(webhook_posts).where(webhook_posts.c.id == number)
        with self._workspace.db.read() as connection:
            return _post(connection.execute(query).one())

    def send_due(self) -> int:
        """Try what is due, for the length of a turn: how many were tried."""
        now = self._workspace.now()
        query = (
            select(webhook_posts.c.id)
            .where(posts_due(now))
            .order_by(webhook_posts.c.next_at, webhook_posts.c.id)
        )
        with self._workspace.db.read() as connection:
            due = list(connection.execute(query).scalars())
        tried = 0
        for number in due:
            if self._workspace.now() - now > TURN_MS:
                break
            tried += self._try(int(number))
        return tried

    def sweep(self) -> None:
        """Forget posts that were done with a month ago."""
        old = webhook_posts.c.at < self._workspace.now() - KEPT_MS
        done = webhook_posts.c.status != "waiting"
        with self._workspace.db.write() as connection:
            connection.execute(delete(webhook_posts).where(old, done))

    # --- inside --------------------------------------------------------------------------------
    def _row(self, webhook_id: int) -> Any:
        with self._workspace.db.read() as connection:
            row = connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).first()
        if row is None:
            raise NotFound("There is no such webhook.")
        return row

    def _write(self, connection: Connection, webhook_id: int, message: Message) -> int:
        now = self._workspace.now()
        body = {
            "kind": message.kind,
            "brand": self._workspace.slug,
            "at": now,
            "level": message.level,
            "link": message.link,
            "text": dict(self._say(message)),
            "data": dict(message.data),
        }
        query = insert(webhook_posts).values(webhook_id=webhook_id, at=now, body=body, next_at=now)
        return int(connection.execute(query.returning(webhook_posts.c.id)).scalar_one())

    def _try(self, number: int, *, is_test: bool = False) -> bool:
        """One try of one post, if nobody else has it; was it tried?"""
        now = self._workspace.now()
        query = (
            select(webhook_posts, webhooks.c.kind, webhooks.c.url, webhooks.c.secret,
                   webhooks.c.name, webhooks.c.status.label("hook"))
            .join(webhooks)
            .where(webhook_posts.c.id == number)
        )  # fmt: skip
        with self._workspace.db.read() as connection:
            row = connection.execute(query).first()
        if row is None or row.status != "waiting" or not self._claim(row, now):
            return False
        if row.hook != "on" and not is_test:
            self._settle(row, Taken(False, "off"), now, tried=False)
            return False
        if self._is_full(row, now):
            return False
        letter = Letter(row.id, row.kind, row.url, row.secret, row.body)
        self._settle(row, self._send(letter), self._workspace.now(), once=is_test)
        return True

    def _claim(self, row: Any, now: int) -> bool:
        """Put the next try out of everybody else's reach until this one must be over."""
        mine = and_(
            webhook_posts.c.id == row.id,
            webhook_posts.c.status == "waiting",
            webhook_posts.c.next_at == row.next_at,
        )
        with self._workspace.db.write() as connection:
            query = update(webhook_posts).where(mine).values(next_at=now + LEASE_MS)
            return connection.execute(query).rowcount == 1

    def _is_full(self, row: Any, now: int) -> bool:
        """Has the receiver had as many in this minute as it takes? Then the post waits."""
        most = BY_CODE[row.kind].per_minute if row.kind in BY_CODE else 0
        tried = self._tried.setdefault(row.webhook_id, deque())
        while tried and tried[0] <= now - 60_000:
            tried.popleft()
        if most and len(tried) >= most:
            again = update(webhook_posts).where(webhook_posts.c.id == row.id)
            with self._workspace.db.write() as connection:
                connection.execute(again.values(next_at=tried[0] + 60_000))
            return True
        tried.append(now)
        return False

    def _settle(
        self, row: Any, taken: Taken, now: int, *, tried: bool = True, once: bool = False
    ) -> None:
        """Write what came of a try; who gives up tells the administrators."""
        attempts = row.attempts + (1 if tried else 0)
        is_over = taken.is_final or once or now - row.at >= GIVE_UP_MS
        status = "sent" if taken.ok else "failed" if is_over else "waiting"
        again = now + wait_ms(max(attempts, 1)) if status == "waiting" else None
        with self._workspace.db.write() as connection:
            connection.execute(
                update(webhook_posts)
                .where(webhook_posts.c.id == row.id)
                .values(status=status, attempts=attempts, next_at=again, answer=taken.answer[:TOLD])
            )
            if status == "failed" and not once and row.hook == "on":
                told = {"name": row.name, "answer": taken.answer[:TOLD]}
                message = Message("webhook", GAVE_UP, told, "settings/webhooks", "bad")
                self._notices.add_in(connection, message, Channels(needs="settings"))


def _webhook(row: Any) -> Webhook:
    return Webhook(
        row.id, row.name, row.kind, shown_url(row.url), row.status, row.created_by, row.created_at
    )


def _post(row: Any) -> Post:
    return Post(
        row.id, row.webhook_id, row.at, row.status, row.attempts, row.next_at, row.answer
    )  # fmt: skip
