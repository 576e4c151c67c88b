"""What a brand says about its dictionary: what names mean, which are let in, personal values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from yutang.errors import BadInput, NotFound
from yutang.ingest import dictionary
from yutang.ingest.brand_meta import get_meta, set_meta
from yutang.ingest.dictionary import NAME_LIMIT, STRICT, TYPES, Property
from yutang.ingest.known_words import PRIVACY
from yutang.ingest.personal import DEFAULT_RULE, RULES, Rule
from yutang.state.brand import event_names, event_properties
from yutang.workspace import Workspace

# What can be said, and how many characters of it are kept.
LENGTHS = {"label": 80, "description": 1_000, "owner": 80}
BLOCKED = "blocked"


@dataclass(frozen=True)
class Change:
    """What was changed (label | description | owner | status | privacy), from what, to what: set
    back, it is as it was."""

    what: str
    before: str
    after: str


class DictionaryRules:
    """Rules of one brand's dictionary; the next batch of the stream follows them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    # --- events --------------------------------------------------------------------------------
    def change_event(self, name: str, **wanted: str | None) -> list[Change]:
        """Set label, description, owner or status ("" taken, blocked: dropped and counted from now
        on; facts that stand in the lake stay); None leaves one as it is. What really changed.

        Raises NotFound for an event that never came in, BadInput for another status.
        """
        values = _checked(wanted, ("label", "description", "owner", "status"))
        with self._workspace.db.write() as connection:
            mine = event_names.c.name == name
            columns = [event_names.c[what] for what in values]
            before = connection.execute(select(event_names.c.name, *columns).where(mine)).first()
            if before is None:
                raise NotFound("There is no event “%(name)s”.", name=name)
            made = _changes(before[1:], values)
            if made:
                connection.execute(update(event_names).where(mine).values(**_values(made)))
                dictionary.note_change(connection)
        return made

    def block_event(self, name: str, *, blocked: bool = True) -> list[Change]:
        """Drop and count events of this name from now on, or take them again. A name that never
        came may be blocked too. Raises BadInput for what cannot be a name."""
        self.add_event(name)
        return self.change_event(name, status=BLOCKED if blocked else "")

    def add_event(self, name: str) -> bool:
        """Let an event in that never came (for strict mode); False where it is known."""
        _check_name(name)
        with self._workspace.db.write() as connection:
            mine = event_names.c.name == name
            if connection.execute(select(event_names.c.name).where(mine)).first() is not None:
                return False
            values = {"name": name, "events": 0, "first_seen_at": self._workspace.now()}
            connection.execute(insert(event_names).values(**values))
            dictionary.note_change(connection)
        return True

    # --- properties ----------------------------------------------------------------------------
    def change_property(self, name: str, **wanted: str | None) -> list[Change]:
        """As `change_event`; a blocked property's values are dropped. Besides, privacy: what is
        done with its personal values (allow, hash, refuse, or "" for the brand's rule); where
        they are guarded its examples go. Raises NotFound, BadInput."""
        values = _checked(wanted, ("label", "description", "owner", "status", "privacy"))
        with self._workspace.db.write() as connection:
            mine = event_properties.c.name_key == name.casefold()
            columns = [event_properties.c[what] for what in values]
            query = select(event_properties.c.name, *columns).where(mine)
            before = connection.execute(query).first()
            if before is None:
                raise NotFound("There is no property “%(name)s”.", name=name)
            made = _changes(before[1:], values)
            if made:
                connection.execute(update(event_properties).where(mine).values(**_values(made)))
                if any(one.what == "privacy" and one.after != "allow" for one in made):
                    _forget_examples(connection, mine)
                dictionary.note_change(connection)
        return made

    def block_property(self, name: str, *, blocked: bool = True) -> list[Change]:
        """Drop the values of a property from now on, or take them again. Raises NotFound."""
        return self.change_property(name, status=BLOCKED if blocked else "")

    def add_property(self, name: str, type_: str) -> Property:
        """Let a property in, with its type. Raises BadInput for a name or type that cannot be, or
        for a property that has another type already."""
        if type_ not in TYPES:
            raise BadInput("“%(type)s” is no type of a property.", type=type_)
        _check_name(name)
        with self._workspace.db.write() as connection:
            known = dictionary.properties(connection)
            made = dictionary.register(connection, known, name, type_, self._workspace.now())
        if made is None:
            raise BadInput("There are too many properties.")
        if made.type != type_:
            raise BadInput(
                "The property “%(name)s” holds values of type %(type)s.",
                name=made.name,
                type=made.type,
            )
        return made

    # --- the brand -----------------------------------------------------------------------------
    def strict(self) -> bool:
        """Is what the dictionary does not hold set aside?"""
        with self._workspace.db.read() as connection:
            return get_meta(connection, STRICT) == "1"

    def set_strict(self, strict: bool) -> None:
        """In strict mode events and properties that the dictionary does not hold are set aside
        instead of being registered; presets (`$…`) are always taken."""
        with self._workspace.db.write() as connection:
            set_meta(connection, STRICT, "1" if strict else "")
            dictionary.note_change(connection)

    def privacy(self) -> Rule:
        """The brand's rule for personal values in properties."""
        with self._workspace.db.read() as connection:
            rule = get_meta(connection, PRIVACY)
        return rule if rule in RULES else DEFAULT_RULE

    def set_default_privacy(self, rule: str) -> None:
        """Set the brand's rule; where it guards, examples of the properties that follow it go.
        Raises BadInput."""
        _check_rule(rule)
        with self._workspace.db.write() as connection:
            set_meta(connection, PRIVACY, rule)
            if rule != "allow":
                _forget_examples(connection, event_properties.c.privacy == "")
            dictionary.note_change(connection)


def _checked(wanted: dict[str, str | None], known: Sequence[str]) -> dict[str, str]:
    """The values to set. Raises BadInput for a status or a rule that cannot be."""
    unknown = wanted.keys() - set(known)
    if unknown:
        raise TypeError(f"a dictionary entry has no {sorted(unknown)[0]}")
    values = {what: value.strip() for what, value in wanted.items() if value is not None}
    for what, length in LENGTHS.items():
        if what in values:
            values[what] = values[what][:length]
    if values.get("status", "") not in ("", BLOCKED):
        raise BadInput("“%(status)s” is no status of a name.", status=values["status"])
    if values.get("privacy"):
        _check_rule(values["privacy"])
    return values


def _changes(before: Sequence[str], values: dict[str, str]) -> list[Change]:
    pairs = zip(values.items(), before, strict=True)
    return [Change(what, old, new) for (what, new), old in pairs if old != new]


def _values(made: Sequence[Change]) -> dict[str, str]:
    return {one.what: one.after for one in made}


def _forget_examples(connection: Connection, which: object) -> None:
    connection.execute(update(event_properties).where(which).values(examples=[]))  # type: ignore[arg-type]


def _check_rule(rule: str) -> None:
    if rule not in RULES:
        raise BadInput("“%(rule)s” is no rule for personal values.", rule=rule)


def _check_name(name: str) -> None:
    if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
        raise BadInput("“%(name)s” cannot be a name.", name=name[:NAME_LIMIT])
