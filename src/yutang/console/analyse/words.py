"""What the forms and tables call events, properties and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import Any

from yutang.analysis.attribution_table import DIRECT_LABEL
from yutang.analysis.form_table import STAGES as FORM_STAGES
from yutang.analysis.groups import ABSENT_LABEL, NOT_REACHED_LABEL, OTHER_LABEL
from yutang.analysis.nodes import JOINT
from yutang.analysis.path_table import ENTERED_LABEL, LEFT_LABEL
from yutang.analysis.rfm_table import GONE, LAYERS, NEW
from yutang.analysis.session_table import LENGTH_LABELS
from yutang.analysis.smart_path_table import ARROW, NOTHING_LABEL
from yutang.catalog.events import GROUPS, event_of
from yutang.catalog.platforms import DOMAINS, platform_of
from yutang.catalog.properties import label_of
from yutang.catalog.touchpoints import source_label, touchpoint_label
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.customers import ROLES, SOURCES, STAGES, views
from yutang.segments import ATTRIBUTE as SEGMENTS
from yutang.segments import PROPERTY as SEGMENTS_PROPERTY
from yutang.tags import ATTRIBUTE as TAGS
from yutang.tags import PROPERTY as TAGS_PROPERTY

CUSTOMER = "customer."
_PIECE = 4096
ATTRIBUTES = {
    "stage": mark("purchase stage"),
    "role": mark("relation"),
    "member": mark("is a member"),
    "orders": mark("paid orders so far"),
    "paid": mark("paid so far (yuan)"),
    "first_order_at": mark("first order"),
    "last_order_at": mark("last order"),
    "first_seen_at": mark("first seen"),
    "last_seen_at": mark("last seen"),
    "first_source": mark("first source"),
    "first_channel": mark("first channel"),
    "last_category": mark("category of the last purchase"),
    "interval_days": mark("usual days between purchases"),
    "interval_source": mark("where the usual days come from"),
    "days_since_last": mark("days since the last purchase"),
    "nes": mark("NES"),
    "aipl": mark("AIPL"),
    "five_a": mark("5A"),
    "value_tier": mark("value"),
    "fatigue": mark("fatigue"),
    "received_30d": mark("messages in 30 days"),
    "last_interaction_at": mark("last act of his own"),
    "alive": mark("probability of still being a customer"),
    "orders_90d": mark("purchases expected in 90 days"),
    "value_365d": mark("value expected in 365 days (yuan)"),
    "next_order_at": mark("next purchase expected"),
    "churn_365d": mark("probability of buying nothing for a year"),
    SEGMENTS: mark("segment"),
    TAGS: mark("tag"),
}
# What a customer is in or has, of things that are named elsewhere: their pickers know the names.
KINDS_OF_SETS = {SEGMENTS: "segments", TAGS: "tags"}
SPECIAL = {
    ABSENT_LABEL: mark("unknown"),
    OTHER_LABEL: mark("others"),
    NOT_REACHED_LABEL: mark("did not get there"),
    LEFT_LABEL: mark("left"),
    ENTERED_LABEL: mark("came in here"),
    NOTHING_LABEL: mark("nothing before it"),
    DIRECT_LABEL: mark("no touch before it"),
    NEW: mark("new since then"),
    GONE: mark("no longer counted"),
}
# Columns whose values are ways: nodes, each an event or an event and a value, between arrows.
WAYS = ("source", "target", "node", "sequence", "channel", "entry", "exit", "next")
# Columns whose values a model names in both languages.
OF_MODELS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "stage": {zh: (zh, en) for zh, en in FORM_STAGES},
    "length": {one: (one.replace("min", "分钟").replace("s", "秒"), one) for one in LENGTH_LABELS},
}


RFM_WORDS = {
    "recency": ("R 最近一次", "R recency"),
    "frequency": ("F 频次", "F frequency"),
    "monetary": ("M 金额", "M monetary"),
    "average": ("平均值", "average"),
    "quantile": ("分位数", "quantile"),
    "fixed": ("指定", "given"),
    "top": ("前几成", "top share"),
}


def rfm_layer(label: str) -> tuple[str, str]:
    """A layer's code and name; a score is only a code."""
    code = label.split(" ")[0]
    if code not in LAYERS:
        return (code, code)
    zh, en = LAYERS[code]
    return (f"{code} {zh}", f"{code} {en}")


def _named(words: Mapping[str, tuple[str, str]], code: str) -> tuple[str, str]:
    return words.get(code, (code, code))


# Values that the catalogue can name, by property.
VALUES: dict[str, Callable[[str], Any]] = {
    "platform": platform_of,
    "domain": lambda code: DOMAINS.get(code, (code, code)),
    "touchpoint": touchpoint_label,
    "segment": rfm_layer,
    "before": rfm_layer,
    "dimension": lambda name: RFM_WORDS.get(name, (name, name)),
    "by": lambda name: RFM_WORDS.get(name, (name, name)),
    "source": source_label,
    f"{CUSTOMER}first_source": source_label,
    f"{CUSTOMER}stage": lambda code: STAGES[code][1:] if code in STAGES else (code, code),
    f"{CUSTOMER}role": lambda code: ROLES[code][1:] if code in ROLES else (code, code),
    f"{CUSTOMER}interval_source": lambda code: (
        SOURCES[code][1:] if code in SOURCES else (code, code)
    ),
    f"{CUSTOMER}nes": partial(_named, views.NES),
    f"{CUSTOMER}aipl": partial(_named, views.AIPL),
    f"{CUSTOMER}five_a": partial(_named, views.FIVE_A),
    f"{CUSTOMER}value_tier": partial(_named, views.TIERS),
    f"{CUSTOMER}fatigue": partial(_named, views.FATIGUES),
}


