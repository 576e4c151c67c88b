"""A small installation as the console sees it: two brands, one filled through the importers.

Everything in it is ASCII, so that a test can tell our own words from the data: Chinese on an
English page, or English on a Chinese one, is a word that nobody translated.
"""

from __future__ import annotations

import base64
import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pyroaring import BitMap
from sqlalchemy import insert

from tests.tracking import profile_rows
from yutang.app import Services
from yutang.brand import Brand
from yutang.catalog.reasons import reason_of
from yutang.catalog.records import Request
from yutang.installation import Installation
from yutang.journal import SegmentWriter
from yutang.kit.clock import iso_day, now_ms
from yutang.notices import Channels
from yutang.refresh import refresh
from yutang.settings import Settings
from yutang.staff import Staff
from yutang.state.brand import (
    counters,
    erasures,
    hand_requests,
    identity_reviews,
    identity_suggestions,
    quarantine,
)

PASSWORD = "quiet-water-42"
ROLES = ("admin", "operator", "analyst", "guide")
START = datetime(2026, 9, 1, 4, tzinfo=UTC)
NOW = int(datetime(2026, 11, 22, 4, tzinfo=UTC).timestamp() * 1000)
PEOPLE = 60
HEADER = (
    "order_id", "shop", "platform", "created_at", "paid_at", "paid", "phone", "member_no",
    "title", "category", "quantity", "item_paid",
)  # fmt: skip
MAPPING = {
    "columns": {name: [name] for name in HEADER},
    "amount_scope": "order",
    "statuses": {},
}


def make(home: Path) -> Services:
    """The installation; takes about two seconds."""
    Installation.create(home)
    services = Services.open(Settings(home=home, upload_limit_mb=5))
    services.staff = fast_staff(services)
    services.installation.add_brand("pond", "P1", provenance_zh="来源", provenance_en="Origin")
    services.installation.add_brand("dry", "P2", label="simulated")
    boss = services.staff.add_account("boss", "B1", PASSWORD, by="test")
    for row in services.brands():
        services.staff.set_role(row.id, boss.id, "admin", by="test")
    anglo = services.staff.add_account("anglo", "A1", PASSWORD, by="test")
    services.staff.set_preferences(anglo.id, locale="en")
    for row in services.brands():
        services.staff.set_role(row.id, anglo.id, "admin", by="test")
    for role in ROLES:
        account = services.staff.add_account(role, role[0].upper(), PASSWORD, by="test")
        services.staff.set_role(services.brands()[0].id, account.id, role, by="test")
    fill(services, home)
    track(services.brand("pond"))
    describe(services.brand("pond"))
    hang_up(services.brand("pond"))
    gather(services.brand("pond"))
    tag(services.brand("pond"))
    watch(services.brand("pond"))
    pond = services.brand("pond")
    pond.groups.change("grp", by="boss", name="G1", purpose="flash", dissolve_on="2026-11-20")
    pond.runs.store(pond.shards(), {"range": "all"}, pond.measure.today(), by="boss")
    return services


def hang_up(brand: Brand) -> None:
    """A dashboard with a card of each kind, one that cannot be answered, and an empty one."""
    paid = {"event": "order_paid", "measure": "sum", "property": "paid"}
    daily = {"measures": [paid, {"event": "order_paid"}], "unit": "day", "range": "last_90"}
    board = brand.dashboards.add("7", by="boss", settings={"range": "last_90"})
    brand.dashboards.add("8", by="boss")
    sql = {"sql": "SELECT 1 AS row, 2 AS level"}
    for show, model, params in (
        ("number", "event", daily),
        ("chart", "event", daily),
        ("table", "event", daily),
        ("chart", "event", {"measures": [{**paid, "property": "zzzz"}]}),
        ("table", "sql", sql),
    ):
        report = brand.reports.add("1", model, params, by="boss")
        brand.dashboards.add_card(board.id, report_id=report.id, settings={"show": show})
    brand.dashboards.add_card(board.id, note="2", settings={"title": "3"})
    brand.day_notes.add("2026-10-03", "2026-10-05", "campaign", "4", by="boss")


