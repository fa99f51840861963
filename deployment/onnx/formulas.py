"""A formula of a task as nodes: the same arithmetic, and missing wherever it has no value."""

from __future__ import annotations

import ast

import numpy as np

from deployment.onnx.graph import Graph, Name
from model.errors import ConfigurationError
from preprocessing.task.formula import Formula

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "Add", ast.Sub: "Sub", ast.Mult: "Mul", ast.Div: "Div",
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "Less", ast.LtE: "LessOrEqual", ast.Gt: "Greater", ast.GtE: "GreaterOrEqual",
    ast.Eq: "Equal",
}  # fmt: skip
_CALLS = {"min": "Min", "max": "Max"}


def worked_out(graph: Graph, formula: Formula) -> Name:
    """The column that a formula gives, of shape (rows, 1); NaN where it has no value.

    It has none where a feature is missing, something is divided by zero, or the result is no
    finite number, whatever a part of it would still give.

    Raises:
        ConfigurationError: it reads no feature, so that nothing tells how many rows there are.
    """
    if not formula.names:
        raise ConfigurationError(f"the formula {formula.text!r} reads no feature")
    nothing = [graph.add("IsNaN", graph.number_input(name)) for name in formula.names]
    value = _term(graph, ast.parse(formula.text, mode="eval").body, nothing)
    largest = graph.constant([[np.finfo(np.float64).max]])
    finite = graph.add("LessOrEqual", graph.add("Abs", value), largest)
    nothing.append(graph.add("Not", finite))
    none = nothing[0]
    for one in nothing[1:]:
        none = graph.add("Or", none, one)
    return graph.add("Where", none, graph.constant([[np.nan]]), value)


def _term(graph: Graph, node: ast.expr, nothing: list[Name]) -> Name:
    """A part; what leaves the whole without a value is added to `nothing`."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return graph.constant([[float(number)]])
        case ast.Name(id=name):
            return graph.number_input(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return graph.add("Neg", _term(graph, inner, nothing))
        case ast.BinOp(left=left, op=op, right=right):
            sides = _term(graph, left, nothing), _term(graph, right, nothing)
            if isinstance(op, ast.Div):
                nothing.append(graph.add("Equal", sides[1], graph.constant([[0.0]])))
            return graph.add(_ARITHMETIC[type(op)], *sides)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            sides = _term(graph, left, nothing), _term(graph, right, nothing)
            return graph.cast(graph.add(_COMPARISONS[type(op)], *sides), np.float64)
        case ast.Call(func=ast.Name(id=name), args=[left, right]):
            sides = _term(graph, left, nothing), _term(graph, right, nothing)
            return graph.add(_CALLS[name], *sides)
    raise ConfigurationError(f"{ast.unparse(node)!r} cannot be written as ONNX")
