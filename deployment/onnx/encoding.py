"""The `FeatureEncoder` as nodes: scaled in float64, rounded to float32 last.

In float32 from the start, a value near a tree's threshold goes down the other branch: on PEDE the
risk of a student is then off by up to 0.72.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deployment.onnx.formulas import worked_out
from deployment.onnx.graph import ML, Graph, Name
from model.errors import ConfigurationError
from preprocessing.encoded_columns import CategoryColumn, NumericColumn
from preprocessing.encoder import FeatureEncoder


def encoded(graph: Graph, encoder: FeatureEncoder) -> Name:
    """Rows as the scorer takes them: float64 of shape (rows, columns), exact in float32.

    Raises:
        ConfigurationError: a feature or formula that a graph cannot tell missing values of.
    """
    parts = [] if not encoder.numeric else _numbers(graph, encoder)
    parts += [_one_hot(graph, column) for column in encoder.category]
    return graph.add("Concat", *parts, axis=1)


def _numbers(graph: Graph, encoder: FeatureEncoder) -> list[Name]:
    """The scaled numbers, then the flags of those that are missing."""
    columns, formulas = encoder.numeric, encoder.formulas
    given = [
        worked_out(graph, formulas[column.feature])
        if column.feature in formulas
        else graph.number_input(column.feature)
        for column in columns
    ]
    raw = graph.add("Concat", *given, axis=1)
    missing = graph.add("IsNaN", raw)
    low, high = _row(graph, columns, "low"), _row(graph, columns, "high")
    # A missing value is put aside first: what Max makes of NaN is for each runtime to say.
    inside = graph.between(graph.add("Where", missing, low, raw), low, high)
    known = graph.add("Where", missing, _row(graph, columns, "fill"), inside)
    away = graph.add("Sub", known, _row(graph, columns, "center"))
    scaled = graph.add("Div", away, _row(graph, columns, "scale"))
    numbers = graph.cast(graph.cast(scaled, np.float32), np.float64)
    flagged = [place for place, column in enumerate(columns) if column.flag]
    if not flagged:
        return [numbers]
    flags = graph.add("Gather", missing, graph.constant(flagged, np.int64), axis=1)
    return [numbers, graph.cast(flags, np.float64)]


def _row(graph: Graph, columns: Sequence[NumericColumn], name: str) -> Name:
    return graph.constant([[getattr(column, name) for column in columns]])


def _one_hot(graph: Graph, column: CategoryColumn) -> Name:
    """A column for each category; missing and unseen ones are the most frequent."""
    if "" in column.categories:
        raise ConfigurationError(f"{column.feature}: an empty category cannot be told from none")
    places = list(range(len(column.categories)))
    place = graph.add(
        "LabelEncoder",
        graph.text_input(column.feature),
        domain=ML,
        keys_strings=list(column.categories),
        values_int64s=places,
        default_int64=column.categories.index(column.fill),
    )
    return graph.cast(graph.add("Equal", place, graph.constant([places], np.int64)), np.float64)