def watch(brand: Brand) -> None:
    """A saved report with an alert, a schedule that ran, a webhook with a message that waits."""
    measures = [{"event": "order_paid", "measure": "times"}]
    params = {"measures": measures, "unit": "day", "range": "last_90"}
    report = brand.reports.add("R1", "event", params, by="boss")
    hook, _ = brand.webhooks.add("H1", "json", "https://hooks.invalid/x?key=abcdefghij", by="boss")
    channels = Channels(webhooks=(hook.id,))
    rule = {"watch": {"column": "A"}, "kind": "threshold", "side": "below", "low": 1_000}
    one = brand.alerts.add(report.id, "W1", rule, channels, by="boss")
    brand.alerts.look(one.id, brand.facts.version())
    made = brand.schedules.add(report, "F1", {"every": "week", "at": "09:00"}, {}, by="boss")
    brand.schedules.run(made.id)


def fast_staff(services: Services) -> Staff:
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    return Staff(services.installation.db, lambda: NOW, hasher)


def fill(services: Services, home: Path) -> None:
    brand = services.brand("pond")
    orders, events = home / "orders.csv", home / "events.ndjson"
    write_orders(orders)
    write_events(events)
    with brand.workspace.writer():
        one = brand.imports.add(orders, kind="orders", filename="orders.csv", by="boss")
        brand.imports.queue(one.id, mapping=MAPPING)
        brand.imports.run(one.id)
        two = brand.imports.add(events, kind="events", filename="events.ndjson", by="boss")
        brand.imports.queue(two.id)
        brand.imports.run(two.id)
        judge(brand)
        refresh(brand)


def judge(brand: Brand) -> None:
    """A merge that was taken back, a review that was answered, a rule, an erasure of somebody."""
    made = brand.hands.link_ids(1, 9, note="R1", by="boss")
    brand.hands.undo(made.id, by="boss")
    brand.retention.set_("content_read", "", 0, by="boss")
    brand.retention.set_("", "", 30_000, by="boss")
    with brand.workspace.db.write() as connection:
        connection.execute(
            insert(identity_suggestions),
            [
                {
                    "a": 1 + n, "b": 31 + n, "weight": 9_000 - 1_500 * n, "at": NOW,
                    "evidence": {"name": "alike", "birthday": "same", "city": "differs",
                                 "phone": "tail", "email": "unknown"},
                    "status": ("open", "open", "apart")[n], "decided_by": "boss" if n == 2 else "",
                }
                for n in range(3)
            ],
        )  # fmt: skip
        connection.execute(
            insert(identity_reviews).values(
                identity=2, reason="fan_in", people=23, at=NOW, status="joined", resolved_by="boss"
            )
        )
        receipt = {"status": "done", "counts": {"events": 3, "orders": 1, "identities": 2}}
        connection.execute(insert(erasures).values(at=NOW, by="boss", receipt=receipt))
        error = {"message": "This was undone already.", "hint": "", "params": {}}
        asked = {"status": "refused", "kind": "undo", "args": {"decision": made.id}, "error": error}
        connection.execute(insert(hand_requests).values(by="boss", at=NOW, **asked))


def track(brand: Brand) -> None:
    """Two sources, some counters, and a journal with good and bad records."""
    site = brand.sources.create("site", "sensors", by="boss")
    brand.sources.create("till", "json", by="boss")
    rows = [("site", "accepted", 120), ("site", "late", 2), ("site", "quarantined", 3)]
    today = iso_day(now_ms(), brand.row.zone)
    with brand.workspace.db.write() as connection:
        for source, name, n in rows:
            values = {"source": source, "name": name, "day": today, "n": n}
            connection.execute(insert(counters).values(values))
    set_aside(brand)
    brand.dictionary_rules.change_property("touchpoint", privacy="allow", owner="boss")
    log = {"what": "owner", "from": "", "to": "boss"}
    brand.audit.record("boss", "property_changed", "touchpoint", log)
    writer = SegmentWriter(brand.workspace.journal, now=lambda: NOW)
    writer.append([tracked(site.key, n) for n in range(12)])
    writer.close()


