"""Arithmetic over a record's features, as a task may write it: `fase - min(fase_ideal + 1, 8)`.

Numbers, feature names, `+ - * /`, comparisons (1 or 0), `min` and `max`; nothing else is accepted,
so a formula that comes with a bundle can do nothing but sums.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from model.student import Features

Term = Callable[[Mapping[str, Any]], float]

LONGEST = 1000
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq)
_CALLS: Mapping[str, Callable[[float, float], float]] = {"min": min, "max": max}
_RECORD = "record"


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
        names: set[str] = set()
        try:
            self._term = _compiled(_checked(ast.parse(text, mode="eval").body, names))
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise ValueError(f"{text!r} is no formula") from error
        self.text = text
        self.names = tuple(sorted(names))

    def __call__(self, record: Features) -> float | None:
        """The value for one record; None where a feature is missing or the result is no number."""
        # Many records lack one; to look is quicker than to catch what its absence raises.
        for name in self.names:
            if name not in record:
                return None
        try:
            value = float(self._term(record))
        except (KeyError, TypeError, ZeroDivisionError, OverflowError):
            return None
        return value if isfinite(value) else None


def _checked(node: ast.expr, names: set[str]) -> ast.expr:
    """The expression made anew from what is accepted, each name a look into the record."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return ast.Constant(number)
        case ast.Name(id=name):
            names.add(name)
            return ast.Subscript(ast.Name(_RECORD, ast.Load()), ast.Constant(name), ast.Load())
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return ast.UnaryOp(ast.USub(), _checked(inner, names))
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _ARITHMETIC):
            return ast.BinOp(_checked(left, names), op, _checked(right, names))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, _COMPARISONS):
            return ast.Compare(_checked(left, names), [op], [_checked(right, names)])
        case ast.Call(func=ast.Name(id=name), args=[left, right], keywords=[]) if name in _CALLS:
            sides = [_checked(left, names), _checked(right, names)]
            return ast.Call(ast.Name(name, ast.Load()), sides, [])
    raise ValueError(f"{ast.unparse(node)!r} is not accepted in a formula")


def _compiled(expression: ast.expr) -> Term:
    """A function of a record; it can reach nothing but the record, `min` and `max`."""
    takes = ast.arguments([], [ast.arg(_RECORD)], None, [], [], None, [])
    tree = ast.fix_missing_locations(ast.Expression(ast.Lambda(takes, expression)))
    code = compile(tree, "<formula>", "eval")
    # Only a tree that was checked node by node comes here.
    term: Term = eval(code, {"__builtins__": {}, **_CALLS})  # noqa: S307
    return term
