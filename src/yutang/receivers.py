"""Composition of the receivers: the protocols we speak, and what the settings say to them.

Light on purpose: `yutang collect` loads this and neither the lake nor the kernels.
"""

from __future__ import annotations

from urllib.parse import quote

from yutang.catalog.records import Limits
from yutang.collect import Collecting, Receiver, Rules, Stores
from yutang.connectors.snippets import Snippet, snippets_of
from yutang.connectors.tracking import PROTOCOLS
from yutang.settings import Settings


def limits_of(settings: Settings) -> Limits:
    """The sizes at which requests and records are set aside: for receivers and for the worker."""
    return Limits(
        body=settings.body_limit_mb * 1_000_000,
        inflated=settings.inflated_limit_mb * 1_000_000,
        records=settings.records_limit,
        properties=settings.properties_limit,
        nesting=settings.nesting_limit,
        text=settings.text_limit,
    )


def open_collecting(settings: Settings) -> Collecting:
    """This process' share of receiving. Raises NotFound where there is no installation."""
    rules = Rules(
        limits=limits_of(settings),
        queue_bytes=settings.queue_limit_mb * 1_000_000,
        ip_mode=settings.ip_mode,
        trusted_proxies=settings.trusted_proxies,
        metrics_token=settings.metrics_token,
    )
    return Collecting(Stores(settings.home), PROTOCOLS, rules)


def collect(settings: Settings) -> None:
    """`yutang collect`: receive until interrupted."""
    from yutang import logs
    from yutang.collect.server import ensure_free, run, server_of

    ensure_free(settings.host, settings.port)
    logs.configure(settings.log_level)
    server = server_of(
        Receiver(open_collecting(settings)),
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        proxy_headers=False,  # whose word counts is our own setting
    )
    run(server)


def base_of(settings: Settings) -> str:
    """Where trackers reach us, without a slash at the end."""
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"


# What to put into an SDK, by the source's kind: Sensors wants one address that says all (its
# server_url); Segment and RudderStack (host, dataPlaneUrl) and PostHog (host, api_host) want our
# address and the key beside it; for JSON of one's own the key stands in the path.
ADDRESSES = {
    "sensors": "{base}/sa?project={name}&token={key}",
    "segment": "{base}",
    "posthog": "{base}",
    "json": "{base}/c/{key}/collect",
}


def address_of(kind: str, name: str, key: str, base: str) -> str:
    """The address that a source's SDK is given.

    >>> address_of("sensors", "商城", "k", "https://t.example.com")
    'https://t.example.com/sa?project=%E5%95%86%E5%9F%8E&token=k'
    """
    return ADDRESSES[kind].format(base=base, name=quote(name, safe=""), key=key)


class Connecting:
    """How a tracker is connected: its address, and the code to paste."""

    def __init__(self, settings: Settings) -> None:
        self.base = base_of(settings)
        self.is_public = bool(settings.public_url)  # else only this machine is sure to reach us

    def address(self, kind: str, name: str, key: str) -> str:
        return address_of(kind, name, key, self.base)

    def snippets(self, kind: str, name: str, key: str) -> list[tuple[Snippet, str]]:
        """Each SDK of the kind with its code, filled in."""
        url = self.address(kind, name, key)
        return [(one, one.filled(url=url, base=self.base, key=key)) for one in snippets_of(kind)]
