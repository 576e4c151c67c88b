"""When a post is tried again, and how its address is shown. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from yutang.errors import BadInput
from yutang.kit.clock import DAY_MS

GIVE_UP_MS = DAY_MS  # news of yesterday is no news
FIRST_WAIT_MS = 30_000
LONGEST_WAIT_MS = 3_600_000
URL_LENGTH = 2_000


def wait_ms(attempts: int) -> int:
    """How long to wait after so many attempts that failed: 30 s, doubled up to an hour.

    >>> wait_ms(1), wait_ms(2), wait_ms(20)
    (30000, 60000, 3600000)
    """
    return int(min(FIRST_WAIT_MS * 2 ** min(attempts - 1, 20), LONGEST_WAIT_MS))


def checked_url(url: str) -> str:
    """An address that can be posted to. Raises BadInput."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not host or port == 0 or not plain:
        raise BadInput(
            "This is no web address.", hint="It begins with https:// and has no spaces in it."
        )
    if parts.username or parts.password:
        raise BadInput(
            "The address must not hold a name or password.", hint="Leave out what stands before @."
        )
    if len(url) > URL_LENGTH:
        raise BadInput("The address is longer than %(n)s characters.", n=URL_LENGTH)
    return url


def shown_url(url: str) -> str:
    """An address without what may be secret: its query is cut to the last four characters.

    >>> shown_url("https://example.com/a/send?key=abcdefgh-1234")
    'https://example.com/a/send?…1234'
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    tail = f"?…{parts.query[-4:]}" if len(parts.query) > 8 else "?…" if parts.query else ""
    return f"{parts.scheme}://{host}{parts.path}{tail}"