@dataclass(frozen=True)
class PropertyWord:
    """A property or customer attribute as a form offers it."""

    name: str
    label: str
    type: str
    of_customer: bool


@dataclass(frozen=True)
class Vocabulary:
    """Everything a form can name, in the reader's language."""

    events: tuple[tuple[str, str, str], ...]  # (name, label, group label)
    properties: tuple[PropertyWord, ...]
    session: Session

    @cached_property
    def segments(self) -> dict[str, str]:
        """Number, as text → name of the segments in use, newest first."""
        if SEGMENTS_PROPERTY not in self.types:
            return {}
        return {str(one.id): one.name for one in self.session.brand.segments.list_()}

    @cached_property
    def tags(self) -> dict[str, str]:
        """Number, as text → group and name of the tags in use."""
        if TAGS_PROPERTY not in self.types:
            return {}
        return {str(one.id): one.title for one in self.session.brand.tags.list_()}

    @cached_property
    def event_names(self) -> frozenset[str]:
        return frozenset(name for name, _, _ in self.events)

    @property
    def types(self) -> dict[str, str]:
        return {one.name: one.type for one in self.properties}

    def event(self, name: str) -> str:
        for known, label, _ in self.events:
            if known == name:
                return label
        return self.session.pick(event_of(name))

    def property(self, name: str) -> str:
        for one in self.properties:
            if one.name == name:
                return one.label
        return name

    def value(self, name: str, value: object) -> str:
        """A group's value: catalogue names for codes, yes and no, the three special groups."""
        if isinstance(value, bool):
            return self.session.text("yes") if value else self.session.text("no")
        if isinstance(value, float):
            return f"{value:,.10g}"
        if isinstance(value, int):
            return f"{value:,}"
        text = str(value)
        if name == SEGMENTS_PROPERTY and text == ABSENT_LABEL:
            return self.session.text("in no segment")
        if name == TAGS_PROPERTY and text == ABSENT_LABEL:
            return self.session.text("no tag")
        if text in SPECIAL:
            return self.session.text(SPECIAL[text])
        if name == SEGMENTS_PROPERTY:
            return self.segments.get(text, text)
        if name == TAGS_PROPERTY:
            return self.tags.get(text, text)
        if name in OF_MODELS and text in OF_MODELS[name]:
            return self.session.pick(OF_MODELS[name][text])
        return self.session.pick(VALUES[name](text)) if name in VALUES else text

    def way(self, text: str) -> str:
        """Nodes between arrows, each an event, or an event and a value, or one of the special
        places."""
        return ARROW.join(self._node(part) for part in text.split(ARROW))

    def _node(self, text: str) -> str:
        name, joint, value = text.partition(JOINT)
        if name not in self.event_names:
            return self.value("", text)
        return self.event(name) + joint + (self.value("", value) if joint else "")


MOST_SUGGESTED = 30


def suggested(session: Session, shards: Any, name: str, part: str) -> list[tuple[str, str]]:
    """Known values of a property that contain `part`, with the words for them; few of many."""
    words = Vocabulary((), (), session)
    known = shards.columns.get(name)
    attribute = shards.attributes.get(name.removeprefix(CUSTOMER)) if known is None else None
    kind = known.type if known else attribute.type if attribute else ""
    if kind == "bool":
        return [("true", session.text("yes")), ("false", session.text("no"))]
    if kind not in ("string", "list"):
        return []
    values = attribute.dictionary if attribute else _texts(shards.dictionary(name))
    found = ((value, words.value(name, value)) for value in values if value)
    part = part.casefold()
    fits = (one for one in found if part in one[0].casefold() or part in one[1].casefold())
    return list(islice(fits, MOST_SUGGESTED))


def _texts(dictionary: Any) -> Iterator[str]:
    """The texts of a property, piece by piece: there may be millions."""
    for chunk in dictionary.chunks:
        for start in range(0, len(chunk), _PIECE):
            yield from chunk.slice(start, _PIECE).to_pylist()


def vocabulary(session: Session, shards: Any) -> Vocabulary:
    """The words of a brand: its own labels first, then the catalogue's, then the plain name."""
    own_events, own_properties = _own(session)
    events = []
    for name in shards.event_names:
        known = event_of(name)
        label = own_events.get(name) or session.pick(known)
        events.append((name, label, session.pick(GROUPS[known.group])))
    order = [session.pick(pair) for pair in GROUPS.values()]
    events.sort(key=lambda one: (order.index(one[2]), one[1]))
    properties = [
        PropertyWord(name, _property(session, name, own_properties), column.type, False)
        for name, column in shards.columns.items()
    ]
    properties += attribute_words(session, shards)
    return Vocabulary(tuple(events), tuple(properties), session)


def attribute_words(session: Session, shards: Any) -> list[PropertyWord]:
    """What is known of a customer, in words."""
    return [
        PropertyWord(
            CUSTOMER + name,
            session.text(ATTRIBUTES.get(name, name)),
            KINDS_OF_SETS.get(name, attribute.type),
            True,
        )
        for name, attribute in shards.attributes.items()
    ]


def _own(session: Session) -> tuple[Mapping[str, str], Mapping[str, str]]:
    words = session.brand.dictionary
    return (
        {one.name: one.label for one in words.names()},
        {one.name: one.label for one in words.properties()},
    )


def _property(session: Session, name: str, own: Mapping[str, str]) -> str:
    if own.get(name):
        return own[name]
    return session.pick(label_of(name))
