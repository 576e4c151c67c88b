"""How values look: money, counts, shares, days and times. None is an en dash everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

NOTHING = "–"
MINUS = "−"


def money(fen: float | None, digits: int = 2) -> str:
    """Integer fen as ¥1,234.56.

    >>> money(123456), money(-50), money(128640000, 0), money(None)
    ('¥1,234.56', '−¥0.50', '¥1,286,400', '–')
    """
    if fen is None:
        return NOTHING
    shown = f"¥{abs(fen) / 100:,.{digits}f}"
    return MINUS + shown if fen < 0 and shown.strip("¥0.,") else shown


def count(value: float | None, digits: int = 0) -> str:
    """
    >>> count(48210), count(-3), count(1.234, 1), count(None)
    ('48,210', '−3', '1.2', '–')
    """
    if value is None:
        return NOTHING
    shown = f"{abs(value):,.{digits}f}"
    return MINUS + shown if value < 0 and shown.strip("0.,") else shown


def signed(value: float | None, digits: int = 0) -> str:
    """
    >>> signed(12), signed(-3), signed(0)
    ('+12', '−3', '0')
    """
    shown = count(value, digits)
    return "+" + shown if value and value > 0 else shown


def rate(value: float | None, digits: int = 1) -> str:
    """A share between 0 and 1 as a percentage.

    >>> rate(0.1874), rate(-0.004), rate(None)
    ('18.7%', '−0.4%', '–')
    """
    return NOTHING if value is None else count(value * 100, digits) + "%"


def size(value: float | None) -> str:
    """
    >>> size(900), size(120_400), size(35_000_000)
    ('900 B', '118 kB', '33.4 MB')
    """
    if value is None:
        return NOTHING
    if value < 1024:
        return f"{value:.0f} B"
    if value < 1024**2:
        return f"{value / 1024:.0f} kB"
    return f"{value / 1024**2:.1f} MB" if value < 1024**3 else f"{value / 1024**3:.2f} GB"


def local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone))


def day_of(at: int | date | None, zone: str) -> str:
    """An instant's business day, or a business date, as 2026-11-22."""
    if at is None:
        return NOTHING
    return at.isoformat() if isinstance(at, date) else local(at, zone).date().isoformat()


def moment_of(at: int | None, zone: str) -> str:
    return NOTHING if at is None else local(at, zone).strftime("%Y-%m-%d %H:%M")


def clock_of(at: int | None, zone: str) -> str:
    return NOTHING if at is None else local(at, zone).strftime("%H:%M")


# A string with the colon that makes it a name; a string; a number or a constant.
JSON_PART = re.compile(
    r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?'
)


def json_marks(text: str) -> Markup:
    """JSON text with its names, texts and values marked, for reading.

    >>> str(json_marks('{"a": 1}'))
    '{<span class="j-name">&#34;a&#34;</span>: <span class="j-value">1</span>}'
    """
    parts: list[str] = []
    at = 0
    for found in JSON_PART.finditer(text):
        mark = "value" if found[1] is None else "name" if found[2] else "text"
        said = Markup('<span class="j-{}">{}</span>').format(mark, found[1] or found[0])
        parts += [text[at : found.start()], said, found[2] or ""]
        at = found.end()
    return Markup("").join([*parts, text[at:]])


@pass_context
def day(context: Context, at: int | date | None) -> str:
    return day_of(at, context["zone"])


@pass_context
def moment(context: Context, at: int | None) -> str:
    return moment_of(at, context["zone"])


@pass_context
def clock(context: Context, at: int | None) -> str:
    return clock_of(at, context["zone"])


@pass_context
def clock_s(context: Context, at: int | None) -> str:
    return NOTHING if at is None else local(at, context["zone"]).strftime("%H:%M:%S")


@pass_context
def moment_s(context: Context, at: int | None) -> str:
    return NOTHING if at is None else local(at, context["zone"]).strftime("%Y-%m-%d %H:%M:%S")


@pass_context
def fresh(context: Context, at: int | None) -> str:
    """The time of today, else the day and time: what stands after "data as of"."""
    if at is None:
        return NOTHING
    zone = context["zone"]
    today = day_of(context["now"], zone) == day_of(at, zone)
    return clock_of(at, zone) if today else moment_of(at, zone)


@pass_context
def ago(context: Context, at: int | None) -> str:
    """How long ago, in the largest fitting unit."""
    if at is None:
        return NOTHING
    text = context["language"].text
    minutes = max(0, context["now"] - at) // 60_000
    if minutes < 1:
        return str(text("just now"))
    if minutes < 60:
        return str(text("%(n)d min ago", n=minutes))
    if minutes < 24 * 60:
        return str(text("%(n)d h ago", n=minutes // 60))
    days = minutes // 1440
    return str(text("1 day ago") if days == 1 else text("%(n)d days ago", n=days))


def duration_of(seconds: float | None, text: Callable[..., str]) -> str:
    """A length of time in the unit a person would say; `text` translates."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return str(text("%(n)s s", n=f"{seconds:.2f}"))
    if seconds < 90:
        return str(text("%(n)s s", n=f"{seconds:.0f}"))
    if seconds < 90 * 60:
        return str(text("%(n)s min", n=f"{seconds / 60:.0f}"))
    if seconds < 36 * 3600:
        return str(text("%(n)s h", n=f"{seconds / 3600:.1f}"))
    return str(text("%(n)s days", n=f"{seconds / 86400:.1f}"))


@pass_context
def duration(context: Context, seconds: float | None) -> str:
    return duration_of(seconds, context["language"].text)


FILTERS = {
    "money": money,
    "count": count,
    "signed": signed,
    "rate": rate,
    "size": size,
    "day": day,
    "moment": moment,
    "clock": clock,
    "clock_s": clock_s,
    "moment_s": moment_s,
    "json_marks": json_marks,
    "fresh": fresh,
    "ago": ago,
    "duration": duration,
}
