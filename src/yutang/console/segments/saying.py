"""Conditions of a rule in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from yutang.catalog.attributes import attribute_label
from yutang.catalog.purposes import purpose_label
from yutang.console.analyse.conditions import OPERATORS, WITHOUT_VALUE, shown
from yutang.console.analyse.words import CUSTOMER, Vocabulary, vocabulary
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.errors import NotFound

HAS = {"any": mark("any of"), "all": mark("all of"), "none": mark("none of")}
RELATIONS = {
    "any": mark("any relation"),
    "contact": mark("WeCom contact of"),
    "group": mark("member of the group"),
    "follow": mark("follower of"),
}
STATES = {"live": mark("now"), "ended": mark("no more"), "ever": mark("now or before")}
CONSENTS = {
    "given": mark("has agreed"),
    "withdrawn": mark("has withdrawn"),
    "unknown": mark("has not said anything"),
}
MEASURES = {
    "times": mark("times"),
    "days": mark("days with it"),
    "sum": mark("sum of"),
    "average": mark("average of"),
    "min": mark("smallest"),
    "max": mark("largest"),
    "distinct": mark("different values of"),
}
COMPARE = {
    "=": "=",
    "!=": "≠",
    ">": ">",
    ">=": "≥",
    "<": "<",
    "<=": "≤",
    "between": mark("between"),
}
UNITS = {"minute": mark("minutes"), "hour": mark("hours"), "day": mark("days")}
WHICH = {"first": mark("the first time"), "last": mark("the last time")}
MODES = {
    "ever": mark("ever"),
    "last": mark("in the last days"),
    "before_last": mark("earlier than days ago"),
    "range": mark("between two days"),
    "festival": mark("around a festival"),
}
CALENDARS = {"solar": mark("solar calendar"), "lunar": mark("lunar calendar")}
KINDS: dict[str, tuple[str, str]] = {
    "attribute": (mark("An attribute of the customer"), "id"),
    "event": (mark("Did something, or did not"), "click"),
    "edge": (mark("The first or last time of something"), "clock"),
    "sequence": (mark("One thing after another"), "arrows-exchange"),
    "after": (mark("Did it within days after something"), "arrow-right"),
    "tag": (mark("Tags"), "tag"),
    "segment": (mark("In a segment"), "users-group"),
    "relation": (mark("A relation to us"), "users"),
    "consent": (mark("A consent"), "shield-lock"),
    "anniversary": (mark("A birthday comes"), "calendar"),
    "share": (mark("A random share"), "filter"),
    "people": (mark("The people behind a number"), "chart-bar"),
}


@dataclass(frozen=True)
class Words:
    """Everything a rule can name, in the reader's language."""

    session: Session

    @cached_property
    def shards(self) -> Any:
        """None while there are no facts."""
        try:
            return self.session.brand.shards()
        except NotFound:
            return None

    @cached_property
    def known(self) -> Vocabulary:
        if self.shards is None:
            return Vocabulary((), (), self.session)
        return vocabulary(self.session, self.shards)

    @cached_property
    def segments(self) -> dict[int, str]:
        return {int(id_): name for id_, name in self.session.brand.segments.names().items()}

    @cached_property
    def tags(self) -> dict[int, str]:
        tags = getattr(self.session.brand, "tags", None)
        return {one.id: one.name for one in tags.list_()} if tags is not None else {}

    @cached_property
    def attributes(self) -> dict[str, str]:
        """Name → type: what is known of customers."""
        return {
            one.name.removeprefix(CUSTOMER): "list" if one.type == "segments" else one.type
            for one in self.known.properties
            if one.of_customer
        }

    def attribute(self, name: str) -> str:
        label = self.known.property(CUSTOMER + name)
        if label not in (CUSTOMER + name, name):
            return label
        found = attribute_label(name)
        return self.session.pick(found) if found else name

    def value(self, name: str, value: Any) -> str:
        return self.known.value(CUSTOMER + name, value)


