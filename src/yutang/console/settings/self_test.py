"""The steps of a source's self-test, in words: what was seen, and what to do where it failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from yutang.catalog.reasons import reason_of
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.ingest.live import ENDED_WAIT_MS, Answer, Outcome

State = Literal["ok", "bad", "wait", "none"]

TITLES = (
    mark("Answer of the receiver"),
    mark("Written to the journal"),
    mark("Event understood"),
    mark("Event taken in"),
)
REFUSALS = {
    401: mark("The request names no write key the receiver can see. Does a proxy drop headers?"),
    403: mark(
        "The key has ended or the source is off. Receivers know of a change within five seconds:"
        " try again then."
    ),
    404: mark(
        "Something else answers at this address. Does the proxy pass the whole path on to the"
        " receivers?"
    ),
    413: mark("The request is too large for a proxy in front."),
    503: mark("Nothing can be stored at the moment: look at the disk of the installation."),
}
REDIRECTED = mark("The address leads elsewhere: put the final one into YUTANG_PUBLIC_URL.")
UNREACHABLE = mark(
    "Is YUTANG_PUBLIC_URL right, does `yutang serve` or `yutang collect` run there, and can this"
    " machine reach it?"
)


@dataclass(frozen=True)
class Step:
    """One step; texts are final."""

    title: str
    state: State
    text: str = ""
    hint: str = ""


def steps_of(session: Session, outcome: Outcome, *, address: str, now: int) -> list[Step]:
    """All four steps; those after a failed one have state `none`."""
    made: list[Step] = []
    for step in _steps(session, outcome, address, now):
        made.append(step)
        if step.state != "ok":
            break
    rest = [Step(session.text(title), "none") for title in TITLES[len(made) :]]
    return made + rest


def waits(steps: list[Step]) -> bool:
    """Is it worth looking again?"""
    return any(one.state == "wait" for one in steps)


def _steps(session: Session, outcome: Outcome, address: str, now: int) -> Iterator[Step]:
    text, (answered, stored, understood, taken) = session.text, map(session.text, TITLES)
    answer, record = outcome.answer, outcome.record
    if answer is not None and not answer.is_success:
        yield _unanswered(session, answered, answer, address)
        return
    yield Step(answered, "ok")
    if record is None:
        yield Step(
            stored,
            "bad",
            text("It was answered, but no such request is in this installation's journal."),
            text(
                "Either the address leads to another installation, or the test was some minutes"
                " ago and its request is no longer kept."
            ),
        )
        return
    yield Step(stored, "ok", text("written durably before the answer"))
    if not outcome.is_decoded:
        why = ", ".join(session.pick(reason_of(one.reason)) for one in record.problems)
        yield Step(
            understood,
            "bad",
            text("It could not be used as it is: %(reasons)s.", reasons=why),
            text("A proxy may have changed the request on its way."),
        )
        return
    name = record.source or text("unknown source")
    yield Step(understood, "ok", text("as an event of the source “%(name)s”", name=name))
    if record.stored:
        yield Step(taken, "ok", text("it is in the event dictionary and in every analysis"))
    elif now - record.received_at < ENDED_WAIT_MS:
        yield Step(taken, "wait", text("This takes a second or two."))
    else:
        yield Step(
            taken,
            "bad",
            text("The worker has not taken it in yet."),
            text("Is a worker running? `yutang doctor` says what is wrong. Nothing is lost."),
        )


def _unanswered(session: Session, title: str, answer: Answer, address: str) -> Step:
    text, why = session.text, session.text(answer.why.strip())
    if answer.status == 0:
        said = text("%(address)s could not be reached: %(why)s.", address=address, why=why)
        return Step(title, "bad", said, text(UNREACHABLE))
    said = text(
        "%(address)s answered with %(status)s: %(why)s",
        address=address,
        status=answer.status,
        why=why or "–",
    )
    is_redirect = 300 <= answer.status < 400
    return Step(
        title, "bad", said, text(REDIRECTED if is_redirect else REFUSALS.get(answer.status, ""))
    )
