"""Sensors, Segment, RudderStack and PostHog from Python: argv CLIENT URL KEY COUNT.

Prints how many records were handed to the client.
"""

from __future__ import annotations

import sys
from typing import Any


def sensors(url: str, key: str, count: int) -> int:
    import sensorsanalytics as sa

    consumer = sa.BatchConsumer(f"{url}/sa?project=default&token={key}", 20)
    client = sa.SensorsAnalytics(consumer)
    for i in range(count):
        client.track(f"py-{i % 5}", "PyViewed", {"sku": f"A{i}", "price": i + 0.5}, False)
    client.track_signup("py-member", "py-0", {})
    client.profile_set("py-member", {"city": "上海"}, True)
    client.close()
    return count + 2


def segment(url: str, key: str, count: int) -> int:
    from segment.analytics import Client

    client = Client(key, host=url, gzip=True, max_retries=10)
    client.identify("seg-member", {"level": "gold"}, anonymous_id="seg-anon")
    for i in range(count):
        client.track("seg-member", "SegViewed", {"sku": f"A{i}"})
    client.flush()
    client.join()
    return count + 1


def rudder(url: str, key: str, count: int) -> int:
    from rudderstack.analytics import Client

    client = Client(key, host=url, max_retries=10)
    for i in range(count):
        client.track("rud-member", "RudderViewed", {"sku": f"A{i}"})
    client.flush()
    client.join()
    return count


def posthog(url: str, key: str, count: int) -> int:
    from posthog import Posthog

    client: Any = Posthog(project_api_key=key, host=url, max_retries=10, gzip=True)
    for i in range(count):
        client.capture("HogViewed", distinct_id="hog-member", properties={"sku": f"A{i}"})
    client.flush()
    client.shutdown()
    return count


if __name__ == "__main__":
    which, at, write_key, n = sys.argv[1:5]
    print(
        {"sensors": sensors, "segment": segment, "rudder": rudder, "posthog": posthog}[which](
            at, write_key, int(n)
        )
    )
