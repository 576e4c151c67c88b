"""PostHog libraries: capture of events and persons. protocols.md §2.3."""

from yutang.connectors.posthog.protocol import POSTHOG

__all__ = ["POSTHOG"]
