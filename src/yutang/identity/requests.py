"""Decisions about people that somebody asks for while the one writer is at work elsewhere.

A page or a program writes the request down and nudges the worker; the worker carries it out before
anything else it has to do (`run`). A request is marked done, and the audit log told, in the very
transaction that makes the decision, so a worker that dies never decides twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert, select, update

from yutang.errors import BadInput, Conflict, NotFound, YutangError
from yutang.identity import repository
from yutang.identity.hands import REVIEW_ANSWERS, Hands
from yutang.identity.rules import rank
from yutang.state.brand import hand_requests, identity_reviews
from yutang.workspace import Workspace

WAITING, DONE, REFUSED = "waiting", "done", "refused"
ACTIONS = {
    "link": "identity.linked",
    "split": "identity.split",
    "undo": "identity.undone",
    "decide": "identity.reviewed",
}


@dataclass(frozen=True)
class HandRequest:
    """What somebody asked for. args by kind: link {a, b} · split {identities} · undo {decision} ·
    decide {review, answer}. error: of a refused one, as {code, message, hint, params}."""

    id: int
    kind: str
    args: Mapping[str, Any]
    note: str
    by: str
    ip: str
    at: int
    status: str  # waiting | done | refused
    decision: str
    error: Mapping[str, Any] | None
    done_at: int | None


# Writes the audit log: (connection, who, action, what, detail, address).
Record = Callable[[Connection, str, str, str, dict[str, Any], str], object]
_COLUMNS = [hand_requests.c[name] for name in HandRequest.__dataclass_fields__]


class HandRequests:
    """The requests of one brand."""

    def __init__(self, workspace: Workspace, hands: Hands, record: Record) -> None:
        self._workspace = workspace
        self._hands = hands
        self._record = record

    # --- asking ------------------------------------------------------------------------------
    def link(self, customer: int, other: int, *, note: str, by: str, ip: str = "") -> HandRequest:
        """Ask to make two customers one, by the identities that name them best.

        Raises BadInput without a reason or where both are one, NotFound where one is gone.
        """
        if not note.strip():
            raise BadInput("Say why these are one person.", hint="The reason is kept for good.")
        if customer == other:
            raise BadInput("These are one customer already.")
        with self._workspace.db.read() as connection:
            best = [_best(connection, one) for one in (customer, other)]
        return self._ask("link", {"a": best[0], "b": best[1]}, note, by, ip)

    def split(self, members: Sequence[int], *, note: str, by: str, ip: str = "") -> HandRequest:
        """Ask to take identities out of their customer. Raises BadInput as `Hands.split` does,
        and without a reason."""
        if not note.strip():
            raise BadInput("Say why these are somebody else.", hint="The reason is kept for good.")
        wanted = sorted(set(members))
        with self._workspace.db.read() as connection:
            owners = repository.customers_of(connection, wanted)
            everybody = repository.identities_of(connection, owners)
        if not wanted or len(owners) != 1:
            raise BadInput("Choose identities of one customer.")
        if everybody == wanted:
            raise BadInput(
                "These are all the identities of the customer.",
                hint="Choose those that belong to somebody else.",
            )
        return self._ask("split", {"identities": wanted}, note, by, ip)

    def undo(self, decision: str, *, by: str, ip: str = "") -> HandRequest:
        """Ask to take a decision back. Raises NotFound, Conflict."""
        found = next((one for one in self._hands.decisions() if one.id == decision), None)
        if found is None:
            raise NotFound("There is no decision “%(id)s”.", id=decision)
        if found.revoked_at is not None:
            raise Conflict("This was undone already.")
        args = {"decision": decision, "identities": list(found.identities)}
        return self._ask("undo", args, "", by, ip)

    def decide(self, review: int, answer: str, *, by: str, ip: str = "") -> HandRequest:
        """Ask to answer a review. Raises NotFound, BadInput."""
        if answer not in REVIEW_ANSWERS:
            raise BadInput("Answer “joined” or “apart”.")
        query = select(identity_reviews.c.identity).where(identity_reviews.c.id == review)
        with self._workspace.db.read() as connection:
            identity = connection.execute(query).scalar()
        if identity is None:
            raise NotFound("There is no review %(id)s.", id=review)
        args = {"review": review, "answer": answer, "identities": [int(identity)]}
        return self._ask("decide", args, "", by, ip)

    def get(self, request_id: int) -> HandRequest:
        """Raises NotFound."""
        query = select(*_COLUMNS).where(hand_requests.c.id == request_id)
        with self._workspace.db.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("There is no request %(id)s.", id=request_id)
        return HandRequest(*row)

    def waiting(self) -> list[HandRequest]:
        """What the worker has not come to yet, oldest first."""
        query = select(*_COLUMNS).where(hand_requests.c.status == WAITING)
        with self._workspace.db.read() as connection:
            rows = connection.execute(query.order_by(hand_requests.c.id)).all()
        return [HandRequest(*row) for row in rows]

    def _ask(self, kind: str, args: Mapping[str, Any], note: str, by: str, ip: str) -> HandRequest:
        same = [one for one in self.waiting() if (one.kind, one.args) == (kind, args)]
        if same:  # a second click
            return same[0]
        with self._workspace.db.write() as connection:
            made = connection.execute(
                insert(hand_requests).values(
                    kind=kind, args=dict(args), note=note.strip(), by=by, ip=ip,
                    at=self._workspace.now(), status=WAITING,
                )
            )  # fmt: skip
        assert made.inserted_primary_key is not None
        return self.get(int(made.inserted_primary_key[0]))

    # --- the writer --------------------------------------------------------------------------
    def run(self) -> int:
        """Carry out what waits; the caller holds the writer lock. How many there were."""
        found = self.waiting()
        for one in found:
            self.carry_out(one)
        return len(found)

    def carry_out(self, one: HandRequest) -> None:
        """Carry out one; what cannot be is refused with the reason."""
        try:
            self._carry_out(one)
        except YutangError as error:
            self.refuse(one, error)

    def _carry_out(self, one: HandRequest) -> None:
        also = partial(self._close, one)
        args, by = one.args, one.by
        if one.kind == "link":
            self._hands.link_ids(args["a"], args["b"], note=one.note, by=by, also=also)
        elif one.kind == "split":
            self._hands.split(args["identities"], note=one.note, by=by, also=also)
        elif one.kind == "undo":
            self._hands.undo(args["decision"], by=by, also=also)
        else:
            self._hands.decide(args["review"], args["answer"], by=by, also=also)

    def _close(self, one: HandRequest, connection: Connection, decision: str) -> None:
        values = {"status": DONE, "decision": decision, "done_at": self._workspace.now()}
        mine = hand_requests.c.id == one.id
        connection.execute(update(hand_requests).where(mine).values(**values))
        detail = {key: value for key, value in one.args.items() if key == "answer"}
        if one.note:
            detail["note"] = one.note
        self._record(connection, one.by, ACTIONS[one.kind], decision, detail, one.ip)

    def refuse(self, one: HandRequest, error: YutangError) -> None:
        """Say why it was not done."""
        told = {"code": error.code, "message": error.message, "hint": error.hint,
                "params": {key: str(value) for key, value in error.params.items()}}  # fmt: skip
        values = {"status": REFUSED, "error": told, "done_at": self._workspace.now()}
        mine = hand_requests.c.id == one.id
        with self._workspace.db.write() as connection:
            connection.execute(update(hand_requests).where(mine).values(**values))


def _best(connection: Connection, customer: int) -> int:
    """The identity that names a customer best; one that is held for review joins nobody."""
    members = repository.of_customer(connection, customer)
    if not members:
        raise NotFound("There is no customer %(id)s.", id=customer)
    held = repository.held(connection, [one.id for one in members])
    usable = [one for one in members if one.id not in held]
    if not usable:
        raise Conflict(
            "This identity is tied to too many people and joins nobody.",
            hint="Decide it under identity reviews first.",
        )
    return min(usable, key=lambda one: (rank(one.kind), one.id)).id
