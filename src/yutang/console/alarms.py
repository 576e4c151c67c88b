"""What every page must shout: this server cannot store what trackers send.

A server without receivers of its own (`yutang collect` runs elsewhere) knows nothing and says
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yutang.console.guard import Session
from yutang.console.language import mark

GIGABYTE = 1 << 30
# What systems say most often, so that it has a translation; anything else is shown as it is.
SYSTEM_WORDS = (
    mark("No space left on device"),
    mark("Disk quota exceeded"),
    mark("Input/output error"),
    mark("Read-only file system"),
    mark("Permission denied"),
    mark("Connection refused"),
    mark("Connection reset by peer"),
    mark("Name or service not known"),
    mark("no answer within 5 s"),
)


@dataclass(frozen=True)
class Alarm:
    """`text` and `hint` are messages of the catalogue; since: UTC ms or None."""

    text: str
    hint: str
    since: int | None = None
    params: dict[str, Any] = field(default_factory=dict)


def alarms_of(services: Any, session: Session | None) -> list[Alarm]:
    """The alarms of the session's brand; costs no query."""
    collecting = getattr(services, "collecting", None)
    if collecting is None or session is None:
        return []
    health = collecting.health()
    found = []
    trouble = health.failing.get(session.membership.slug)
    if trouble is not None:
        found.append(
            Alarm(
                mark("Events cannot be stored: %(why)s."),
                mark(
                    "Senders are told to try again, so apps keep them for a while. Free space on"
                    " the disk of the installation or mend it; receiving then goes on by itself."
                ),
                trouble.since,
                {"why": session.text(trouble.why)},
            )
        )
    if health.keys_failing:
        found.append(
            Alarm(
                mark("Write keys cannot be read: %(why)s."),
                mark("New and changed sources are not known to the receivers until it is mended."),
                None,
                {"why": health.keys_failing},
            )
        )
    if health.is_scarce and trouble is None:
        found.append(
            Alarm(
                mark("The disk is almost full: %(gb)s GB are left."),
                mark("Soon events cannot be stored. Free space, or move the installation."),
                None,
                {"gb": f"{health.free_bytes / GIGABYTE:.1f}"},
            )
        )
    return found
