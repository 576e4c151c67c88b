"""What a brand lets into its dictionary: blocked names, strict mode, personal values."""

from __future__ import annotations

from sqlalchemy import insert, update

from yutang.errors import BadInput, NotFound
from yutang.ingest import dictionary
from yutang.ingest.brand_meta import get_meta, set_meta
from yutang.ingest.dictionary import NAME_LIMIT, TYPES, Property
from yutang.ingest.known_words import PRIVACY, STRICT
from yutang.ingest.personal import DEFAULT_RULE, RULES, Rule
from yutang.state.brand import event_names, event_properties
from yutang.workspace import Workspace

OWNER_LENGTH = 80


class DictionaryRules:
    """Rules of one brand's dictionary; the next batch of the stream follows them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    # --- events --------------------------------------------------------------------------------
    def block_event(self, name: str, *, blocked: bool = True) -> None:
        """Drop and count events of this name from now on, or take them again. Facts that stand in
        the lake stay. A name that never came may be blocked too."""
        _check_name(name)
        status = "blocked" if blocked else ""
        with self._workspace.db.write() as connection:
            done = connection.execute(
                update(event_names).where(event_names.c.name == name).values(status=status)
            )
            if not done.rowcount:
                connection.execute(
                    insert(event_names).values(
                        name=name, events=0, first_seen_at=self._workspace.now(), status=status
                    )
                )
            dictionary.note_change(connection)

    def add_event(self, name: str) -> None:
        """Let an event in that never came (for strict mode)."""
        self.block_event(name, blocked=False)

    # --- properties ----------------------------------------------------------------------------
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

    def block_property(self, name: str, *, blocked: bool = True) -> None:
        """Drop the values of a property from now on, or take them again. Raises NotFound."""
        self._set(name, status="blocked" if blocked else "")

    def set_owner(self, name: str, owner: str) -> None:
        """Say who answers for a property. Raises NotFound."""
        self._set(name, owner=owner.strip()[:OWNER_LENGTH])

    def set_privacy(self, name: str, rule: str) -> None:
        """What is done with personal values of a property: allow, hash, refuse, or "" for the
        brand's rule. Its examples go where values are guarded. Raises NotFound, BadInput."""
        if rule and rule not in RULES:
            raise BadInput("“%(rule)s” is no rule for personal values.", rule=rule)
        values: dict[str, object] = {"privacy": rule}
        if rule != "allow":
            values["examples"] = []
        self._set(name, **values)

    # --- the brand -----------------------------------------------------------------------------
    def strict(self) -> bool:
        """Is what the dictionary does not hold set aside?"""
        with self._workspace.db.read() as connection:
            return get_meta(connection, STRICT) == "1"

    def set_strict(self, strict: bool) -> None:
        """In strict mode events and properties that the dictionary does not hold are set aside
        instead of being registered; presets (`$…`) are always taken."""
        self._set_meta(STRICT, "1" if strict else "")

    def privacy(self) -> Rule:
        """The brand's rule for personal values in properties."""
        with self._workspace.db.read() as connection:
            rule = get_meta(connection, PRIVACY)
        return rule if rule in RULES else DEFAULT_RULE

    def set_default_privacy(self, rule: str) -> None:
        """Set the brand's rule. Raises BadInput."""
        if rule not in RULES:
            raise BadInput("“%(rule)s” is no rule for personal values.", rule=rule)
        self._set_meta(PRIVACY, rule)

    # --- inside --------------------------------------------------------------------------------
    def _set(self, name: str, **values: object) -> None:
        with self._workspace.db.write() as connection:
            done = connection.execute(
                update(event_properties)
                .where(event_properties.c.name_key == name.casefold())
                .values(**values)
            )
            if not done.rowcount:
                raise NotFound("There is no property “%(name)s”.", name=name)
            dictionary.note_change(connection)

    def _set_meta(self, key: str, value: str) -> None:
        with self._workspace.db.write() as connection:
            set_meta(connection, key, value)
            dictionary.note_change(connection)


def _check_name(name: str) -> None:
    if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
        raise BadInput("“%(name)s” cannot be a name.", name=name[:NAME_LIMIT])
