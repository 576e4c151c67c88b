"""Imports: the list, the upload, one import's life from preview to undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData, UploadFile

from yutang.catalog.identity_kinds import KINDS
from yutang.catalog.platforms import PLATFORMS
from yutang.catalog.reasons import reason_of
from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs, posted
from yutang.console.imports.mapping import OWN, read_form, view_of
from yutang.console.imports.view import FINISHED, progress_of, result_rows
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.tables import read_query
from yutang.errors import BadInput, YutangError

ROUTES = APIRouter()
EVENT_ENDINGS = (".ndjson", ".jsonl", ".json")
MEGABYTE = 1_000_000


@ROUTES.get("/b/{brand}/imports")
def imports(request: Request, session: Session = needs("import")) -> Response:
    query = read_query(request.url.path, request.query_params)
    found = session.brand.imports.list_(limit=query.size, before=_before(request))
    return render(
        request,
        "imports/list.html",
        "list",
        rows=found,
        more=found[-1].id if len(found) == query.size else None,
        finished=FINISHED,
        limit=request.app.state.services.settings.upload_limit_mb,
        preset_title=_preset_titles(session),
    )


@ROUTES.post("/b/{brand}/imports")
def upload(
    request: Request, session: Session = needs("import"), form: FormData = Depends(posted)
) -> Response:
    """Store the file; nothing is taken from it before somebody has seen the preview."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadInput("Choose a file first.")
    kind = str(form.get("kind", "auto"))
    if kind not in ("orders", "events"):
        kind = "events" if file.filename.lower().endswith(EVENT_ENDINGS) else "orders"
    limit = request.app.state.services.settings.upload_limit_mb * MEGABYTE
    one = session.brand.imports.add(
        file.file, kind=kind, filename=file.filename, by=session.account.login, limit=limit
    )
    _log(session, "import_uploaded", one)
    return see_other(request, f"{session.base}/imports/{one.id}")


@ROUTES.get("/b/{brand}/imports/{import_id}")
def one_import(request: Request, import_id: int, session: Session = needs("import")) -> Response:
    one = session.brand.imports.get(import_id)
    if one.status == "uploaded" and one.kind == "orders":
        return _mapping_page(request, session, one)
    return render(
        request,
        "imports/one.html",
        "state",
        one=one,
        finished=FINISHED,
        progress=progress_of(one, request.app.state.now()),
        results=result_rows(one),
        preset_title=_preset_titles(session),
        reasons=_reasons(session, one),
    )


@ROUTES.post("/b/{brand}/imports/{import_id}/start")
def start(
    request: Request,
    import_id: int,
    session: Session = needs("import"),
    form: FormData = Depends(posted),
) -> Response:
    one = session.brand.imports.get(import_id)
    # A failed import is tried again with the mapping it had.
    if one.kind == "orders" and one.status == "uploaded":
        try:
            _queue_orders(session, one, form)
        except YutangError as error:
            return _mapping_page(request, session, one, form=form, error=error)
    elif one.kind == "orders":
        session.brand.imports.queue(
            import_id,
            preset=one.preset,
            mapping=one.mapping,
            platform=one.platform,
            shop=one.shop,
        )
    else:
        session.brand.imports.queue(import_id)
    _log(session, "import_started", one)
    request.app.state.nudge(session.membership.slug)
    return see_other(request, f"{session.base}/imports/{import_id}")


def _queue_orders(session: Session, one: Any, form: FormData) -> None:
    view = view_of(session.brand, one, preset=str(form.get("preset", "")), form=form)
    chosen = read_form(form, view)
    if chosen.save_as and chosen.mapping is not None:
        session.brand.presets.save(chosen.save_as, chosen.mapping, by=session.account.login)
        session.brand.audit.record(
            session.account.login, "preset_saved", chosen.save_as, None, session.ip
        )
    session.brand.imports.queue(
        one.id,
        preset=chosen.preset,
        mapping=chosen.mapping,
        platform=chosen.platform,
        shop=chosen.shop,
    )


