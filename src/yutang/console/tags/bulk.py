"""Many customers at once: of a filtered list, a segment, a pasted list, or a file that names a tag
for each. First what it would do, then doing it, then one click that takes all of it back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pyroaring import BitMap
from starlette.datastructures import FormData, UploadFile

from yutang.catalog.identity_kinds import BY_CODE
from yutang.console.customers import filters
from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs, posted
from yutang.console.identity.reviews import tabs_of
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.tags import words
from yutang.errors import BadInput, YutangError
from yutang.identity import LIST_KINDS, MOST_LINES, read_file
from yutang.tags import Plan, Preview

ROUTES = APIRouter()
PATH = words.PATH + "/bulk"
OTHER_KINDS = {"": mark("find out for each line"), "customer": mark("customer number")}
SOURCES = ("customers", "segment", "list", "file")
TOLD = 30  # rejected rows on the page; the file has them all
_KEPT = ("from", "segment", "kind", "list", "act", "note", *filters.FILTERS)


@dataclass(frozen=True)
class Asked:
    """What was asked. plan: of a file, people: of everything else."""

    people: BitMap
    plan: Plan | None = None
    unknown: int = 0
    several: int = 0


@ROUTES.get(PATH)
def bulk(request: Request, session: Session = needs("tags")) -> Response:
    values = dict(request.query_params)
    return _page(request, session, values, tags=[])


@ROUTES.post(PATH)
def act(
    request: Request, session: Session = needs("tags"), form: FormData = Depends(posted)
) -> Response:
    """step: preview, do, or rejected (the rows that cannot be taken, as a file)."""
    values = {key: str(value) for key, value in form.items() if isinstance(value, str)}
    chosen = [words.whole(value) for value in form.getlist("give") if value]
    try:
        file = form.get("file")
        if isinstance(file, UploadFile) and file.filename:
            values["list"] = read_file(file.file.read())
        asked = _asked(session, values)
        if values.get("step") == "rejected" and asked.plan is not None:
            return _rejected(session, asked.plan)
        if asked.plan is None and not chosen:
            raise BadInput("Choose a tag.")
        if values.get("step") == "do":
            return _do(request, session, values, asked, chosen)
        previews = _previews(session, values, asked, chosen)
    except YutangError as error:
        return _page(request, session, values, tags=chosen, error=error)
    return _page(request, session, values, tags=chosen, asked=asked, previews=previews)


def _asked(session: Session, values: dict[str, str]) -> Asked:
    source, kind = values.get("from", ""), values.get("kind", "")
    files = session.brand.tag_files
    if source == "customers":
        query = filters.read(f"{session.base}/customers", values)
        return Asked(session.brand.customers.people(filters.customer_query(session, query)))
    if source == "segment":
        return Asked(session.brand.segments.people(words.whole(values.get("segment"))))
    if source == "list":
        matched = files.match(values.get("list", ""), kind)
        return Asked(matched.people, unknown=len(matched.unknown), several=len(matched.several))
    if source == "file":
        plan = files.plan(values.get("list", ""), kind)
        everybody = BitMap.union(*plan.people.values()) if plan.people else BitMap()
        return Asked(everybody, plan)
    raise BadInput("Choose whom to tag.")


def _previews(
    session: Session, values: dict[str, str], asked: Asked, chosen: list[int]
) -> list[Preview]:
    tags = session.brand.tags
    if asked.plan is not None:
        return [tags.preview([tag], who)[0] for tag, who in asked.plan.people.items()]
    return list(tags.preview(chosen, asked.people))


def _do(
    request: Request, session: Session, values: dict[str, str], asked: Asked, chosen: list[int]
) -> Response:
    tags, by, job = session.brand.tags, session.account.login, uuid.uuid4().hex
    note = values.get("note", "")
    _check_settable(session, list(asked.plan.people) if asked.plan else chosen)
    if asked.plan is not None:
        done = session.brand.tag_files.apply(asked.plan, by=by, job=job, note=note)
    elif values.get("act") == "remove":
        done = tags.remove(chosen, asked.people, kind="bulk", by=by, note=note, job=job)
    else:
        done = tags.add(chosen, asked.people, kind="bulk", by=by, note=note, job=job)
    removed = values.get("act") == "remove" and asked.plan is None
    action = "customers_untagged" if removed else "customers_tagged"
    names = ", ".join(tags.get(one).title for one in (asked.plan.people if asked.plan else chosen))
    session.brand.audit.record(by, action, names[:200], {"people": done.added}, session.ip)
    return see_other(request, f"{session.base}/customers/tags/bulk?job={job}" if done.changes
                     else f"{session.base}/customers/tags/bulk?job=none")  # fmt: skip


def _check_settable(session: Session, ids: list[int]) -> None:
    for id_ in ids:
        tag = session.brand.tags.get(id_)
        if tag.kind in ("computed", "rule"):
            raise BadInput(
                "Nobody sets the tag “%(name)s” by hand: a condition does.", name=tag.title
            )


def _rejected(session: Session, plan: Plan) -> Response:
    header = [session.text(title) for title in (
        mark("Line"), mark("Column"), mark("Reason"), mark("Identifier"), mark("Tag"))]  # fmt: skip

    def rows() -> Iterator[list[Cell]]:
        for one in plan.rejected:
            yield [one.line, one.column, session.text(words.WHY[one.reason]), one.identifier,
                   one.tag]  # fmt: skip

    return download("csv", "rejected", header, rows())


def _page(
    request: Request,
    session: Session,
    values: dict[str, str],
    *,
    tags: list[int],
    asked: Asked | None = None,
    previews: list[Preview] | None = None,
    error: YutangError | None = None,
) -> Response:
    kinds = {
        code: session.text(OTHER_KINDS[code])
        if code in OTHER_KINDS
        else session.pick(BY_CODE[code])
        for code in LIST_KINDS
    }
    source = values.get("from", "")
    query = filters.read(f"{session.base}/customers", values)
    job = values.get("job", "")
    shelf = session.brand.tags.now()
    every = shelf.list_()
    return render(
        request,
        "tags/bulk.html",
        status=422 if error else 200,
        source=source if source in SOURCES else "list",
        values={key: values.get(key, "") for key in _KEPT},
        filter_fields={key: one for key, one in query.filters.items() if key != "cols"},
        chips=filters.chips(session, query) if source == "customers" and error is None else [],
        chosen=tags,
        offered=[one for one in every if one.kind not in ("computed", "rule")],
        group_names=words.group_names(session, shelf.groups()),
        segments=session.brand.segments.list_(),
        kinds=kinds,
        most=MOST_LINES,
        asked=asked,
        previews=previews or [],
        rejected=asked.plan.rejected[:TOLD] if asked and asked.plan else (),
        why=words.WHY,
        job=job,
        done=_job(session, job) if job else None,
        error=error,
        tabs=tabs_of(session),
        tab=words.TAB,
        waiting=session.brand.hands.count_reviews() if session.may("identity") else 0,
    )


def _job(session: Session, job: str) -> dict[str, Any]:
    """What an act did, for the page that comes after it."""
    rows = session.brand.tags.job(job)
    return {
        "rows": [row for row in rows if row.part_of is None],
        "replaced": sum(row.size for row in rows if row.part_of is not None),
        "undone": bool(rows) and all(row.undone_at is not None for row in rows),
    }
