"""Post to an address that somebody typed, without letting him reach into our own network.

The name is resolved once; if any of its addresses is not public, it is refused, else the
connection goes to the first of those very addresses, so that a second answer of the name server
changes nothing. No redirects, no proxy, so many seconds and bytes.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from yutang.connectors.webhooks import bodies

CONNECT_SECONDS = 5.0
ALL_SECONDS = 10.0  # of one try: a receiver that drips its answer is cut off
ANSWER_BYTES = 4_096
TOLD = 200
AGENT = "yutang-webhook"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Resolve = Callable[[str, int], list[str]]


class Refused(Exception):
    """An address that is not posted to; the text says why."""


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_public(address: str) -> bool:
    """Does an IP address lie in the open network, whatever it is wrapped in?

    >>> [is_public(one) for one in ("8.8.8.8", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    ip: Any = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return bool(ip.is_global and not ip.is_multicast and not ip.is_reserved)


class Sending:
    """Sends posts. allow_private: a setting for installations whose receivers are neighbours."""

    def __init__(
        self,
        now: Callable[[], int],
        *,
        allow_private: bool = False,
        find: Resolve = resolve,
        seconds: float = ALL_SECONDS,
    ) -> None:
        self._now = now
        self._allow_private = allow_private
        self._find = find
        self._seconds = seconds

    def send(
        self, number: int, kind: str, url: str, secret: str, body: Any, link: str
    ) -> tuple[bool, str, bool]:
        """(taken, what was said, another try would end the same)."""
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": AGENT}
        if kind == "wecom_robot":
            raw = bodies.robot(body, link)
        else:
            raw, signed = bodies.plain(number, secret, body, link, self._now())
            headers |= signed
        try:
            status, said = self._post(url, raw, headers)
        except Refused as why:
            return False, str(why), True
        except ssl.SSLError as error:
            return False, error.reason or type(error).__name__, False
        except TimeoutError:
            return False, f"no answer within {self._seconds:.0f} s", False
        except (OSError, http.client.HTTPException) as error:
            return False, getattr(error, "strerror", None) or type(error).__name__, False
        if kind == "wecom_robot":
            return (*bodies.robot_answer(status, said), False)
        return 200 <= status < 300, f"HTTP {status}", False

    def _post(self, url: str, raw: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused("only http and https addresses are posted to")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = self._address(parts.hostname, port)
        connection = _Pinned(parts.hostname, port, address, parts.scheme == "https")
        # Timeouts of sockets count each read; this one counts them all.
        guard = threading.Timer(self._seconds, connection.cut)
        guard.daemon = True
        guard.start()
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, raw, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(ANSWER_BYTES)
        except (OSError, http.client.HTTPException, ValueError):
            if connection.is_cut:
                raise TimeoutError from None
            raise
        finally:
            guard.cancel()
            connection.close()

    def _address(self, host: str, port: int) -> str:
        addresses = self._find(host, port)
        if not addresses:
            raise OSError("Name or service not known")
        if not self._allow_private and not all(is_public(one) for one in addresses):
            raise Refused("the address lies inside a private network")
        return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, whatever the name means by now; TLS still checks the name."""

    def __init__(self, host: str, port: int, address: str, secure: bool) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS)
        self._address = address
        self._secure = secure
        self.default_port = 443 if secure else 80  # what the Host header leaves out
        self.is_cut = False

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = raw
        if self._secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(raw, server_hostname=self.host)

    def cut(self) -> None:
        self.is_cut = True
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                self.sock.close()
