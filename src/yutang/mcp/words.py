"""What there is to ask about: the brand, its events, their properties, customer attributes."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from yutang.catalog.attributes import attribute_label
from yutang.catalog.events import event_of
from yutang.catalog.properties import ORDER_EVENTS, label_of
from yutang.console.analyse.words import ATTRIBUTES
from yutang.console.language import language
from yutang.ingest import EventLine, PropertyLine
from yutang.kit.clock import iso_day
from yutang.mcp.bounds import Tables, masked_texts
from yutang.mcp.contract import Arguments, Call, Nothing
from yutang.staff import ROLES

LISTED = 200  # events or properties in one answer, the most frequent first


class Searched(Arguments):
    search: str = Field("", max_length=200, description="In name, label, description, owner.")


class OfEvent(Searched):
    event: str = Field(
        "", max_length=100, description="Only those that the newest events of this name carry."
    )


def list_brands(call: Call, _asked: Nothing) -> dict[str, Any]:
    row, key = call.brand.row, call.caller.key
    role = next(one for one in ROLES if one.code == key.role)
    return {
        "brands": [
            {
                "slug": row.slug,
                "name": row.name,
                "zone": row.zone,
                "simulated": row.label == "simulated",
                "provenance": row.provenance_en,
                "today": str(call.brand.measure.today()),
                "facts_version": call.brand.facts.version(),
                "caches_are_fresh": call.brand.is_fresh(),
                "page": call.link("overview"),
            }
        ],
        "role": role.en,
        "rights": sorted(role.rights),
        "note": "A key opens one brand. `today` is the business day of the newest fact: ranges such"
        " as last_30 end there.",
    }


def list_events(call: Call, asked: Searched) -> dict[str, Any]:
    lines = call.brand.word_list.events(asked.search)
    tables = Tables()
    rows = [_event(line, call.brand.row.zone) for line in lines[:LISTED]]
    answer = {"events": tables.add("events", rows, LISTED, len(lines))}
    wanted, there = asked.search.casefold(), call.brand.shards().event_codes
    answer["made_from_orders"] = [
        {"name": name, "zh": event_of(name).zh, "en": event_of(name).en}
        for name in ORDER_EVENTS
        if name in there and wanted in f"{name}{event_of(name).zh}{event_of(name).en}".casefold()
    ]
    return tables.fit(answer)


def list_properties(call: Call, asked: OfEvent) -> dict[str, Any]:
    brand = call.brand
    lines = brand.word_list.properties(asked.search)
    shares: dict[str, float] = {}
    if asked.event in ORDER_EVENTS:
        # Made from orders: the lake's events do not carry them.
        shares = dict.fromkeys(ORDER_EVENTS[asked.event], 1.0)
    elif asked.event:
        brand.dictionary.get_event(asked.event)  # says that there is none
        shares = dict(brand.dictionary.carries(asked.event))
    if asked.event:
        lines = [line for line in lines if line.word.name in shares]
    tables = Tables()
    rows = [_property(line, shares.get(line.word.name)) for line in lines[:LISTED]]
    return tables.fit({"properties": tables.add("properties", rows, LISTED, len(lines))})


def list_attributes(call: Call, asked: Searched) -> dict[str, Any]:
    found = []
    for name, attribute in sorted(call.brand.shards().attributes.items()):
        own = ATTRIBUTES.get(name, name)
        zh, en = attribute_label(name) or (language("zh").text(own), own)
        if asked.search.casefold() in f"{name}{zh}{en}".casefold():
            found.append({"name": f"customer.{name}", "zh": zh, "en": en, "type": attribute.type})
    tables = Tables()
    return tables.fit({"attributes": tables.add("attributes", found, LISTED)})


def _event(line: EventLine, zone: str) -> dict[str, Any]:
    word, known = line.word, event_of(line.word.name)
    return {
        "name": word.name,
        "zh": word.label or known.zh,
        "en": known.en,
        "group": known.group,
        "description": word.description,
        "owner": word.owner,
        "blocked": word.status == "blocked",
        "today": line.today,
        "last_30_days": line.month,
        "events": word.events,
        "last_seen": iso_day(word.last_seen_at, zone) if word.last_seen_at else None,
    }


def _property(line: PropertyLine, share: float | None) -> dict[str, Any]:
    word = line.word
    zh, en = label_of(word.name)
    row = {
        "name": word.name,
        "type": word.type,
        "zh": word.label or zh,
        "en": en,
        "description": word.description,
        "from_orders": line.from_orders,
        "last_30_days": line.month,
        # The dictionary keeps none of a property whose personal values are guarded.
        "examples": masked_texts(list(word.examples)),
    }
    return row if share is None else {**row, "share_of_events": round(share, 4)}
