"""Every kind of scorer as nodes: rows in, margins out, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from deployment.onnx.graph import ML, Graph, Name
from model.scorers.linear import LinearScorer
from model.scorers.mask_table import ZERO
from model.scorers.neighbours import NeighbourScorer
from model.scorers.scorer import Scorer
from model.scorers.trees import TreeScorer
from training.lightgbm_text import Tree, parse_text

SUM = 1
"""`aggregate_function` of `TreeEnsemble`."""

PAIRWISE = 128
"""So many numbers NumPy adds in eight sums at once; more are halved first."""

Write = Callable[[Graph, Name, Any], Name]


def margin(graph: Graph, rows: Name, scorer: Scorer) -> Name:
    """Margins of shape (rows, 1) of rows of shape (rows, columns)."""
    return WRITTEN[type(scorer)](graph, rows, scorer)


def _trees(graph: Graph, rows: Name, scorer: TreeScorer) -> Name:
    # LightGBM reads a number so near to zero as zero.
    near = graph.add("LessOrEqual", graph.add("Abs", rows), graph.constant([[ZERO]]))
    plain = graph.add("Where", near, graph.constant([[0.0]]), rows)
    return graph.add(
        "TreeEnsemble", plain, domain=ML, **_ensemble(graph, parse_text(scorer.dump()))
    )


def _ensemble(graph: Graph, trees: Sequence[Tree]) -> dict[str, Any]:
    """The attributes of `TreeEnsemble`: inner nodes and leaves, tree after tree."""
    nodes: dict[str, list[Any]] = {name: [] for name in _NODE}
    leaves: list[float] = []
    roots: list[int] = []
    for tree in trees:
        first, first_leaf = len(nodes["splits"]), len(leaves)
        roots.append(first)
        inner = np.flatnonzero(tree.left >= 0)
        place = np.cumsum(tree.left >= 0) - 1
        leaf = np.cumsum(tree.left < 0) - 1
        leaves += tree.value[tree.left < 0].tolist()
        if not len(inner):  # A tree is at least a question; both its answers are the one leaf.
            for name, value in _NODE.items():
                nodes[name].append(first_leaf if name.endswith("nodeids") else value)
        for node in inner.tolist():
            nodes["featureids"].append(int(tree.feature[node]))
            nodes["splits"].append(float(tree.threshold[node]))
            for side, child in (("true", int(tree.left[node])), ("false", int(tree.right[node]))):
                ends = bool(tree.left[child] < 0)
                nodes[f"{side}leafs"].append(int(ends))
                nodes[f"{side}nodeids"].append(
                    first_leaf + int(leaf[child]) if ends else first + int(place[child])
                )
    modes = np.zeros(len(nodes["splits"]))  # 0: to the true side where value <= split.
    return {
        "aggregate_function": SUM,
        "post_transform": 0,
        "n_targets": 1,
        "tree_roots": roots,
        "nodes_modes": graph.tensor(modes, np.uint8),
        "nodes_splits": graph.tensor(nodes.pop("splits")),
        **{f"nodes_{name}": values for name, values in nodes.items()},
        "leaf_targetids": [0] * len(leaves),
        "leaf_weights": graph.tensor(leaves),
    }


_NODE: Mapping[str, float | int] = {
    "featureids": 0, "splits": 0.0, "truenodeids": 0, "trueleafs": 1, "falsenodeids": 0,
    "falseleafs": 1,
}  # fmt: skip
"""What each node says, with the values of one that only stands before a single leaf."""


def _linear(graph: Graph, rows: Name, scorer: LinearScorer) -> Name:
    weighed = graph.add("MatMul", rows, graph.constant(scorer.weights[:, None]))
    return graph.add("Add", weighed, graph.constant([[scorer.intercept]]))


def _neighbours(graph: Graph, rows: Name, scorer: NeighbourScorer) -> Name:
    squares = []
    for place in range(scorer.width):
        column = graph.add("Gather", rows, graph.constant([place], np.int64), axis=1)
        off = graph.add("Sub", column, graph.constant(scorer.rows[:, place][None, :]))
        squares.append(graph.add("Mul", off, off))
    squared = _added(graph, squares)
    nearest, which = graph.add_many(
        "TopK", squared, graph.constant([scorer.k], np.int64), outputs=2, largest=0, sorted=1
    )
    one = graph.constant([[1.0]])
    weight = graph.add("Div", one, graph.add("Add", one, graph.add("Sqrt", nearest)))
    outcome = graph.add("Gather", graph.constant(scorer.outcome), which, axis=0)
    across = graph.constant([1], np.int64)
    found = graph.add("ReduceSum", graph.add("Mul", weight, outcome), across, keepdims=1)
    return graph.add("Div", found, graph.add("ReduceSum", weight, across, keepdims=1))


def _added(graph: Graph, terms: Sequence[Name]) -> Name:
    """The sum in the order in which NumPy adds.

    Of two records that are equally far away the earlier one is asked; added in another order one
    of them would be a last bit nearer. See `DOUBLE_pairwise_sum` in NumPy's `loops_utils.h.src`.
    """
    if len(terms) > PAIRWISE:
        half = len(terms) // 2
        half -= half % 8
        return graph.add("Add", _added(graph, terms[:half]), _added(graph, terms[half:]))
    whole = len(terms) - len(terms) % 8
    if not whole:
        return _in_turn(graph, terms)
    eight = [_in_turn(graph, terms[place:whole:8]) for place in range(8)]
    while len(eight) > 1:
        pairs = zip(eight[::2], eight[1::2], strict=True)
        eight = [graph.add("Add", *pair) for pair in pairs]
    return _in_turn(graph, [eight[0], *terms[whole:]])


def _in_turn(graph: Graph, terms: Sequence[Name]) -> Name:
    total = terms[0]
    for term in terms[1:]:
        total = graph.add("Add", total, term)
    return total


WRITTEN: Mapping[type[Scorer], Write] = {
    TreeScorer: _trees, LinearScorer: _linear, NeighbourScorer: _neighbours,
}  # fmt: skip
"""Kind of scorer to what writes it; `tests/deployment/onnx` walks every kind that serves."""
