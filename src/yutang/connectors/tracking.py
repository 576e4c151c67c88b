"""The tracking protocols that we speak. A new one is a folder like the others, listed here."""

from __future__ import annotations

from yutang.catalog.records import TrackingProtocol
from yutang.connectors.plain_json import PLAIN_JSON
from yutang.connectors.posthog import POSTHOG
from yutang.connectors.segment import SEGMENT
from yutang.connectors.sensors import SENSORS

# The first that claims a path has it: /v1/batch and /v1/track are Segment's, other /batch and
# /track PostHog's.
PROTOCOLS: tuple[TrackingProtocol, ...] = (SENSORS, SEGMENT, POSTHOG, PLAIN_JSON)
