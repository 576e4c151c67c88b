"""The answer in a sentence: for each model the number that matters, and how it stood before.

Each function gives sentences in the reader's language; numbers are set in <b>, names are escaped.
A model that is not here says how many rows it has and which is the largest (present.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yutang.analysis.contract import SMALL_COHORT
from yutang.analysis.groups import OTHER_LABEL
from yutang.analysis.path_table import LEFT_LABEL
from yutang.analysis.smart_path_table import NOTHING_LABEL
from yutang.console.analyse.answer import COMPARED, Asked, change, key_label, plain, safe
from yutang.console.formats import count, duration_of, rate
from yutang.console.language import mark

Row = Mapping[str, Any]
_COMMON = 0.01  # ways that fewer take are not worth a sentence
# Rows that stand for the rest of all, or for nothing at all.
_REST = frozenset((OTHER_LABEL, NOTHING_LABEL, LEFT_LABEL))
PERIODS = {"day": mark("day %(n)s"), "week": mark("week %(n)s"), "month": mark("month %(n)s")}


def _bold(text: str) -> str:
    return f"<b>{text}</b>"


def _value(asked: Asked, row: Row, name: str, kind: str = "count") -> str:
    """A number of a row, and its change where the row is compared."""
    value = row.get(name)
    shown = {"count": count, "rate": rate}.get(kind, plain)(value)
    if kind == "seconds":
        shown = duration_of(value, asked.session.text)
    by = change(value, row.get(name + COMPARED), kind)
    if not by:
        return _bold(shown)
    return asked.session.text("%(value)s (%(by)s against before)", value=_bold(shown), by=by)


def _first(asked: Asked, table: str) -> Row:
    """The first row of a further table; empty where there is none."""
    found = asked.result.tables.get(table)
    return found.rows[0] if found is not None and found.rows else {}


def _rows(asked: Asked, *tables: str) -> Sequence[Row]:
    """The rows of the first of these tables that is there, else of the main one."""
    for name in tables:
        if name in asked.result.tables:
            return asked.result.tables[name].rows
    return asked.result.rows


def _largest(rows: Sequence[Row], name: str) -> Row | None:
    """The row with the most; one for the rest of all is none."""
    named = [row for row in rows if not _REST.intersection(row.values()) and row.get(name)]
    return max(named, key=lambda row: row[name], default=None)


def _label(asked: Asked, row: Row, name: str) -> str:
    """What a person reads for the key of a row."""
    for table in (asked.result.table, *asked.result.tables.values()):
        for column in table.columns:
            if column.name == name:
                return safe(str(key_label(asked, column, row[name])))
    return safe(str(row[name]))


def _events(asked: Asked, field: str) -> str:
    """The events of a parameter, as a person reads them."""
    names = asked.params.get(field, {}).get("event", "*")
    listed = names if isinstance(names, list) else [names]
    said = asked.session.text("any event")
    return safe(" / ".join(said if name == "*" else asked.words.event(name) for name in listed))


def retention(asked: Asked) -> list[str]:
    said = asked.session.text
    known = [row for row in _rows(asked, "summary") if row.get("rate") is not None]
    if not known:
        return []
    shown = [known[0]] if len(known) == 1 else [known[0], known[-1]]
    unit = PERIODS[asked.params.get("unit", "day")]
    parts = [
        said(
            "%(when)s: %(rate)s",
            when=said(unit, n=row["n"]),
            rate=_value(asked, row, "rate", "rate"),
        )
        for row in shown
    ]
    return [
        said(
            "<b>%(size)s</b> people did “%(start)s”; came back for “%(back)s” on %(rates)s.",
            size=count(known[0]["size"]),
            start=_events(asked, "start"),
            back=_events(asked, "return"),
            rates=said(", ").join(parts),
        )
    ]


def distribution(asked: Asked) -> list[str]:
    said = asked.session.text
    found, buckets = _rows(asked, "periods"), _rows(asked, "total")
    people = sum(row["people"] for row in buckets)
    parts = []
    if len(found) == 1:
        parts.append(
            said(
                "%(people)s people; half of them have at most %(half)s, the mean is %(mean)s.",
                people=_value(asked, found[0], "people"),
                half=_value(asked, found[0], "p50", "number"),
                mean=_value(asked, found[0], "average", "number"),
            )
        )
    top = _largest(buckets, "people")
    if top:
        parts.append(
            said(
                "Most are in %(bucket)s: <b>%(share)s</b>.",
                bucket=_label(asked, top, "bucket"),
                share=rate(top["people"] / people),
            )
        )
    return parts


def path(asked: Asked) -> list[str]:
    said, total = asked.session.text, _first(asked, "total")
    parts = [
        said(
            "%(sessions)s visits of %(people)s people.",
            sessions=_value(asked, total, "sessions"),
            people=_value(asked, total, "people"),
        )
    ]
    top = _largest([row for row in _rows(asked, "all") if row["layer"] == 1], "sessions")
    if top:
        parts.append(
            said(
                "The commonest first step is %(way)s: <b>%(n)s</b> visits.",
                way=f"{_label(asked, top, 'source')} → {_label(asked, top, 'target')}",
                n=count(top["sessions"]),
            )
        )
    return parts


def smart_path(asked: Asked) -> list[str]:
    said, total, rows = asked.session.text, _first(asked, "total"), _rows(asked, "all")
    parts = [
        said(
            "%(people)s people reached “%(target)s”, %(rate)s of all who were there.",
            people=_value(asked, total, "people"),
            target=_events(asked, "target"),
            rate=_value(asked, total, "rate", "rate"),
        )
    ]
    top = _largest(rows, "people")
    if top:
        parts.append(
            said(
                "The commonest way, of <b>%(share)s</b>: %(way)s.",
                share=rate(top["share"]),
                way=_label(asked, top, "sequence"),
            )
        )
    common = [row for row in rows if row["people"] >= SMALL_COHORT and row["share"] >= _COMMON]
    telling = _largest(common, "lift")
    if telling and telling["lift"] > 1:
        parts.append(
            said(
                "They took %(way)s <b>%(lift)s</b> times as often as those who did not reach it.",
                way=_label(asked, telling, "sequence"),
                lift=plain(telling["lift"]),
            )
        )
    return parts


def interval(asked: Asked) -> list[str]:
    said, row = asked.session.text, next(iter(_rows(asked, "total")), {})
    starts = _first(asked, "starts")
    parts = []
    if row.get("p50") is not None:
        parts.append(
            said(
                "Half take at most %(half)s, nine of ten at most %(most)s.",
                half=_value(asked, row, "p50", "seconds"),
                most=_value(asked, row, "p90", "seconds"),
            )
        )
    if starts.get("starts"):
        parts.append(
            said(
                "Of %(starts)s beginnings %(rate)s had an end in time.",
                starts=_value(asked, starts, "starts"),
                rate=_value(asked, starts, "rate", "rate"),
            )
        )
    return parts


def attribution(asked: Asked) -> list[str]:
    said, total = asked.session.text, _first(asked, "total")
    parts = [said("Conversions: %(n)s.", n=_value(asked, total, "conversions"))]
    top = _largest(asked.result.rows, "conversions")
    if top and total.get("conversions"):
        parts.append(
            said(
                "Most credit goes to “%(channel)s”: <b>%(n)s</b>, %(share)s of all.",
                channel=_label(asked, top, "channel"),
                n=plain(round(top["conversions"], 1)),
                share=rate(top["conversions"] / total["conversions"]),
            )
        )
    if total.get("direct"):
        parts.append(said("Without any touch before it: %(n)s.", n=_value(asked, total, "direct")))
    return parts


def ltv(asked: Asked) -> list[str]:
    said = asked.session.text
    known = [row for row in _rows(asked, "total") if row.get("ltv") is not None]
    if not known:
        return []
    last = known[-1]
    parts = [
        said(
            "One of %(starters)s starters is worth %(ltv)s after %(days)s days; %(payers)s paid.",
            starters=_value(asked, last, "starters"),
            ltv=_value(asked, last, "ltv", "number"),
            days=last["day"],
            payers=_bold(rate(last["payers"] / last["people"] if last["people"] else None)),
        )
    ]
    back = _first(asked, "payback")
    if back.get("payback_day") is not None:
        parts.append(said("The cost is back after day <b>%(n)s</b>.", n=count(back["payback_day"])))
    return parts


def session(asked: Asked) -> list[str]:
    total = _first(asked, "total")
    return [
        asked.session.text(
            "%(sessions)s visits of %(people)s people, %(depth)s events each on average; %(bounce)s"
            " end after one.",
            sessions=_value(asked, total, "sessions"),
            people=_value(asked, total, "people"),
            depth=_value(asked, total, "depth", "number"),
            bounce=_value(asked, total, "bounce_rate", "rate"),
        )
    ]


def activity(asked: Asked) -> list[str]:
    rows = _rows(asked, "all")
    row = next((row for row in reversed(rows) if not row.get("open")), None)
    if row is None:
        return []
    return [
        asked.session.text(
            "From %(period)s on: %(active)s active. %(inflow)s came in (%(new)s new, %(back)s back"
            " again), %(outflow)s went quiet.",
            period=row["period"],
            active=_value(asked, row, "active"),
            inflow=_value(asked, row, "inflow"),
            new=_bold(count(row["new"])),
            back=_bold(count(row["returning"])),
            outflow=_value(asked, row, "outflow"),
        )
    ]


def stickiness(asked: Asked) -> list[str]:
    rows = _rows(asked, "periods")
    row = next((row for row in reversed(rows) if not row.get("open")), rows[-1] if rows else None)
    if row is None:
        return []
    return [
        asked.session.text(
            "%(period)s: %(people)s people, each active %(units)s times on average; stickiness"
            " %(rate)s.",
            period=row["period"],
            people=_value(asked, row, "people"),
            units=_value(asked, row, "average_units", "number"),
            rate=_value(asked, row, "stickiness", "rate"),
        )
    ]


def property_(asked: Asked) -> list[str]:
    said, total = asked.session.text, _first(asked, "total")
    parts = [said("Customers: %(people)s.", people=_value(asked, total, "people"))]
    top = _largest(asked.result.rows, "people")
    names = asked.group_names()
    if top and names:
        label = asked.group_label([top[f"group_{i}"] for i in range(1, len(names) + 1)])
        parts.append(
            said(
                "The largest group is “%(group)s”: <b>%(n)s</b>, %(share)s.",
                group=safe(label),
                n=count(top["people"]),
                share=rate(top["share"]),
            )
        )
    return parts


def rfm(asked: Asked) -> list[str]:
    said, rows = asked.session.text, asked.result.rows
    people, fen = (sum(row[name] for row in rows) for name in ("people", "revenue_fen"))
    parts = [said("Customers: %(people)s.", people=_bold(count(people)))]
    best = next((row for row in rows if row["people"]), None)
    if best and fen:
        parts.append(
            said(
                "“%(layer)s” are <b>%(share)s</b> of them and bring <b>%(money)s</b> of the money.",
                layer=_label(asked, best, "segment"),
                share=rate(best["share"]),
                money=rate(best["revenue_fen"] / fen),
            )
        )
    return parts


def page(asked: Asked) -> list[str]:
    said, total = asked.session.text, _first(asked, "total")
    if asked.params.get("by") == "channel":
        return [
            said("%(people)s people came by a channel.", people=_value(asked, total, "people_1"))
        ]
    parts = [
        said(
            "%(views)s views of %(people)s people; %(bounce)s saw one page only.",
            views=_value(asked, total, "views"),
            people=_value(asked, total, "people"),
            bounce=_value(asked, total, "bounce_rate", "rate"),
        )
    ]
    top = _largest(_rows(asked, "all"), "views")
    if top:
        parts.append(
            said(
                "The most seen is “%(page)s”: <b>%(n)s</b>.",
                page=_label(asked, top, "page"),
                n=count(top["views"]),
            )
        )
    return parts


def form(asked: Asked) -> list[str]:
    said, stages = asked.session.text, _rows(asked, "total")
    if not stages or not stages[0]["attempts"]:
        return []
    parts = [
        said(
            "Of %(n)s attempts %(rate)s succeeded.",
            n=_value(asked, stages[0], "attempts"),
            rate=_value(asked, stages[-1], "rate_first", "rate"),
        )
    ]
    left = _largest(_rows(asked, "fields"), "abandoned")
    if left:
        parts.append(
            said(
                "Most who give up do so at “%(field)s”: <b>%(n)s</b>.",
                field=_label(asked, left, "field"),
                n=count(left["abandoned"]),
            )
        )
    return parts


SENTENCES: Mapping[str, Callable[[Asked], list[str]]] = {
    "retention": retention,
    "distribution": distribution,
    "path": path,
    "smart_path": smart_path,
    "interval": interval,
    "attribution": attribution,
    "ltv": ltv,
    "session": session,
    "activity": activity,
    "stickiness": stickiness,
    "property": property_,
    "rfm": rfm,
    "page": page,
    "form": form,
}
