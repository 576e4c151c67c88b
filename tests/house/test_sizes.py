"""Files stay under 400 lines and functions under 50, or have a reason in this one list."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "yutang"
FILE_LINES = 400
FUNCTION_LINES = 50

# Each entry says why the size is right. Remove it when the reason goes.
REASONS: dict[str, str] = {
    "brand.py": "one place that binds every feature of a brand",
    "connectors/order_files/cells.py::macros": "one SQL text: what a cell of each kind may say",
    "sequence/kernels/events.py::count_cells": "one compiled loop over all events",
    "sequence/kernels/forms.py::find_attempts": "one compiled loop over all customers",
    "sequence/kernels/funnel.py::ordered_funnel": "one compiled loop over all customers",
    "sequence/kernels/retention.py::count_returns": "one compiled loop over all members",
    "sequence/kernels/touches.py::paths": "one compiled loop over all customers",
    "sequence/kernels/sessions.py::count_sessions": "one compiled loop over all sessions",
    "sequence/kernels/subjects.py::funnel": "one compiled loop over all subjects",
    "sequence/kernels/tally.py::count_flows": "one compiled loop over all active periods",
    "sequence/kernels/tally.py::tally": "one compiled loop over all events",
    "state/migrations/versions/0004_kept_answers.py::_people": "a list of columns, frozen",
    "state/migrations/versions/0004_kept_answers.py::_telling": "a list of columns, frozen",
}


@cache
def _too_large() -> dict[str, str]:
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > FILE_LINES:
            found[name] = f"{lines} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    found[f"{name}::{node.name}"] = f"{length} lines"
    return found


def test_large_files_and_functions_have_a_reason() -> None:
    found = _too_large()
    print("\n".join(f"{name}: {size}: {REASONS.get(name, '?')}" for name, size in found.items()))
    without = {name: size for name, size in found.items() if name not in REASONS}
    assert not without


def test_no_reason_outlives_its_cause() -> None:
    assert not set(REASONS) - set(_too_large())
