"""A brand with two groups that see messages, one with statistics and one with joins only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from yutang.brand import Brand
from yutang.worker import work_on

DAY, HOUR = 86_400_000, 3_600_000
START = 1_780_272_000_000  # 2026-06-01 08:00 in Shanghai


def at(day: int, hour: float = 2) -> int:
    """Hours count from 8 in the morning."""
    return START + day * DAY + int(hour * HOUR)


def line(event: str, time: int, who: int = 0, **properties: Any) -> dict[str, Any]:
    """An event of a customer (0: of nobody)."""
    found: dict[str, Any] = {"event": event, "time": time, "properties": properties}
    if who:
        found["identities"] = {"external_userid": f"wm{who}", "member_no": f"m{who}"}
    return found


def said(group: str, time: int, who: int, text: str = "hello", **more: Any) -> dict[str, Any]:
    how = {"group": group, "role": "customer" if who else "owner", "kind": "text", **more}
    return line("group_message_sent", time, who, **how, **({"text": text} if who else {}))


def lines() -> list[dict[str, Any]]:
    found = [
        line("group_created", at(0, 0), group="A", name="Alpha", owner="G01"),
        line("group_created", at(0, 0), group="B", name="Beta", owner="G02"),
        line("group_created", at(0, 0), group="C", name="Gamma", owner="G03"),
        line("group_owner_changed", at(5), group="B", owner="G01"),
        line("group_renamed", at(6), group="B", name="Beta 2"),
    ]
    for who in range(1, 13):
        found.append(line("group_joined", at(1, who / 10), who, group="A"))
    for who in range(11, 16):
        found.append(line("group_joined", at(2, who / 10), who, group="B"))
    found.append(line("group_joined", at(2), 20, group="D/1"))
    found.append(line("group_left", at(20), 12, group="A", left_by="staff"))
    found.append(line("group_left", at(21), 11, group="A"))
    for day in range(10, 30):
        found.append(said("A", at(day, 1), 1 + day % 5, "when do you ship?"))
        found.append(said("A", at(day, 1.5), 0))
        found.append(said("A", at(day, 3), 1 + day % 3, "收到啦"))
        found.append(said("B", at(day, 2), 0, kind="mini_program"))
        found.append(line("group_statistics_read", at(day), group="C", members=50, joined=1,
                          active_members=5, messages=12, left=0))  # fmt: skip
    found.append(said("B", at(28), 13, "要求退款，没人理"))
    found.append(said("B", at(28, 3), 14, "坏了怎么办"))
    return found


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def bring(brand: Brand, path: Path) -> int:
    """Import an event file and do all that is due; the import's number."""
    one = brand.imports.add(path, kind="events", filename=path.name, by="test")
    brand.imports.queue(one.id)
    work_on(brand)
    done = brand.imports.get(one.id)
    assert done.status == "done", done
    return int(one.id)
