"""Raw requests of trackers: what is committed goes, whosever it was.

Their bodies are packed in many ways, so nobody looks into them: what the lake has needs no raw
copy but for the live view. What is not committed yet is: the worker takes it in first, and drops
what names the person.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from yutang import journal
from yutang.state.brand import commits
from yutang.workspace import Workspace


def clear_journal(workspace: Workspace) -> int:
    """Remove every committed request; how many. Segments that nobody writes any more go whole."""
    paths = journal.segments(workspace.journal)
    query = (
        select(commits.c.journal, func.max(commits.c.position))
        .where(commits.c.journal.in_([path.name for path in paths]), commits.c.status == "done")
        .group_by(commits.c.journal)
    )
    with workspace.db.read() as connection:
        committed = {str(name): int(end) for name, end in connection.execute(query)}
    cleared = 0
    for path in paths:
        end = committed.get(path.name, 0)
        live = journal.is_live(path)  # asked first: only then is the end the end
        cleared += journal.blank(path, end)
        if not live and _is_over(path, end):
            journal.remove(path)
    return cleared


def _is_over(path: Path, end: int) -> bool:
    """Does no whole request stand behind the offset?"""
    found, torn = journal.read(path, end, 1)
    return not found and journal.next_frame(path, torn) is None
