"""People decide: tie two identities, take some apart, undo either, and settle what is in review.

Nothing is overwritten: a decision is a row with who, when and why, and undoing it revokes the row.
Every decision is a new facts version, since it moves facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from yutang.errors import BadInput, Conflict, NotFound
from yutang.identity import repository
from yutang.identity.evidence import links_touching
from yutang.identity.repository import Identity
from yutang.identity.service import Identities
from yutang.identity.settling import resettle
from yutang.state.brand import (
    identities,
    identity_detachments,
    identity_links,
    identity_reviews,
)
from yutang.workspace import Workspace

# Tells a new facts version with the customers whose facts moved, in the caller's transaction.
Moved = Callable[[Connection, str, Iterable[int]], object]
# Told the decision in the transaction that made it: what must not happen twice is noted there.
Also = Callable[[Connection, str], object]
MANUAL = "manual"
REVIEW_ANSWERS = ("joined", "apart")


@dataclass(frozen=True)
class Decision:
    """A link or a split that somebody made by hand. identities: the two, or those taken apart."""

    id: str  # link:N or split:N
    identities: tuple[int, ...]
    by: str
    note: str
    at: int
    revoked_at: int | None
    revoked_by: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Review:
    """An identity tied to so many people that it joins nobody until somebody decides."""

    id: int
    identity: int
    kind: str
    shown: str
    customer: int
    people: int
    at: int
    status: str  # open | joined | apart
    resolved_by: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Hands:
    """Decisions about one brand's people; the caller holds the brand's writer lock."""

    def __init__(self, workspace: Workspace, identities_: Identities, moved: Moved) -> None:
        self._workspace = workspace
        self._identities = identities_
        self._moved = moved

    def link(self, one: tuple[str, str], other: tuple[str, str], *, note: str, by: str) -> Decision:
        """Say that two identities (kind, value) are one person. Raises NotFound, BadInput where
        no reason is given, Conflict where they are one already by hand."""
        if not note.strip():
            raise BadInput("Say why these are one person.", hint="The reason is kept for good.")
        return self.link_ids(self._id(one), self._id(other), note=note, by=by)

    def link_ids(
        self, one: int, other: int, *, note: str, by: str, also: Also | None = None
    ) -> Decision:
        """The same, of identities by number."""
        if not note.strip():
            raise BadInput("Say why these are one person.", hint="The reason is kept for good.")
        a, b = sorted((one, other))
        if a == b:
            raise BadInput("These are the same identity.")
        at = self._workspace.now()
        with self._workspace.settled(), self._workspace.db.write() as connection:
            if len(repository.get_many(connection, [a, b])) < 2:
                raise NotFound("One of these identities is gone.")
            if any(link.evidence == MANUAL and {link.a, link.b} == {a, b}
                   for link in links_touching(connection, [a])):  # fmt: skip
                raise Conflict("These were tied by hand already.")
            made = connection.execute(
                insert(identity_links).values(
                    a=a, b=b, evidence=MANUAL, strength="person", source=MANUAL, time=at, at=at,
                    by=by, note=note.strip(),
                )
            )  # fmt: skip
            decision = f"link:{_key(made)}"
            self._settle(connection, [a, b], decision)
            if also is not None:
                also(connection, decision)
        return Decision(decision, (a, b), by, note.strip(), at, None, "")

    def split(
        self, members: Sequence[int], *, note: str, by: str, also: Also | None = None
    ) -> Decision:
        """Take identities out of their customer; they stay together among themselves.

        Raises BadInput where they are not of one customer, or are all of him.
        """
        at = self._workspace.now()
        wanted = sorted(set(members))
        with self._workspace.settled(), self._workspace.db.write() as connection:
            customers = repository.customers_of(connection, wanted)
            if len(customers) != 1 or not wanted:
                raise BadInput("Choose identities of one customer.")
            everybody = repository.identities_of(connection, customers)
            if set(everybody) == set(wanted):
                raise BadInput(
                    "These are all the identities of the customer.",
                    hint="Choose those that belong to somebody else.",
                )
            first = self._detach(connection, wanted, note, by, at)
            seeds = {end for link in links_touching(connection, wanted) for end in link[:2]}
            self._settle(connection, seeds | set(everybody), f"split:{first}")
            if also is not None:
                also(connection, f"split:{first}")
        return Decision(f"split:{first}", tuple(wanted), by, note.strip(), at, None, "")

    def unlink(
        self, one: tuple[str, str], other: tuple[str, str] | None, *, note: str, by: str
    ) -> str:
        """Take the link by hand between two identities back; without `other`, take the identity
        out of its customer. Gives the decision's id. Raises NotFound, BadInput."""
        a = self._id(one)
        if other is None:
            return self.split([a], note=note, by=by).id
        b = self._id(other)
        for made in self.decisions():
            if (
                made.revoked_at is None
                and set(made.identities) == {a, b}
                and (made.id.startswith("link:"))
            ):
                self.undo(made.id, by=by)
                return made.id
        raise NotFound(
            "These two were not tied by hand.",
            hint="Name one identity alone to take it out of its customer.",
        )

    def undo(self, decision: str, *, by: str, also: Also | None = None) -> None:
        """Take a decision back. Raises NotFound, Conflict where that was done before."""
        kind, _, number = decision.partition(":")
        if kind not in ("link", "split") or not number.isdigit():
            raise NotFound("There is no decision “%(id)s”.", id=decision)
        found = next((one for one in self.decisions() if one.id == decision), None)
        if found is None:
            raise NotFound("There is no decision “%(id)s”.", id=decision)
        if found.revoked_at is not None:
            raise Conflict("This was undone already.")
        at = self._workspace.now()
        table = identity_links if kind == "link" else identity_detachments
        mine = table.c.id == int(number) if kind == "link" else table.c.source == decision
        with self._workspace.settled(), self._workspace.db.write() as connection:
            connection.execute(update(table).where(mine).values(revoked_at=at, revoked_by=by))
            self._settle(connection, found.identities, f"undo-{decision}")
            if also is not None:
                also(connection, decision)

    def decisions(self) -> list[Decision]:
        """All links and splits by hand, newest first."""
        with self._workspace.db.read() as connection:
            links = connection.execute(
                select(identity_links).where(identity_links.c.evidence == MANUAL)
            ).all()
            parts = connection.execute(
                select(identity_detachments).where(identity_detachments.c.evidence == MANUAL)
            ).all()
        found = [
            Decision(f"link:{r.id}", (r.a, r.b), r.by, r.note, r.at, r.revoked_at, r.revoked_by)
            for r in links
        ]
        for source in dict.fromkeys(row.source for row in parts):
            rows = [row for row in parts if row.source == source]
            r = rows[0]
            members = tuple(row.identity for row in rows)
            found.append(Decision(source, members, r.by, r.note, r.at, r.revoked_at, r.revoked_by))
        return sorted(found, key=lambda one: (one.at, one.id), reverse=True)

    def reviews(self, status: str = "open") -> list[Review]:
        """What waits for a decision, the most crowded first."""
        query = (
            select(
                identity_reviews.c.id, identity_reviews.c.identity, identities.c.kind,
                identities.c.shown, identities.c.customer_id, identity_reviews.c.people,
                identity_reviews.c.at, identity_reviews.c.status, identity_reviews.c.resolved_by,
            )
            .join(identities, identities.c.id == identity_reviews.c.identity)
            .where(identity_reviews.c.status == status)
            .order_by(identity_reviews.c.people.desc(), identity_reviews.c.id)
        )  # fmt: skip
        with self._workspace.db.read() as connection:
            return [Review(*row) for row in connection.execute(query)]

    def count_reviews(self, status: str = "open") -> int:
        """How many wait for a decision."""
        query = select(func.count()).where(identity_reviews.c.status == status)
        with self._workspace.db.read() as connection:
            return int(connection.execute(query).scalar_one())

    def tied_to(self, ids: Sequence[int]) -> dict[int, list[Identity]]:
        """Identity → those that automatic evidence ties to it, one of each customer, oldest
        first: the people of a review."""
        with self._workspace.db.read() as connection:
            links = links_touching(connection, ids)
            known = repository.get_many(connection, {end for link in links for end in link[:2]})
        found: dict[int, dict[int, Identity]] = {id_: {} for id_ in ids}
        for link in links:
            for one, other in ((link.a, link.b), (link.b, link.a)):
                if one in found and other in known:
                    found[one].setdefault(known[other].customer_id, known[other])
        return {id_: list(people.values()) for id_, people in found.items()}

    def decide(self, review: int, answer: str, *, by: str, also: Also | None = None) -> None:
        """Answer a review: `joined` (it is one person all the same) or `apart` (it joins nobody).

        An answer may be changed later. Raises NotFound, BadInput.
        """
        if answer not in REVIEW_ANSWERS:
            raise BadInput("Answer “joined” or “apart”.")
        at = self._workspace.now()
        with self._workspace.settled(), self._workspace.db.write() as connection:
            query = select(identity_reviews.c.identity).where(identity_reviews.c.id == review)
            identity = connection.execute(query).scalar()
            if identity is None:
                raise NotFound("There is no review %(id)s.", id=review)
            connection.execute(
                update(identity_reviews)
                .where(identity_reviews.c.id == review)
                .values(status=answer, resolved_at=at, resolved_by=by)
            )
            seeds = {end for link in links_touching(connection, [identity]) for end in link[:2]}
            self._settle(connection, seeds | {identity}, f"review:{review}:{at}")
            if also is not None:
                also(connection, f"review:{review}")

    def _settle(self, connection: Connection, seeds: Iterable[int], journal: str) -> None:
        changed = resettle(connection, seeds, self._workspace.now())
        self._moved(connection, journal, changed)

    def _detach(
        self, connection: Connection, members: Sequence[int], note: str, by: str, at: int
    ) -> int:
        """Note the split under the number of its first row."""
        first = 0
        for identity in members:
            made = connection.execute(
                insert(identity_detachments).values(
                    identity=identity, evidence=MANUAL, source=f"split:{first}", time=at, at=at,
                    by=by, note=note.strip(),
                )
            )  # fmt: skip
            if not first:
                first = _key(made)
                connection.execute(
                    update(identity_detachments)
                    .where(identity_detachments.c.id == first)
                    .values(source=f"split:{first}")
                )
        return first

    def _id(self, pair: tuple[str, str]) -> int:
        found = self._identities.find(*pair)
        if found is None:
            raise NotFound("Nobody has %(kind)s “%(value)s”.", kind=pair[0], value=pair[1])
        return found.id


def _key(made: object) -> int:
    key = made.inserted_primary_key  # type: ignore[attr-defined]
    assert key is not None
    return int(key[0])
