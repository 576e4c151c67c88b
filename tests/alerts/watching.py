"""A brand whose answers a test writes, whose clock it moves, and whose posts it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.alerts.test_periods import ZONE, at
from yutang.alerts import Alerts, Asker
from yutang.analysis import Column, Result, Table
from yutang.errors import YutangError
from yutang.installation import Installation
from yutang.notices import Desk, Letter, Message, Notices, Taken, Webhooks
from yutang.reports import Reports
from yutang.workspace import Workspace

FIRST = date(2026, 6, 1)
START = at("2026-11-23 08:00:00")
COLUMNS = (Column("bucket", "日期", "Date", "period"), Column("A", "单数", "Orders", "count"))
RIGHTS = ("see", "analyse", "settings")


@dataclass
class Watched:
    """`orders`: by day; `facts_until`: the newest fact (UTC ms). error: the report is broken."""

    home: Path
    orders: dict[str, int] = field(default_factory=dict)
    now: int = START
    facts_until: int = START
    error: YutangError | None = None
    taken: list[Letter] = field(default_factory=list)
    answers: list[Taken] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        installation = Installation.create(self.home)
        row = installation.find_brand("main") or installation.add_brand("main", "Pond")
        self.workspace: Workspace = replace(installation.workspace(row), now=lambda: self.now)
        self.notices = Notices(self.workspace)
        self.webhooks = Webhooks(self.workspace, self.notices, self.send, said)
        self.reports = Reports(self.workspace)
        self.desk = Desk(self.notices, self.webhooks)
        asker = Asker(self.ask, ZONE, lambda: self.now)
        self.alerts = Alerts(self.workspace, self.reports, asker, self.desk)
        params = {"range": "last_30", "unit": "day", "measures": [{"event": "order_paid"}]}
        self.report = self.reports.add("Orders", "event", params, by="boss").id
        for n in range(200):
            day = FIRST + timedelta(days=n)
            self.orders[day.isoformat()] = 100 + n % 7

    def ask(self, model: str, params: Mapping[str, Any], today: date) -> Result:
        self.asked += 1
        if params.get("unit") == "hour":  # how fresh the facts are
            return Result("event", Table(COLUMNS, self._hours(params)))
        if self.error is not None:
            raise self.error
        first, last = (date.fromisoformat(params[end]) for end in ("from", "to"))
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        counts = [self.orders.get(day.isoformat(), 0) for day in days]
        rows = [{"bucket": day.isoformat(), "A": n} for day, n in zip(days, counts, strict=True)]
        total = Table(COLUMNS[1:], [{"A": sum(counts)}])
        return Result(model, Table(COLUMNS, rows), {"total": total})

    def _hours(self, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        moment, end = at(params["from"] + " 00:00:00"), at(params["to"] + " 23:59:00")
        rows = []
        while moment < end:
            day = date.fromtimestamp(moment / 1000 + 8 * 3600)
            hour = (moment // 3_600_000 + 8) % 24
            label = f"{day.isoformat()} {hour:02}:00"
            rows.append({"bucket": label, "A": int(moment < self.facts_until)})
            moment += 3_600_000
        return rows

    def send(self, letter: Letter) -> Taken:
        self.taken.append(letter)
        return self.answers.pop(0) if self.answers else Taken(True, "ok")

    def told(self) -> list[str]:
        """Templates told in the console, oldest first."""
        found = self.notices.list_("boss", RIGHTS, limit=100)
        return [one.template for one in reversed(found)]


def said(message: Message) -> dict[str, str]:
    return {"en": message.template % dict(message.params), "zh": message.template}
