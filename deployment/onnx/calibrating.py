"""A `Calibration` as nodes: margins in, scores out, in float64."""

from __future__ import annotations

import numpy as np

from deployment.onnx.graph import Graph, Name
from model.calibration import Calibration, Tail

FARTHEST = 1e300
"""As `model.calibration` bounds a tail's line."""

STEEPEST = 700.0
"""As it bounds log-odds before they become a probability."""


def calibrated(graph: Graph, margins: Name, calibration: Calibration) -> Name:
    """Scores of shape (rows, 1): probabilities, or the values themselves under `identity`."""
    logits = _log_odds(graph, margins, calibration)
    if calibration.method == "identity":
        return logits
    inside = graph.between(logits, _one(graph, -STEEPEST), _one(graph, STEEPEST))
    odds = graph.add("Exp", graph.add("Neg", inside))
    return graph.add("Div", _one(graph, 1.0), graph.add("Add", _one(graph, 1.0), odds))


def _log_odds(graph: Graph, margins: Name, calibration: Calibration) -> Name:
    tails = calibration.tails
    inside = margins
    if tails is not None:
        ends = (_one(graph, tail.margin) for tail in tails)
        inside = graph.between(margins, *ends)
    logits = _on_pieces(graph, inside, calibration)
    if tails is None:
        return logits
    low, high = tails
    beyond = graph.add("Greater", margins, _one(graph, high.margin))
    logits = graph.add("Where", beyond, _one(graph, high.logit), logits)
    below = graph.add("Sub", _one(graph, low.margin), margins)
    above = graph.add("Sub", margins, _one(graph, high.margin))
    lower = graph.add("Sub", logits, _moved(graph, below, low))
    return graph.add("Add", lower, _moved(graph, above, high))


def _on_pieces(graph: Graph, inside: Name, calibration: Calibration) -> Name:
    """The straight piece that each margin is on, and its value there."""
    starts = graph.constant(calibration.margins)
    reached = graph.add("GreaterOrEqual", inside, graph.constant([calibration.margins]))
    how_many = graph.add(
        "ReduceSum", graph.cast(reached, np.int64), graph.constant([1], np.int64), keepdims=1
    )
    none, one = graph.constant([[0]], np.int64), graph.constant([[1]], np.int64)
    piece = graph.add("Max", graph.add("Sub", how_many, one), none)
    logit = graph.add("Gather", graph.constant(calibration.logits), piece)
    slope = graph.add("Gather", graph.constant(calibration.slopes), piece)
    along = graph.add("Sub", inside, graph.add("Gather", starts, piece))
    return graph.add("Add", logit, graph.add("Mul", slope, along))


def _moved(graph: Graph, distances: Name, tail: Tail) -> Name:
    """How far the log-odds move over distances; 0 where they are negative."""
    far = graph.add("Mul", _one(graph, tail.slope), distances)
    line = graph.between(far, _one(graph, 0.0), _one(graph, FARTHEST))
    room = _one(graph, tail.room)
    share = graph.add("Div", line, graph.add("Add", room, line))
    return graph.add("Mul", room, share)


def _one(graph: Graph, value: float) -> Name:
    return graph.constant([[value]])
