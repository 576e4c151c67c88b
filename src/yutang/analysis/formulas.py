"""Formulas over measures: `A / B * 100`. Parsed and walked, never run as code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from yutang.errors import BadInput

_LONGEST = 200
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}

Values = Mapping[str, float | None]
Formula = Callable[[Values], float | None]


def parse(text: str, names: set[str], place: str) -> Formula:
    """A function of the measures' values; None where a measure is None or a divisor is zero.

    >>> parse("(A - B) / A * 100", {"A", "B"}, "here")({"A": 8, "B": 2})
    75.0
    """
    if len(text) > _LONGEST:
        raise BadInput("%(place)s: the formula is too long.", place=place)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadInput(
            "%(place)s: %(text)s is not a formula.",
            hint="Measures are A, B, C …; + - * / and parentheses join them.",
            place=place,
            text=repr(text),
        ) from None
    return _Compiler(names, place).compile(tree)


class _Compiler:
    def __init__(self, names: set[str], place: str) -> None:
        self.names, self.place = names, place

    def compile(self, node: ast.expr) -> Formula:
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            number = float(node.value)  # type: ignore[arg-type]
            return lambda values: number
        if isinstance(node, ast.Name):
            return self._measure(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = self.compile(node.operand)
            return lambda values: _both(operator.sub, 0.0, inner(values))
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            left, right = self.compile(node.left), self.compile(node.right)
            join = _OPERATORS[type(node.op)]
            return lambda values: _both(join, left(values), right(values))
        raise BadInput(
            "%(place)s: a formula has numbers, measures, + - * / and parentheses only.",
            place=self.place,
        )

    def _measure(self, name: str) -> Formula:
        if name not in self.names:
            raise BadInput(
                "%(place)s: there is no measure %(name)s.", place=self.place, name=repr(name)
            )
        return lambda values: values[name]


def _both(join: Callable[[Any, Any], float], a: float | None, b: float | None) -> float | None:
    if a is None or b is None or (join is operator.truediv and b == 0):
        return None
    return float(join(a, b))
