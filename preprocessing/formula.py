"""Arithmetic over a record's features, as a task may write it: `fase - min(fase_ideal + 1, 8)`.

Numbers, feature names, `+ - * /`, comparisons (1 or 0), `min` and `max`; nothing else is accepted,
so a formula that comes with a bundle can do nothing but sums.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from model.student import Features

Term = Callable[[Mapping[str, Any]], float]

LONGEST = 1000
_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}
_CALLS: Mapping[str, Callable[[float, float], float]] = {"min": min, "max": max}


class Formula:
    """A parsed formula.

    Attributes:
        text: as written.
        names: the features it reads.

    Raises:
        ValueError: not such a formula; says which part is not accepted.

    >>> Formula("fase - min(fase_ideal + 1, 8)")({"fase": 7.0, "fase_ideal": 8.0})
    -1.0
    >>> Formula("fase * (idade < 8)")({"fase": 2.0}) is None
    True
    """

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise ValueError(f"a formula of more than {LONGEST} characters")
        try:
            tree = ast.parse(text, mode="eval")
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise ValueError(f"{text!r} is no formula") from error
        names: set[str] = set()
        self._term = _term(tree.body, names)
        self.text = text
        self.names = tuple(sorted(names))

    def __call__(self, record: Features) -> float | None:
        """The value for one record; None where a feature is missing or the result is no number."""
        try:
            value = float(self._term(record))
        except (KeyError, TypeError, ZeroDivisionError, OverflowError):
            return None
        return value if isfinite(value) else None


def _term(node: ast.expr, names: set[str]) -> Term:
    match node:
        case ast.Constant(value=int() | float() as number):
            return lambda record: number
        case ast.Name(id=name):
            names.add(name)
            return operator.itemgetter(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            term = _term(inner, names)
            return lambda record: -term(record)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _both(_OPERATORS[type(op)], left, right, names)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return _both(_OPERATORS[type(op)], left, right, names)
        case ast.Call(func=ast.Name(id=name), args=[left, right], keywords=[]) if name in _CALLS:
            return _both(_CALLS[name], left, right, names)
    raise ValueError(f"{ast.unparse(node)!r} is not accepted in a formula")


def _both(
    operation: Callable[[Any, Any], Any], left: ast.expr, right: ast.expr, names: set[str]
) -> Term:
    first, second = _term(left, names), _term(right, names)
    return lambda record: operation(first(record), second(record))
