"""The shops page: which platform each shop is on, and whether it is private, public or a store."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.platforms import DOMAINS, platform_of
from yutang.console.guard import Session, needs, posted
from yutang.console.render import render, see_other
from yutang.console.shops.figures import figures_of
from yutang.console.tables import Pager, Query, read_query
from yutang.errors import BadInput, YutangError

ROUTES = APIRouter()
SHOWN = {"open": "open", "confirmed": "confirmed"}


@ROUTES.get("/b/{brand}/shops")
def shops(request: Request, session: Session = needs("import")) -> Response:
    return _page(request, session)


@ROUTES.post("/b/{brand}/shops/many")
def set_many(
    request: Request, session: Session = needs("import"), form: FormData = Depends(posted)
) -> Response:
    """Say for several shops at once whose sale they are."""
    domain = str(form.get("to", ""))
    ids = [int(str(n)) for n in form.getlist("id") if str(n).isascii() and str(n).isdigit()]
    try:
        if not ids:
            raise BadInput("Choose at least one row.")
        known = {shop.id: shop for shop in session.brand.shops.list_()}
        for shop_id in ids:
            if shop_id in known:
                _set(session, known[shop_id], known[shop_id].name, domain)
    except YutangError as error:
        return _page(request, session, error=error)
    session.brand.audit.record(
        session.account.login, "shop_set", f"{len(ids)}", {"to": domain}, session.ip
    )
    return _done(request, session, session.text("%(n)s shops confirmed.", n=len(ids)))


@ROUTES.post("/b/{brand}/shops/{shop_id}")
def set_shop(
    request: Request,
    shop_id: int,
    session: Session = needs("import"),
    form: FormData = Depends(posted),
) -> Response:
    shop = session.brand.shops.get(shop_id)
    name, domain = str(form.get("name", "")), str(form.get("domain", ""))
    try:
        _set(session, shop, name, domain)
    except YutangError as error:
        return _page(request, session, error=error)
    detail = {"from": shop.domain, "to": domain}
    session.brand.audit.record(session.account.login, "shop_set", name, detail, session.ip)
    note = session.text("Saved. Numbers of this shop follow within a minute.")
    return _done(request, session, note)


def _set(session: Session, shop: Any, name: str, domain: str) -> None:
    session.brand.shops.set_(
        shop.id, name=name, platform=shop.platform, domain=domain, by=session.account.login
    )


def _done(request: Request, session: Session, note: str) -> Response:
    request.app.state.nudge(session.membership.slug)
    back = request.query_params.get("back", "")
    return see_other(request, f"{session.base}/shops" + (f"?{back}" if back else ""), note)


def _page(request: Request, session: Session, *, error: YutangError | None = None) -> Response:
    path = f"{session.base}/shops"
    query = read_query(path, request.query_params, filters=("q", "show"))
    every = session.brand.shops.list_()
    found = [shop for shop in every if _fits(shop, query)]
    found.sort(key=lambda shop: (bool(shop.confirmed_by), shop.platform, shop.name))
    return render(
        request,
        "shops/list.html",
        "list",
        status=422 if error else 200,
        shops=found[query.offset : query.offset + query.size],
        every=len(every),
        open_count=sum(1 for shop in every if not shop.confirmed_by),
        figures=figures_of(session.brand.orders.current().orders),
        domains=DOMAINS,
        platform_of=platform_of,
        query=query,
        pager=Pager(query, len(found)),
        back=request.url.query,
        error=error,
    )


def _fits(shop: Any, query: Query) -> bool:
    show, text = query.filters.get("show", ""), query.filters.get("q", "").casefold()
    if show in SHOWN and bool(shop.confirmed_by) != (show == "confirmed"):
        return False
    return not text or text in shop.name.casefold() or text in shop.shop.casefold()