class Saying:
    """Says the conditions of rules."""

    def __init__(self, session: Session, words: Words | None = None) -> None:
        self.session, self.words = session, words or Words(session)

    def text(self, message: str, **params: object) -> str:
        return self.session.text(message, **params)

    def condition(self, one: Mapping[str, Any]) -> str:
        """One condition (as JSON) in a few words."""
        kind = str(one.get("kind", "attribute"))
        try:
            return _SAY[kind](self, one)
        except (KeyError, TypeError, ValueError):
            return self.text(KINDS[kind][0]) if kind in KINDS else kind

    def tree(self, node: Mapping[str, Any], *, inner: bool = False) -> str:
        """A whole rule in one line."""
        for word, joint in (("and", mark("and")), ("or", mark("or"))):
            if word in node:
                parts = [self.tree(one, inner=True) for one in node[word]]
                said = f" {self.text(joint)} ".join(parts)
                return f"({said})" if inner and len(parts) > 1 else said
        if "not" in node:
            return self.text("not (%(what)s)", what=self.tree(node["not"]))
        return self.condition(node)

    def days(self, days: Mapping[str, Any]) -> str:
        if "last" in days:
            return self.text("in the last %(n)s days", n=days["last"])
        if "before_last" in days:
            return self.text("more than %(n)s days ago", n=days["before_last"])
        if "festival" in days:
            day = days["festival"]
            text = (
                mark("around day %(day)s of month %(month)s (lunar)")
                if day.get("calendar", "lunar") == "lunar"
                else mark("around day %(day)s of month %(month)s")
            )
            return self.text(text, day=day["day"], month=day["month"])
        if days.get("from") and days.get("to"):
            return self.text("from %(a)s to %(b)s", a=days["from"], b=days["to"])
        if days.get("from"):
            return self.text("since %(a)s", a=days["from"])
        return self.text("until %(b)s", b=days["to"]) if days.get("to") else ""

    def events(self, asked: Mapping[str, Any]) -> str:
        joint = f" {self.text('or')} "
        said = joint.join(
            self.text("anything") if name == "*" else self.words.known.event(name)
            for name in asked["events"]
        )
        return f"{said} [{self.filter(asked['filter'])}]" if asked.get("filter") else said

    def filter(self, where: Mapping[str, Any]) -> str:
        for word, joint in (("and", mark("and")), ("or", mark("or"))):
            if word in where:
                return f" {self.text(joint)} ".join(self.filter(one) for one in where[word])
        if "not" in where:
            return self.text("not (%(what)s)", what=self.filter(where["not"]))
        name = str(where["property"])
        kind = self.words.known.types.get(name, "string")
        label = self.words.known.property(name)
        return self._compared(label, kind, where, lambda v: self.words.known.value(name, v))

    def _compared(
        self, label: str, kind: str, one: Mapping[str, Any], value_of: Callable[[Any], str]
    ) -> str:
        op = str(one.get("op", "="))
        words = dict(OPERATORS.get(kind, OPERATORS["string"]))
        operator = self.text(words.get(op, op))
        if op in WITHOUT_VALUE:
            return f"{label} {operator}"
        value = one.get("value")
        if op in ("last", "before_last"):
            text = mark("%(what)s in the last %(n)s days")
            if op == "before_last":
                text = mark("%(what)s more than %(n)s days ago")
            return self.text(text, what=label, n=value)
        several = value if isinstance(value, list) else [value]
        joint = " ~ " if op == "between" else "、" if self.session.language.code == "zh" else ", "
        return f"{label} {operator} {joint.join(value_of(v) for v in several)}"

    # --- kinds -------------------------------------------------------------------------------
    def _attribute(self, one: Mapping[str, Any]) -> str:
        name = str(one["name"])
        kind = self.words.attributes.get(name, "string")
        label = self.words.attribute(name)
        return self._compared(label, kind, one, lambda value: self.words.value(name, value))

    def _tag(self, one: Mapping[str, Any]) -> str:
        return self._sets(mark("has %(has)s the tags %(names)s"), one, one["tags"], self.words.tags)

    def _segment(self, one: Mapping[str, Any]) -> str:
        text = mark("is in %(has)s the segments %(names)s")
        return self._sets(text, one, one["segments"], self.words.segments)

    def _sets(
        self, text: str, one: Mapping[str, Any], ids: list[int], names: Mapping[int, str]
    ) -> str:
        said = "、".join(f"“{names.get(id_, f'#{id_}')}”" for id_ in ids)
        return self.text(text, has=self.text(HAS[one.get("has", "any")]), names=said)

    def _consent(self, one: Mapping[str, Any]) -> str:
        purpose = self.session.pick(purpose_label(one["purpose"]))
        state = self.text(CONSENTS[one.get("state", "given")])
        return self.text("%(purpose)s: %(state)s", purpose=purpose, state=state)

    def _relation(self, one: Mapping[str, Any]) -> str:
        parts = [self.text(RELATIONS[one.get("relation", "any")])]
        parts += ["、".join(one["keys"])] if one.get("keys") else []
        parts.append(f"({self.text(STATES[one.get('state', 'live')])})")
        if one.get("channel_codes"):
            codes = "、".join(one["channel_codes"])
            parts.append(self.text("by the code %(codes)s", codes=codes))
        for name, text in (("began", mark("begun %(days)s")), ("ended", mark("ended %(days)s"))):
            if one.get(name):
                parts.append(self.text(text, days=self.days(one[name])))
        return " ".join(parts)

    def _event(self, one: Mapping[str, Any]) -> str:
        measure, op, value = (
            one.get("measure", "times"), one.get("op", ">="), one.get("value", 1),
        )  # fmt: skip
        days, what = self.days(one.get("when", {})), self.events(one)
        if measure == "times" and (op, value) in ((">=", 1), (">", 0)):
            return " ".join(filter(None, (days, self.text("did: %(what)s", what=what))))
        if measure == "times" and (op, value) in (("=", 0), ("<", 1), ("<=", 0)):
            return " ".join(filter(None, (days, self.text("did not: %(what)s", what=what))))
        number = " ~ ".join(shown(v) for v in value) if isinstance(value, list) else shown(value)
        label = self.text(MEASURES[measure])
        if one.get("property"):
            label += f" {self.words.known.property(one['property'])}"
        return " ".join(filter(None, (days, f"{what}:", label, self.text(COMPARE[op]), number)))

    def _edge(self, one: Mapping[str, Any]) -> str:
        parts = [self.text(WHICH[one.get("which", "last")]), self.events(one)]
        parts += [self.days(one["when"])] if one.get("when") else []
        if one.get("at"):
            parts.append(self.text("was %(days)s", days=self.days(one["at"])))
        if one.get("then"):
            parts.append(self.text("with %(filter)s", filter=self.filter(one["then"])))
        return " ".join(parts)

    def _window(self, one: Mapping[str, Any], usual: int) -> str:
        window = one.get("within") or {"value": usual}
        return f"{window['value']} {self.text(UNITS[window.get('unit', 'day')])}"

    def _sequence(self, one: Mapping[str, Any]) -> str:
        way = " → ".join(self.events(step) for step in one["steps"])
        said = self.text("%(way)s within %(window)s", way=way, window=self._window(one, 7))
        return " ".join(filter(None, (said, self.days(one.get("when", {})))))

    def _after(self, one: Mapping[str, Any]) -> str:
        text = mark("within %(window)s after %(which)s %(anchor)s did: %(then)s")
        if not one.get("did", True):
            text = mark("within %(window)s after %(which)s %(anchor)s did not: %(then)s")
        return self.text(
            text,
            window=self._window(one, 30),
            which=self.text(WHICH[one["anchor"].get("which", "first")]),
            anchor=self.events(one["anchor"]),
            then=self.events(one["then"]),
        )

    def _anniversary(self, one: Mapping[str, Any]) -> str:
        text = mark("%(what)s comes in %(from)s to %(to)s days (%(calendar)s)")
        return self.text(
            text,
            what=self.words.attribute(one.get("attribute", "birthday")),
            calendar=self.text(CALENDARS[one.get("calendar", "solar")]),
            **{"from": one.get("from", 0), "to": one.get("to", 7)},
        )

    def _share(self, one: Mapping[str, Any]) -> str:
        rate = f"{one['rate'] * 100:g}%"
        return self.text(
            "a random %(rate)s (part %(part)s of “%(salt)s”)",
            rate=rate, part=one.get("part", 0) + 1, salt=one.get("salt", "share"),
        )  # fmt: skip

    def _people(self, one: Mapping[str, Any]) -> str:
        return self.text(KINDS["people"][0])


_SAY: dict[str, Callable[[Saying, Mapping[str, Any]], str]] = {
    "attribute": Saying._attribute,
    "tag": Saying._tag,
    "segment": Saying._segment,
    "consent": Saying._consent,
    "relation": Saying._relation,
    "event": Saying._event,
    "edge": Saying._edge,
    "sequence": Saying._sequence,
    "after": Saying._after,
    "anniversary": Saying._anniversary,
    "share": Saying._share,
    "people": Saying._people,
}
