"""Robots, known by how their browser calls itself."""

from __future__ import annotations

import re
from functools import lru_cache

# Crawlers, link previews, monitors and browsers without a window. Programs such as python-requests
# are no robots here: tracking SDKs of servers call themselves so.
ROBOT = re.compile(
    r"bot\b|bots?[/;]|crawl|spider|slurp|headless|phantomjs|lighthouse|pingdom|uptime"
    r"|facebookexternalhit|embedly|preview|mediapartners|bingpreview|yandex\.com|sogou web"
    r"|360spider|bytespider|petalbot|selenium|puppeteer|playwright",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_robot(user_agent: str) -> bool:
    """Does a browser of this name belong to a robot?

    >>> is_robot("Mozilla/5.0 (compatible; Baiduspider/2.0)"), is_robot("python-requests/2.32")
    (True, False)
    """
    return ROBOT.search(user_agent) is not None
