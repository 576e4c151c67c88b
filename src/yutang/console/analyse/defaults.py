"""What a model's page asks when nobody has asked anything yet: something this brand can answer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

# Ways people come in, best told first; the first one of which a brand has two steps is taken.
WAYS = (
    ("code_scanned", "contact_added", "group_joined", "order_paid"),
    ("campaign_received", "coupon_redeemed", "order_paid"),
    ("page_viewed", "product_viewed", "cart_added", "order_paid"),
    ("order_paid", "order_refunded"),
)
DAYS = 90


def defaults(model: str, events: list[str], today: date) -> dict[str, Any] | None:
    """Parameters for the model; None where the brand has too little to ask about."""
    if not events:
        return None
    span = {"from": (today - timedelta(days=DAYS - 1)).isoformat(), "to": today.isoformat()}
    if model == "funnel":
        steps = next(
            (found for way in WAYS if len(found := [e for e in way if e in events]) > 1),
            events[:2],
        )
        if len(steps) < 2:
            return None
        return {
            "steps": [{"event": name} for name in steps],
            "window": {"value": 30, "unit": "day"},
            **span,
        }
    first = "order_paid" if "order_paid" in events else events[0]
    if model == "event":
        return {"measures": [{"event": first, "measure": "times"}], "unit": "day", **span}
    return dict(span)
