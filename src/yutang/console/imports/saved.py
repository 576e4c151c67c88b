"""Saved mappings: shared as a file, taken from one, removed."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData, UploadFile

from yutang.console.guard import Session, needs, posted
from yutang.console.render import render, see_other
from yutang.errors import BadInput, YutangError

ROUTES = APIRouter()
PATH = "/b/{brand}/imports/mappings"
LONGEST = 1_000_000  # bytes of a shared mapping; a real one has a few thousand


@ROUTES.get(PATH)
def mappings(request: Request, session: Session = needs("import")) -> Response:
    return _page(request, session)


@ROUTES.get(PATH + "/share")
def share(request: Request, session: Session = needs("import")) -> Response:
    name = request.query_params.get("name", "")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.json"}
    text = session.brand.presets.share(name)
    return Response(text, media_type="application/json", headers=headers)


@ROUTES.post(PATH)
def take(
    request: Request, session: Session = needs("import"), form: FormData = Depends(posted)
) -> Response:
    file = form.get("file")
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise BadInput("Choose a file first.")
        saved = session.brand.presets.take(file.file.read(LONGEST), by=session.account.login)
    except YutangError as error:
        return _page(request, session, error=error)
    session.brand.audit.record(session.account.login, "preset_saved", saved.name, None, session.ip)
    note = session.text("Saved: %(name)s.", name=saved.name)
    return see_other(request, f"{session.base}/imports/mappings", note)


@ROUTES.post(PATH + "/remove")
def remove(
    request: Request, session: Session = needs("import"), form: FormData = Depends(posted)
) -> Response:
    name = str(form.get("name", ""))
    session.brand.presets.remove(name)
    session.brand.audit.record(session.account.login, "preset_removed", name, None, session.ip)
    note = session.text("Deleted: %(name)s.", name=name)
    return see_other(request, f"{session.base}/imports/mappings", note)


def _page(request: Request, session: Session, *, error: YutangError | None = None) -> Response:
    titles = {field.code: session.pick(field) for field in session.brand.order_files.FIELDS}
    return render(
        request,
        "imports/saved.html",
        status=422 if error else 200,
        rows=session.brand.presets.list_(),
        titles=titles,
        error=error,
    )