@ROUTES.post("/b/{brand}/imports/{import_id}/discard")
def discard(
    request: Request,
    import_id: int,
    session: Session = needs("import"),
    _form: FormData = Depends(posted),
) -> Response:
    one = session.brand.imports.get(import_id)
    session.brand.imports.discard(import_id)
    _log(session, "import_discarded", one)
    note = session.text("Discarded: %(name)s. Nothing of it was taken.", name=one.filename)
    return see_other(request, f"{session.base}/imports", note)


@ROUTES.post("/b/{brand}/imports/{import_id}/undo")
def undo(
    request: Request,
    import_id: int,
    session: Session = needs("import"),
    _form: FormData = Depends(posted),
) -> Response:
    one = session.brand.imports.get(import_id)
    session.brand.imports.ask_undo(import_id)
    _log(session, "import_undone", one)
    request.app.state.nudge(session.membership.slug)
    return see_other(request, f"{session.base}/imports/{import_id}")


@ROUTES.get("/b/{brand}/imports/{import_id}/errors")
def errors(import_id: int, request: Request, session: Session = needs("import")) -> Response:
    """The rows that were set aside, with reason and remedy, to mend and bring again."""
    one = session.brand.imports.get(import_id)
    header = [
        session.text(title)
        for title in (
            mark("Row"),
            mark("Column"),
            mark("Value"),
            mark("Reason"),
            mark("What to do"),
            mark("The whole row"),
        )
    ]
    return download(
        request.query_params.get("as", "csv"),
        f"{one.filename}-errors",
        header,
        _error_rows(session, import_id),
    )


def _error_rows(session: Session, import_id: int) -> Iterator[list[Cell]]:
    for row in session.brand.quarantine.rows(import_id=import_id, status="", limit=1_000_000):
        reason = reason_of(row.reason)
        remedy = session.pick((reason.remedy_zh, reason.remedy_en))
        yield [row.row, row.column, row.value, session.pick(reason), remedy, row.record]


def _mapping_page(
    request: Request,
    session: Session,
    one: Any,
    *,
    form: FormData | None = None,
    error: YutangError | None = None,
) -> Response:
    preset = str(form.get("preset", "")) if form else request.query_params.get("preset", "")
    try:
        view = view_of(session.brand, one, preset=preset, form=form)
    except YutangError as unreadable:
        return render(request, "imports/unreadable.html", status=422, one=one, error=unreadable)
    files = session.brand.order_files
    built_in = {preset.code: session.pick(preset) for preset in files.PRESETS}
    own = [(OWN + saved.name, saved.name) for saved in session.brand.presets.list_()]
    guessed = [] if view.recognised else [("", session.text("the columns' names"))]
    return render(
        request,
        "imports/map.html",
        status=422 if error else 200,
        one=one,
        view=view,
        fields=files.FIELDS,
        field_titles={field.code: session.pick(field) for field in files.FIELDS},
        presets=[*guessed, *own, *built_in.items()],
        preset_titles=built_in,
        platforms=PLATFORMS,
        buyer_kinds=[kind for kind in KINDS if kind.strength != "device"],
        error=error,
    )


def _preset_titles(session: Session) -> Callable[[str], str]:
    """What people call a preset; a saved mapping has its own name."""
    titles = {one.code: session.pick(one) for one in session.brand.order_files.PRESETS}
    titles["generic"] = session.text("the columns' names")
    return lambda code: titles.get(code, code)


def _reasons(session: Session, one: Any) -> list[tuple[Any, int]]:
    if one.status not in FINISHED:
        return []
    counts = session.brand.quarantine.counts(import_id=one.id)
    return [(reason_of(code), n) for code, n in counts]


def _before(request: Request) -> int | None:
    value = request.query_params.get("before", "")
    return int(value) if value.isascii() and value.isdigit() else None


def _log(session: Session, action: str, one: Any) -> None:
    session.brand.audit.record(
        session.account.login, action, one.filename, {"import": one.id}, session.ip
    )
