"""What leaves for people and programs: sentences in both languages, posts, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yutang.connectors.webhooks import Sending
from yutang.kit.sheets import Sheet
from yutang.notices import Letter, Message, Taken, filled
from yutang.settings import Settings
from yutang.workspace import Workspace


def said(message: Message) -> Mapping[str, str]:
    """A message's text by language."""
    from yutang.console.language import LANGUAGES, language

    return {
        code: filled(message.template, message.params, language(code).text) for code in LANGUAGES
    }


def sender(workspace: Workspace, settings: Settings) -> Callable[[Letter], Taken]:
    """Posts a letter of this brand; its link leads to the console where that is known."""
    sending = Sending(workspace.now, allow_private=settings.webhook_private)
    base = settings.console_url.rstrip("/")

    def send(letter: Letter) -> Taken:
        path = f"/b/{workspace.slug}/{letter.body.get('link', '')}"
        link = base + path if base else ""
        return Taken(
            *sending.send(letter.id, letter.kind, letter.url, letter.secret, letter.body, link)
        )

    return send


def sheets_of(brand: Any, report_id: int, language: str) -> Sequence[Sheet]:
    """A saved report's tables, as its page exports them; brand: `yutang.app.Brand`.

    Raises BadInput, NotFound.
    """
    from yutang.console.analyse.files import sheets

    return sheets(brand, brand.reports.get(report_id), language)


def board_sheets_of(brand: Any, dashboard_id: int, language: str) -> Sequence[Sheet]:
    """A dashboard's tables, one for each card. Raises BadInput, NotFound."""
    from yutang.console.dashboards.files import sheets_of_board

    return sheets_of_board(brand, brand.dashboards.get(dashboard_id), language)
