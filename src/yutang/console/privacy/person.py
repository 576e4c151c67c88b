"""One person's rights: a file of everything we hold, and erasure."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import FormData

from yutang.catalog.identity_kinds import kind_of
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.errors import BadInput, YutangError

ROUTES = APIRouter()
STEPS = {
    "asked": mark("The worker begins in a moment."),
    "started": mark("Nothing of this person comes in any more; his data are being removed."),
    "stores": mark("His data are gone; numbers and lists are being made again."),
    "done": mark("Done: nothing of this person is left."),
    "stopped": mark("Not done: the person was merged or split after you asked."),
}
# Stores as a receipt names them, in words.
STORES = {
    "events": mark("events"),
    "orders": mark("orders"),
    "order_lines": mark("order lines"),
    "profiles": mark("profile records"),
    "attributes": mark("attributes"),
    "segment_versions": mark("segments, in all their versions"),
    "tag_people": mark("tags"),
    "tag_changes": mark("changes of tags"),
    "model_run_groups": mark("groups of earlier analyses"),
    "quarantine": mark("rows set aside"),
    "uploads": mark("uploaded files"),
    "identities": mark("identities"),
    "links": mark("pieces of evidence"),
    "customers": mark("customer numbers"),
    "audit": mark("audit rows, values taken out"),
}


@ROUTES.post("/b/{brand}/customers/{customer_id}/export")
def export(
    customer_id: int,
    session: Session = needs("privacy"),
    _form: FormData = Depends(posted),
) -> Response:
    """The person's file, streamed; the audit log knows who took it."""
    who = session.brand.customers.get(customer_id, evidence=False).id
    pieces = session.brand.person_files.pieces(who)
    session.brand.audit.record(session.account.login, "person.exported", str(who), None, session.ip)
    headers = {"Content-Disposition": f'attachment; filename="customer-{who}.json"'}
    return StreamingResponse(pieces, media_type="application/json", headers=headers)


@ROUTES.get("/b/{brand}/customers/{customer_id}/erase")
def erase_page(request: Request, customer_id: int, session: Session = needs("privacy")) -> Response:
    return _erase_page(request, session, customer_id)


@ROUTES.post("/b/{brand}/customers/{customer_id}/erase")
def erase(
    request: Request,
    customer_id: int,
    session: Session = needs("privacy"),
    form: FormData = Depends(posted),
) -> Response:
    typed = str(form.get("number", "")).strip().removeprefix("#")
    if typed != str(customer_id):
        error = BadInput(
            "This is not the customer's number.",
            hint="Type %(id)s to confirm that you mean this person.",
            id=customer_id,
        )
        return _erase_page(request, session, customer_id, error=error)
    receipt = session.brand.privacy.ask(customer_id, by=session.account.login)
    request.app.state.nudge(session.membership.slug)
    return see_other(request, f"{session.base}/settings/privacy/erasures/{receipt.id}")


@ROUTES.get("/b/{brand}/settings/privacy/erasures/{erasure_id}")
def erasure(request: Request, erasure_id: int, session: Session = needs("privacy")) -> Response:
    return render(
        request,
        "privacy/erasure.html",
        "state",
        receipt=session.brand.privacy.get(erasure_id),
        steps=STEPS,
        stores=STORES,
    )


def _erase_page(
    request: Request, session: Session, customer_id: int, *, error: YutangError | None = None
) -> Response:
    who = session.brand.customers.get(customer_id, evidence=False)
    return render(
        request,
        "privacy/erase.html",
        status=422 if error else 200,
        who=who,
        extent=session.brand.privacy.extent(who.id),
        kind_of=kind_of,
        error=error,
    )
