"""One tag: who has it, how it grew, what was changed, and taking a change back."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.analyse.words import Vocabulary
from yutang.console.charts import Chart, Series
from yutang.console.customers.listing import export_customers
from yutang.console.guard import Session, needs, posted
from yutang.console.identity.reviews import tabs_of
from yutang.console.render import render, see_other
from yutang.console.tables import Pager, read_query
from yutang.console.tags import words
from yutang.customers import ROLES, STAGES, CustomerQuery
from yutang.errors import BadInput, YutangError
from yutang.tags import Tag

ROUTES = APIRouter()
SAMPLE = 8


@ROUTES.get(words.PATH + "/{tag_id}")
def tag(request: Request, tag_id: int, session: Session = needs("see")) -> Response:
    if kind := request.query_params.get("as"):
        found = session.brand.tags.get(tag_id)
        asked = CustomerQuery(people=session.brand.tags.people(tag_id), sort="id")
        detail = {"people": found.people}
        return export_customers(
            session, asked, kind, name=f"tag-{tag_id}",
            record=("tag_exported", found.title, detail),
        )  # fmt: skip
    return page(request, session, tag_id)


@ROUTES.post(words.PATH + "/undo")
def undo(
    request: Request, session: Session = needs("tags"), form: FormData = Depends(posted)
) -> Response:
    """Take back one change, or everything that one act did."""
    tags, by = session.brand.tags, session.account.login
    job, change = str(form.get("job", "")), words.whole(form.get("change"))
    done = tags.undo_job(job, by=by) if job else tags.undo(change, by=by)
    target = job or f"#{change}"
    session.brand.audit.record(by, "tagging_undone", target, {"people": done.added}, session.ip)
    note = session.text("Undone: %(n)s people are as they were before.", n=done.added)
    tag_id = words.whole(form.get("tag"))
    where = f"/{tag_id}" if tag_id else ""
    return see_other(request, f"{session.base}/customers/tags{where}", note)


@ROUTES.post(words.PATH + "/{tag_id}")
def change(
    request: Request,
    tag_id: int,
    session: Session = needs("tags"),
    form: FormData = Depends(posted),
) -> Response:
    """Rename, move, describe, archive, restore, ask anew, tie to a behaviour."""
    act = str(form.get("act", ""))
    typed = {key: str(value) for key, value in form.items()}
    try:
        if act not in ACTS:
            raise BadInput("There is nothing of that kind to do.")
        action, note = ACTS[act](session, session.brand.tags.get(tag_id), typed)
    except YutangError as error:
        if error.status == 404:
            raise
        return page(request, session, tag_id, error=error)
    title = session.brand.tags.get(tag_id).title
    session.brand.audit.record(session.account.login, action, title, None, session.ip)
    return see_other(request, f"{session.base}/customers/tags/{tag_id}", note)


def _change(session: Session, tag: Tag, typed: dict[str, str]) -> tuple[str, str]:
    session.brand.tags.cabinet.change(
        tag.id, name=typed.get("name", ""), description=typed.get("description", ""),
        colour=typed.get("colour", "") if typed.get("coloured") else "",
        valid_days=words.whole(typed.get("valid_days")),
        set_by=typed.get("set_by", tag.set_by),
        group_id=words.whole(typed.get("group"), tag.group_id),
    )  # fmt: skip
    return "tag_changed", session.text("Saved.")


def _archive(session: Session, tag: Tag, typed: dict[str, str]) -> tuple[str, str]:
    session.brand.tags.cabinet.archive(tag.id)
    return "tag_archived", session.text("Archived. You can restore it here at any time.")


def _restore(session: Session, tag: Tag, typed: dict[str, str]) -> tuple[str, str]:
    session.brand.tags.cabinet.restore(tag.id)
    return "tag_restored", session.text("Restored: it can be used again.")


def _rule(session: Session, tag: Tag, typed: dict[str, str]) -> tuple[str, str]:
    rule = {"filter": words.condition(session, typed)}
    session.brand.tag_rules.people(rule)
    session.brand.tags.cabinet.change(tag.id, rule=rule)
    session.brand.tag_rules.recompute()
    return "tag_changed", session.text("Saved.")


def _tie(session: Session, tag: Tag, typed: dict[str, str]) -> tuple[str, str]:
    how, category = typed.get("how", ""), typed.get("category", "")
    if how == "none":
        session.brand.tag_quality.tie(tag.id, None)
    elif how == "category":
        session.brand.tag_quality.tie(tag.id, {"category": category})
    else:
        session.brand.tag_quality.tie(tag.id, {"filter": words.condition(session, typed)})
    return "tag_tied", session.text("Saved.")


ACTS: dict[str, Callable[[Session, Tag, dict[str, str]], tuple[str, str]]] = {
    "change": _change,
    "archive": _archive,
    "restore": _restore,
    "rule": _rule,
    "tie": _tie,
}


def page(
    request: Request, session: Session, tag_id: int, *, error: YutangError | None = None
) -> Response:
    tags = session.brand.tags
    shelf = tags.now()
    found, groups = shelf.get(tag_id), shelf.groups()
    query = read_query(f"{session.base}/customers/tags/{tag_id}", request.query_params)
    people = shelf.people(tag_id)
    changes, total, weeks = tags.past(shelf, tag_id, limit=query.size, offset=query.offset)
    customers = session.brand.customers
    known = words.attributes(session)
    behaviour = found.behaviour or {}
    return render(
        request,
        "tags/one.html",
        "list",
        status=422 if error else 200,
        tag=found,
        query=query,
        changes=changes,
        pager=Pager(query, total),
        weeks=_chart(session, weeks),
        sample=customers.list_(CustomerQuery(people=people, size=SAMPLE)),
        customers=len(customers.alive()),
        group=shelf.get_group(found.group_id),
        groups=groups,
        group_names=words.group_names(session, groups),
        categories=session.brand.tag_quality.categories() if session.may("tags") else [],
        problem=session.brand.tag_rules.problem(found) if found.rule else None,
        rule_said=_said(session, known, found.rule),
        behaviour_said=_said(session, known, behaviour),
        rule_rows=words.typed_rows(session, (found.rule or {}).get("filter")),
        behaviour_rows=words.typed_rows(session, behaviour.get("filter")),
        offered=words.offered(known),
        operators=words.operators(),
        choices=words.named_choices(session),
        kinds=words.KINDS,
        setters=words.SETTERS,
        actions=words.ACTIONS,
        sources=words.SOURCES,
        stages=STAGES,
        roles_of=ROLES,
        error=error,
        may_export=session.may("export"),
        tabs=tabs_of(session),
        tab=words.TAB,
        waiting=session.brand.hands.count_reviews() if session.may("identity") else 0,
    )


def _said(session: Session, known: Vocabulary | None, rule: object) -> str:
    if not isinstance(rule, dict):
        return ""
    if "category" in rule:
        return session.text("bought “%(category)s”", category=rule["category"])
    return words.condition_said(session, known, rule["filter"]) if "filter" in rule else ""


def _chart(session: Session, weeks: list[tuple[str, int, int]]) -> Chart:
    weeks = weeks[-53:]
    return Chart(
        "bar",
        [week for week, _, _ in weeks],
        [
            Series(session.text("given"), [up for _, up, _ in weeks]),
            Series(session.text("taken off"), [down for _, _, down in weeks]),
        ],
        session.text("People who got the tag and who lost it, by week."),
        unit="count",
        height=220,
    )
