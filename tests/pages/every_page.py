"""Every page the console has, with addresses that show it filled."""

from __future__ import annotations

PAGES: dict[str, str] = {
    "overview": "/b/pond/overview",
    "overview of a year": "/b/pond/overview?period=all",
    "overview, empty": "/b/dry/overview",
    "customers": "/b/pond/customers",
    "customers, filtered": "/b/pond/customers?stage=repeat&orders=2"
    "&last_from=2026-09-05&q=tail0004",
    "customers, nobody": "/b/pond/customers?orders=999",
    "customers, refused": "/b/pond/customers?q=stage:nothing",
    "customers, empty": "/b/dry/customers",
    "customer": "/b/pond/customers/3",
    "customer, one kind": "/b/pond/customers/3?group=trade",
    "analyse": "/b/pond/analyse",
    "funnel": "/b/pond/analyse/funnel",
    "funnel, grouped": "/b/pond/analyse/funnel?steps.0.event=code_scanned&steps.1.event=order_paid"
    "&window.value=30&group.0.property=customer.stage&from=2026-09-01&to=2026-11-21",
    "funnel, compared": "/b/pond/analyse/funnel?steps.0.event=code_scanned&steps.1.event=order_paid"
    "&window.value=9&from=2026-10-01&to=2026-10-31&compare=previous",
    "event": "/b/pond/analyse/event",
    "event, grouped": "/b/pond/analyse/event?measures.0.event=order_paid&measures.0.measure=sum"
    "&measures.0.property=paid&unit=total&group.0.property=platform",
    "event, filtered": "/b/pond/analyse/event?measures.0.event=order_paid"
    "&measures.0.where.0.property=platform&measures.0.where.0.op==&measures.0.where.0.value=tmall&unit=week",
    "event, refused": "/b/pond/analyse/event?measures.0.event=order_paid&measures.0.measure=sum",
    "analyse, empty": "/b/dry/analyse/funnel",
    "shops": "/b/pond/shops",
    "shops, empty": "/b/dry/shops",
    "imports": "/b/pond/imports",
    "imports, empty": "/b/dry/imports",
    "saved mappings": "/b/pond/imports/mappings",
    "import of orders": "/b/pond/imports/1",
    "import of events": "/b/pond/imports/2",
    "health": "/b/pond/health",
    "health, empty": "/b/dry/health",
    "health, one source": "/b/pond/health?source=site",
    "live": "/b/pond/live",
    "live, searched": "/b/pond/live?q=title&source=site&problems=1",
    "live, nothing fits": "/b/pond/live?q=zzzz",
    "live, empty": "/b/dry/live",
    "record, gone": "/b/pond/live/x_1_0",
    "sources": "/b/pond/settings/sources",
    "sources, empty": "/b/dry/settings/sources",
    "source": "/b/pond/settings/sources/1",
    "source, tested long ago": "/b/pond/settings/sources/2?test=abc",
    "quarantine": "/b/pond/health/quarantine",
    "quarantine, empty": "/b/dry/health/quarantine",
    "repair": "/b/pond/health/quarantine/repair?id=1&id=2&id=3",
    "my account": "/b/pond/settings/me",
    "staff": "/b/pond/settings/staff",
    "keys": "/b/pond/settings/keys",
    "event dictionary": "/b/pond/settings/events",
    "event dictionary, empty": "/b/dry/settings/events",
    "audit": "/b/pond/settings/audit",
    "logins": "/b/pond/settings/audit?view=logins",
    "search": "/b/pond/search?q=M00004",
    "search, nothing asked": "/b/pond/search",
    "search, nothing found": "/b/pond/search?q=zzzz",
    "not found": "/b/pond/nothing",
}
REFUSED = {
    "customers, refused": 422,
    "event, refused": 422,
    "record, gone": 404,
    "not found": 404,
}