def describe(brand: Brand) -> None:
    """Customer 3 has attributes: two sources disagree, one value is long, one a list."""
    mail = brand.workspace.keyed_hash("email", "m@example.com")
    said = [
        ("site", "set", "city", "C1"), ("till", "set", "city", "C2"), ("site", "set", "city", "C3"),
        ("site", "increment", "visits", 2), ("site", "increment", "visits", 3.5),
        ("site", "append", "likes", [f"L{n}" for n in range(9)]),
        ("site", "set", "note", "N1 " * 150),
        ("till", "set", "vip", True), ("site", "set", "mail", mail), ("site", "set", "x", {"a": 1}),
        ("till", "set_once", "level", "V1"), ("till", "set_once", "level", "V2"),
        *(("site", "set", f"t_{n:02}", f"T{n}") for n in range(60)),
    ]  # fmt: skip
    brand.workspace.lake.append("profiles", profile_rows(3, said, NOW), journal="pond", position=1)
    brand.attributes.rebuild()


def gather(brand: Brand) -> None:
    """Segments: of a list with lines that fit nobody, of a cell, of a filter, of two; archived."""
    segments = brand.segments
    listed = segments.match("M00001\nM00002\nnobody\n13800000003", "")
    segments.create("S1", listed.people, listed.to_json(), by="boss", description="D1")
    params = {"measures": [{"event": "order_paid"}], "unit": "total"}
    cell = {"kind": "analysis", "model": "event", "params": params, "cell": {"measure": "A"}}
    segments.create_from("S2", cell, by="boss")
    segments.refresh(2, by="boss")
    segments.create_from("S3", {"kind": "customers", "query": {"orders_min": 3}}, by="boss")
    segments.combine("S4", "minus", 2, 3, by="boss")
    segments.archive(segments.combine("S5", "union", 1, 3, by="boss").id)
    asked = {**params, "compare": {"segment": "1", "against": "3"}}
    brand.reports.add("R2", "event", asked, by="boss")


def tag(brand: Brand) -> None:
    """Groups of both kinds; tags of every kind, one archived; changes of every kind, one undone."""
    tags, cabinet = brand.tags, brand.tags.cabinet
    likes = cabinet.add_group("G1", by="boss", description="D1")
    who = cabinet.add_group("G2", by="boss", exclusive=True)
    cabinet.archive_group(cabinet.add_group("G3", by="boss").id)
    first = cabinet.add(likes.id, "L1", by="boss", colour="#14958a", description="D2")
    second = cabinet.add(likes.id, "L2", by="boss", valid_days=90, set_by="operators")
    one, other = (cabinet.add(who.id, name, by="boss") for name in ("W1", "W2"))
    rule = {"filter": {"property": "customer.orders", "op": ">=", "value": 3}}
    cabinet.add(likes.id, "C1", by="boss", kind="computed", rule=rule)
    cabinet.archive(cabinet.add(likes.id, "L3", by="boss").id)
    everybody = brand.customers.alive()
    tags.add([first.id], BitMap(everybody[:40]), kind="bulk", by="boss", note="N1", job="j1")
    tags.add([first.id, second.id], BitMap([3]), kind="manual", by="U1", note="N2")
    tags.add([one.id], BitMap(everybody[:9]), kind="import", by="boss")
    tags.add([other.id], BitMap([3, 4, 5]), kind="manual", by="guide")
    tags.undo(tags.add([second.id], BitMap([7, 8]), kind="bulk", by="boss").changes[0], by="boss")
    brand.tag_rules.recompute()
    brand.tag_quality.tie(second.id, {"category": "C1"})


