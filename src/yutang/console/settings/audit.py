"""The audit log: who did what in this brand, and its staff's logins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request, Response

from yutang.analysis import MODELS
from yutang.catalog.platforms import DOMAINS
from yutang.catalog.reasons import BY_CODE
from yutang.catalog.source_kinds import source_kind
from yutang.catalog.webhook_kinds import BY_CODE as WEBHOOK_KINDS
from yutang.console.dictionary.words import FIELDS
from yutang.console.exports import Cell, download
from yutang.console.formats import moment_of
from yutang.console.guard import Session, needs
from yutang.console.language import mark
from yutang.console.render import render
from yutang.console.settings.tabs import tabs_of
from yutang.console.tables import Pager, read_query
from yutang.staff import ROLES, AuditRow

ROUTES = APIRouter()
ALL = 100_000  # rows of one export

ACTIONS = {
    "login": mark("logged in"),
    "login_failed": mark("failed to log in"),
    "account_added": mark("made an account"),
    "account_disabled": mark("disabled an account"),
    "account_enabled": mark("enabled an account"),
    "password_changed": mark("set a password"),
    "unlocked": mark("unlocked an account"),
    "role_set": mark("gave a role"),
    "member_added": mark("added staff"),
    "member_role": mark("gave a role"),
    "member_password": mark("set a password"),
    "member_unlock": mark("unlocked an account"),
    "member_disable": mark("disabled an account"),
    "member_enable": mark("enabled an account"),
    "member_remove": mark("removed staff from the brand"),
    "member_removed": mark("removed staff from the brand"),
    "key_added": mark("made an API key"),
    "key_revoked": mark("revoked an API key"),
    "source_added": mark("made a source"),
    "source_renamed": mark("renamed a source"),
    "source_rotated": mark("gave a source a new write key"),
    "source_key_revoked": mark("ended a write key"),
    "sql_asked": mark("asked in SQL"),
    "source_off": mark("turned a source off"),
    "source_on": mark("turned a source on"),
    "source_tested": mark("tested a source"),
    "source_priority": mark("ordered the sources of attributes"),
    "import_uploaded": mark("uploaded a file"),
    "import_started": mark("started an import"),
    "import_discarded": mark("discarded an upload"),
    "import_undone": mark("undid an import"),
    "lifecycle_rule_set": mark("changed the rule of stages"),
    "lifecycle_exported": mark("exported stages or movements"),
    "matrix_set": mark("changed the strategy matrix"),
    "preset_saved": mark("saved a mapping"),
    "preset_removed": mark("deleted a mapping"),
    "shop_set": mark("changed a shop"),
    "quarantine_repaired": mark("repaired quarantined rows"),
    "quarantine_dismissed": mark("dismissed quarantined rows"),
    "event_changed": mark("changed an event of the dictionary"),
    "property_changed": mark("changed a property of the dictionary"),
    "event_let_in": mark("let an event in"),
    "property_let_in": mark("let a property in"),
    "dictionary_strict": mark("switched strict mode"),
    "dictionary_privacy": mark("set the rule for personal values"),
    "mcp_called": mark("asked by a program (MCP)"),
    "report_saved": mark("saved a report"),
    "report_deleted": mark("deleted a report"),
    "report_renamed": mark("renamed a report"),
    "report_changed": mark("saved another question over a report"),
    "dashboard_added": mark("made a dashboard"),
    "dashboard_changed": mark("changed a dashboard"),
    "dashboard_deleted": mark("deleted a dashboard"),
    "day_note_added": mark("wrote a note on a day"),
    "day_note_changed": mark("changed a note on a day"),
    "day_note_deleted": mark("deleted a note on a day"),
    "tag_group_made": mark("made a group of tags"),
    "tag_group_changed": mark("changed a group of tags"),
    "tag_made": mark("made a tag"),
    "tag_changed": mark("changed a tag"),
    "tag_archived": mark("archived a tag"),
    "tag_restored": mark("restored a tag"),
    "tag_tied": mark("tied a tag to a behaviour"),
    "tag_exported": mark("exported the people of a tag"),
    "customers_tagged": mark("tagged customers"),
    "customers_untagged": mark("took a tag from customers"),
    "tagging_undone": mark("undid a change of tags"),
    "tagging_exported": mark("exported the tagging quality of guides"),
    "segment_made": mark("made a segment"),
    "segment_changed": mark("changed a segment"),
    "segment_refreshed": mark("refreshed a segment"),
    "segment_rule_changed": mark("changed the rule of a segment"),
    "followed_up": mark("wrote down a follow-up"),
    "follow_up_removed": mark("removed a follow-up"),
    "follow_up_restored": mark("brought a follow-up back"),
    "consent_said": mark("wrote down a consent"),
    "segment_archived": mark("archived a segment"),
    "segment_restored": mark("restored a segment"),
    "segment_exported": mark("exported a segment"),
    "alert_added": mark("made an alert"),
    "alert_changed": mark("changed an alert"),
    "alert_deleted": mark("deleted an alert"),
    "alert_restored": mark("brought an alert back"),
    "alert_paused": mark("paused an alert"),
    "alert_resumed": mark("let an alert go on"),
    "alert_snoozed": mark("made an alert quiet"),
    "schedule_added": mark("made a schedule"),
    "schedule_changed": mark("changed a schedule"),
    "schedule_deleted": mark("deleted a schedule"),
    "schedule_restored": mark("brought a schedule back"),
    "schedule_paused": mark("paused a schedule"),
    "schedule_resumed": mark("let a schedule go on"),
    "schedule_run": mark("ran a schedule"),
    "predictions_set": mark("set margin and discount rate"),
    "group_set": mark("set what a group is"),
    "group_limits_set": mark("set the limits of groups"),
    "group_words_set": mark("set the words of groups"),
    "groups_exported": mark("exported groups"),
    "predictions_exported": mark("exported the value to come"),
    "products_set": mark("set what one product is"),
    "products_exported": mark("exported products"),
    "webhook_added": mark("connected a webhook"),
    "webhook_test": mark("tested a webhook"),
    "webhook_on": mark("turned a webhook on"),
    "webhook_off": mark("turned a webhook off"),
    "webhook_remove": mark("removed a webhook"),
    "run_stored": mark("stored a run of RFM"),
    "run_deleted": mark("deleted a run of RFM"),
    "run_restored": mark("brought a run of RFM back"),
    "customers_exported": mark("exported customers"),
    "identity.linked": mark("merged two customers"),
    "identity.unlinked": mark("took identities apart"),
    "identity.split": mark("split identities off"),
    "identity.undone": mark("undid a decision about people"),
    "identity.suggested": mark("searched for customers who may be one person"),
    "identity.kept_apart": mark("said that two customers are different people"),
    "identity.asked_again": mark("asked again whether two customers are one person"),
    "identity.reviewed": mark("answered an identity review"),
    "person.erased": mark("erased a person"),
    "person.exported": mark("exported one person's data"),
    "retention.set": mark("set how long something is kept"),
    "retention.removed": mark("removed a retention rule"),
    "retention.asked": mark("asked to remove what is over its time"),
    "retention.applied": mark("removed what was over its time"),
}
# What else a row says, by the key of its detail.
DETAILS = {
    "import": mark("import no."),
    "filter": mark("filter:"),
    "role": mark("role:"),
    "from": mark("from"),
    "to": mark("to"),
    "label": mark("called"),
    "model": mark("model:"),
    "note": mark("reason:"),
    "answer": mark("answer:"),
    "kept_days": mark("days:"),
    "events": mark("events:"),
    "people": mark("people:"),
    "rows": mark("rows:"),
    "reason": mark("because:"),
    "column": mark("column:"),
    "what": mark("what:"),
    "kind": mark("kind:"),
    "days": mark("days the old one is still taken:"),
    "sql": mark("question:"),
    "report": mark("report:"),
    "event": mark("event:"),
    "metric": mark("metric:"),
    "persons": mark("people listed:"),
    "refused": mark("refused:"),
    "alert": mark("alert no."),
    "quiet_days": mark("quiet for days:"),
    "schedule": mark("schedule no."),
    "webhook": mark("address:"),
}
REFUSALS = {
    "forbidden": mark("no right to it"),
    "not_found": mark("no such thing"),
    "busy": mark("too busy"),
    "error": mark("it failed"),
}
NOT_UNDERSTOOD = mark("not understood")
ANSWERS = {"joined": mark("one person"), "apart": mark("joins nobody")}


@ROUTES.get("/b/{brand}/settings/audit")
def audit(request: Request, session: Session = needs("settings")) -> Response:
    view = "logins" if request.query_params.get("view") == "logins" else ""
    query = read_query(request.url.path, request.query_params, filters=("q", "view"))
    export = request.query_params.get("as")
    if export:
        rows, _ = _rows(request, session, view, query.filters.get("q", ""), 0, ALL)
        header = [
            session.text(t)
            for t in (mark("Time"), mark("By whom"), mark("What"), mark("To what"), mark("Address"))
        ]
        return download(export, "audit", header, _cells(session, rows))
    rows, total = _rows(
        request, session, view, query.filters.get("q", ""), query.offset, query.size
    )
    return render(
        request,
        "settings/audit.html",
        "list",
        tabs=tabs_of(session),
        tab="audit",
        rows=rows,
        actions=ACTIONS,
        details=DETAILS,
        said_value=lambda key, value: _said_value(session, key, value),
        pager=Pager(query, total),
        view=view,
    )


def _rows(
    request: Request, session: Session, view: str, search: str, offset: int, limit: int
) -> tuple[list[AuditRow], int]:
    if view == "logins":
        found: tuple[list[AuditRow], int] = request.app.state.services.staff.audit_page(
            session.membership.brand_id, offset=offset, limit=limit
        )
        return found
    log = session.brand.audit
    return log.page(search=search, offset=offset, limit=limit), log.count(search)


def _said_value(session: Session, key: str, value: Any) -> str:
    """Our word for a code in a detail, else the value as it was stored."""
    if key in ("from", "to") and value in DOMAINS:
        return session.pick(DOMAINS[value])
    if key == "answer" and value in ANSWERS:
        return session.text(ANSWERS[value])
    if key == "what" and value in FIELDS:
        return session.text(FIELDS[value])
    if key == "refused":
        return session.text(REFUSALS.get(value, NOT_UNDERSTOOD))
    if key == "reason" and value in BY_CODE:
        return session.pick(BY_CODE[value])
    if key == "role":
        role = next((one for one in ROLES if value == one.code), None)
        return session.pick(role) if role else str(value)
    if key == "kind":
        return session.pick(WEBHOOK_KINDS.get(str(value)) or source_kind(str(value)))
    if key == "model":
        found = next((one for one in MODELS if value == one.NAME), None)
        return session.pick((found.ZH, found.EN)) if found else str(value)
    return str(value)


def _cells(session: Session, rows: list[AuditRow]) -> Iterator[list[Cell]]:
    for row in rows:
        said = session.text(ACTIONS.get(row.action, row.action))
        yield [moment_of(row.at, session.zone), row.login, said, row.target, row.ip]
