"""A tracking request sent to a receiver over HTTP, as a tracker would send it."""

from __future__ import annotations

import http.client
import ssl
from urllib.parse import quote, urlsplit

from yutang.catalog.records import Request

SECONDS = 5.0  # a receiver answers in milliseconds
TOLD = 300  # characters of an answer that are told
AGENT = "yutang-self-test"


def post(base: str, request: Request) -> tuple[int, str]:
    """(HTTP status, what was said with it); status 0 where nobody could be reached, and why.

    base: as https://t.example.com, a path behind it is kept. Redirects are not followed: a tracker
    would not follow them with its body either.
    """
    to = urlsplit(base)
    connect = http.client.HTTPSConnection if to.scheme == "https" else http.client.HTTPConnection
    target = quote(to.path.rstrip("/") + request.path)
    if request.query:
        target += "?" + request.query.decode("ascii")
    headers = {"user-agent": AGENT, **request.headers}
    try:
        connection = connect(to.hostname or "", to.port, timeout=SECONDS)
        try:
            connection.request(request.method, target, request.body or None, headers)
            answer = connection.getresponse()
            text = answer.read(TOLD * 4).decode("utf-8", "replace")
            return answer.status, text[:TOLD]
        finally:
            connection.close()
    except ssl.SSLError as error:
        return 0, error.reason or type(error).__name__
    except TimeoutError:
        return 0, f"no answer within {SECONDS:.0f} s"
    except OSError as error:
        return 0, error.strerror or str(error) or type(error).__name__
    except (http.client.HTTPException, ValueError) as error:
        return 0, type(error).__name__