def set_aside(brand: Brand) -> None:
    """What a tracker sent and strict mode, clocks and types set aside: records and values."""
    record = {"event": "zzzz", "time": NOW, "identities": {"phone": "13800138000"},
              "properties": {"tail": "x"}}  # fmt: skip
    late = {**record, "event": "test", "time": 5}
    note = {"shape": "record"}
    failed = {**note, "error": reason_of("time_out_of_range").en}
    rows = [
        ("event", "not_in_dictionary", "zzzz", record, note),
        ("time", "time_out_of_range", None, late, failed),
        ("tail", "not_in_dictionary", '"nothing"', None, None),
        ("seconds", "value_misfit", '"ten"', None, None),
        ("phone", "personal_value", None, None, None),
    ]
    with brand.workspace.db.write() as connection:
        for n, (column, reason, value, record_, repair) in enumerate(rows):
            values = {"source": "site", "row": 1_000 + n, "column": column, "reason": reason,
                      "value": value, "record": record_ and json.dumps(record_), "at": NOW - n,
                      "status": "open", "repair": repair}  # fmt: skip
            connection.execute(insert(quarantine).values(**values))


def tracked(key: str, n: int) -> Request:
    """A request of the Sensors web SDK: a page, a profile, or what cannot be used."""
    record = {
        "type": "profile_set" if n % 5 == 1 else "track",
        "event": "" if n % 5 in (1, 4) else "content_read",
        "time": NOW - 60_000 + n * 1_000,
        "distinct_id": f"a-{n % 3}",
        "identities": {"$identity_anonymous_id": f"a-{n % 3}", "$identity_mobile": "13800138000"},
        "properties": {"seconds": n, "title": "I1", ("bad key" if n % 6 == 3 else "sku"): "A1"},
        "lib": {"$lib": "js", "$lib_version": "1.27.11"},
    }
    data = quote(base64.b64encode(json.dumps([record]).encode()).decode(), safe="")
    headers = {"content-type": "application/x-www-form-urlencoded", "user-agent": "Mozilla/5.0"}
    body = f"data_list={data}".encode()
    return Request("POST", "/sa", b"", headers, body, NOW - 50_000 + n * 1_000, "203.0.113.0", key)


def write_orders(path: Path, *, first: int = 0, people: int = PEOPLE, bad: bool = True) -> None:
    """Two to four orders a person in two shops; one row whose time cannot be read."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for who in range(first, first + people):
            for n in range(2 + who % 3):
                at = START + timedelta(days=(who * 7 + n * 19) % 82, hours=who % 9)
                private = (who + n) % 3 == 0
                paid = f"{20 + who * 3 + n * 11}.50"
                text = at.strftime("%Y-%m-%d %H:%M:%S")
                writer.writerow(
                    [
                        f"T{who:04d}{n}", "S1" if private else "S2",
                        "youzan" if private else "tmall", text, text, paid,
                        f"138{who:08d}", f"M{who:05d}", f"I{who % 7}", f"C{who % 4}", 1 + n % 3,
                        paid,
                    ]
                )  # fmt: skip
        if bad:
            writer.writerow(["T9999", "S2", "tmall", "?", "?", "1O", "", "", "I1", "C1", 1, "1O"])


def write_events(path: Path) -> None:
    """Scans, adds and reads of half of the people; one value and one line that do not fit."""
    lines = []
    for who in range(0, PEOPLE, 2):
        at = START + timedelta(days=who % 50, hours=2)
        common = {"identities": {"phone": f"138{who:08d}", "unionid": f"u{who}"}}
        for n, event in enumerate(("code_scanned", "contact_added", "content_read")):
            if who % (n + 3) == 0 and n:
                continue
            properties = {"touchpoint": "package_card", "guide": f"G{who % 3}", "seconds": 5 * n}
            if who == 2 and n == 2:
                properties["seconds"] = "ten"
            lines.append(
                {
                    "event": event,
                    "time": (at + timedelta(minutes=n)).isoformat(),
                    "properties": properties,
                    "message_id": f"m{who}-{n}",
                    **common,
                }
            )
    text = "\n".join(json.dumps(line) for line in lines)
    path.write_text(
        text + '\n{"event": "code_scanned", "time": "?", "identities": {"unionid": "u1"}}\n'
    )
