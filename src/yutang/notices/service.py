"""What the console tells people: one row per message, read by each for himself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select
from sqlalchemy.engine import Connection

from yutang.errors import NotFound
from yutang.kit.clock import DAY_MS
from yutang.notices.messages import Channels, Message, Notice
from yutang.state.brand import notice_reads, notices
from yutang.workspace import Workspace

KEPT_MS = 180 * DAY_MS
MOST = 200  # of a list


class Notices:
    """The notices of one brand."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def add_in(self, connection: Connection, message: Message, channels: Channels) -> None:
        """Tell it, in the caller's transaction; who is named twice is told once."""
        now = self._workspace.now()
        everybody = "" in channels.logins
        for login in [""] if everybody else dict.fromkeys(channels.logins):
            connection.execute(
                insert(notices).values(
                    at=now,
                    login=login,
                    needs=channels.needs,
                    kind=message.kind,
                    message=message.template,
                    params=dict(message.params),
                    link=message.link,
                    level=message.level,
                )
            )

    def list_(
        self, login: str, rights: Collection[str], *, unread: bool = False, limit: int = 50
    ) -> list[Notice]:
        """Newest first."""
        query = (
            select(notices, notice_reads.c.at.label("read_at"))
            .outerjoin(notice_reads, _read_by(login))
            .where(_for(login, rights))
            .order_by(notices.c.id.desc())
            .limit(min(limit, MOST))
        )
        if unread:
            query = query.where(notice_reads.c.at.is_(None))
        with self._workspace.db.read() as connection:
            return [_notice(row) for row in connection.execute(query)]

    def unread(self, login: str, rights: Collection[str]) -> int:
        """How many somebody has not read."""
        query = (
            select(func.count())
            .select_from(notices.outerjoin(notice_reads, _read_by(login)))
            .where(_for(login, rights), notice_reads.c.at.is_(None))
        )
        with self._workspace.db.read() as connection:
            return int(connection.execute(query).scalar_one())

    def mark_read(self, login: str, rights: Collection[str], notice_id: int | None = None) -> int:
        """One notice, or all of them: how many were not read before."""
        unread = (
            select(notices.c.id)
            .outerjoin(notice_reads, _read_by(login))
            .where(_for(login, rights), notice_reads.c.at.is_(None))
        )
        if notice_id is not None:
            unread = unread.where(notices.c.id == notice_id)
        with self._workspace.db.write() as connection:
            ids = [int(row.id) for row in connection.execute(unread)]
            if ids:
                now = self._workspace.now()
                rows = [{"login": login, "notice_id": one, "at": now} for one in ids]
                connection.execute(insert(notice_reads), rows)
        return len(ids)

    def link(self, login: str, rights: Collection[str], notice_id: int) -> str:
        """Where a notice leads, below the brand's pages. Raises NotFound."""
        query = select(notices.c.link).where(notices.c.id == notice_id, _for(login, rights))
        with self._workspace.db.read() as connection:
            found = connection.execute(query).scalar()
        if found is None:
            raise NotFound("There is no such notice.")
        return str(found)

    def sweep(self) -> None:
        """Forget what is older than half a year."""
        old = select(notices.c.id).where(notices.c.at < self._workspace.now() - KEPT_MS)
        with self._workspace.db.write() as connection:
            connection.execute(delete(notice_reads).where(notice_reads.c.notice_id.in_(old)))
            connection.execute(delete(notices).where(notices.c.id.in_(old)))


def _read_by(login: str) -> Any:
    return and_(notice_reads.c.notice_id == notices.c.id, notice_reads.c.login == login)


def _for(login: str, rights: Collection[str]) -> Any:
    return or_(
        notices.c.login == login,
        and_(notices.c.login == "", notices.c.needs.in_(["", *sorted(rights)])),
    )


def _notice(row: Any) -> Notice:
    return Notice(
        row.id, row.at, row.kind, row.message, row.params, row.link, row.level,
        row.read_at is not None,
    )  # fmt: skip
