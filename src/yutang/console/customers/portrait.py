"""One customer: who, worth, habits, story, relations, and why we take these ids for one person."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from yutang.catalog.events import GROUPS
from yutang.catalog.identity_kinds import kind_of
from yutang.catalog.platforms import DOMAINS, platform_of
from yutang.catalog.touchpoints import source_label, touchpoint_label
from yutang.console.customers.attributes import card_of, rows_of
from yutang.console.guard import Session, needs
from yutang.console.identity.words import view_of
from yutang.console.language import mark
from yutang.console.render import render
from yutang.customers import ROLES, STAGES

ROUTES = APIRouter()
PAGE = 40
# The timeline's icon and colour by group: trade and interaction are the customer's own acts,
# reach is ours (warm), relation and the rest are circumstances (grey).
ICONS = {
    "trade": ("shopping-bag", ""),
    "interaction": ("click", ""),
    "reach": ("message", "w"),
    "relation": ("users", "g"),
    "visit": ("eye", "g"),
    "other": ("circle-dot", "g"),
}
RELATIONS = {
    "contact": mark("WeCom contact"),
    "group": mark("in the group"),
    "follow": mark("follows"),
}


@ROUTES.get("/b/{brand}/customers/{customer_id}")
def customer(request: Request, customer_id: int, session: Session = needs("see")) -> Response:
    portrait = session.brand.customers.get(customer_id)
    if portrait.merged_from is not None:
        return RedirectResponse(f"{session.base}/customers/{portrait.id}", status_code=303)
    group = request.query_params.get("group", "")
    groups = (group,) if group in GROUPS else ()
    before = request.query_params.get("before", "")
    timeline = session.brand.customers.timeline(
        portrait.id, groups=groups, before=before, limit=PAGE
    )
    return render(
        request,
        "customers/customer.html",
        "older" if before else "story",
        who=portrait,
        timeline=timeline,
        group=group if groups else "",
        choices=[(code, session.pick(pair)) for code, pair in GROUPS.items()],
        icons=ICONS,
        stages=STAGES,
        roles_of=ROLES,
        relation_names=RELATIONS,
        kind_of=kind_of,
        source_label=source_label,
        touchpoint_label=touchpoint_label,
        platform_of=platform_of,
        domains=DOMAINS,
        view=view_of(portrait.why),
        **card_of(rows_of(session, portrait)),
    )
