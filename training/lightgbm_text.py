"""Trees of any library as one LightGBM text model, which `model.scorers.trees` serves.

The format is what LightGBM itself writes; `threshold` is compared with `<=`, and a child below
zero is a leaf: `-1` the first, `-2` the second. Counts weigh the Shapley values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

_GOES_LEFT = 2
"""LightGBM's decision type: numeric, no value is missing."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One binary tree, node by node; node 0 is the root.

    Attributes:
        left: child where `row[feature] <= threshold`, -1 at a leaf.
        right: the other child, -1 at a leaf.
        feature: column compared, anything at a leaf.
        threshold: float64.
        value: what a leaf adds to the margin.
        cover: how much training data passed the node, in any unit.
    """

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    feature: NDArray[np.intp]
    threshold: NDArray[np.float64]
    value: NDArray[np.float64]
    cover: NDArray[np.float64]


def constant(value: float) -> Tree:
    """A tree of one leaf, for the intercept of a booster."""
    none, number = np.array([-1]), np.array([value], dtype=np.float64)
    return Tree(none, none, np.array([0]), np.zeros(1), number, np.ones(1))


def text_model(trees: Iterable[Tree], width: int) -> bytes:
    """The text of a model whose raw score is the sum of the trees.

    Args:
        trees: at least one.
        width: columns of a row.
    """
    names = " ".join(f"Column_{i}" for i in range(width))
    infos = " ".join(["[-inf:inf]"] * width)
    head = (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
        f"max_feature_idx={width - 1}\nobjective=regression\n"
        f"feature_names={names}\nfeature_infos={infos}\n"
    )
    blocks = [_block(number, tree) for number, tree in enumerate(trees)]
    sizes = " ".join(str(len(block)) for block in blocks)
    return f"{head}tree_sizes={sizes}\n\n{''.join(blocks)}end of trees\n".encode()


def _block(number: int, tree: Tree) -> str:
    inner = tree.left >= 0
    leaves = np.flatnonzero(~inner)
    counts = _counts(tree.cover)
    if not inner.any():
        return _lines(number, {"num_leaves": [1], "num_cat": [0], "leaf_value": tree.value[:1]})
    # Inner nodes keep their order (the root stays first); leaves are named -1, -2...
    name = np.empty(len(inner), dtype=np.intp)
    name[inner] = np.arange(int(inner.sum()))
    name[leaves] = -1 - np.arange(len(leaves))
    fields: dict[str, Any] = {
        "num_leaves": [len(leaves)],
        "num_cat": [0],
        "split_feature": tree.feature[inner],
        "split_gain": np.ones(int(inner.sum()), dtype=np.intp),
        "threshold": tree.threshold[inner],
        "decision_type": np.full(int(inner.sum()), _GOES_LEFT),
        "left_child": name[tree.left[inner]],
        "right_child": name[tree.right[inner]],
        "leaf_value": tree.value[leaves],
        "leaf_weight": counts[leaves],
        "leaf_count": counts[leaves],
        "internal_value": np.zeros(int(inner.sum()), dtype=np.intp),
        "internal_weight": counts[inner],
        "internal_count": counts[inner],
    }
    return _lines(number, fields)


def _counts(cover: NDArray[np.float64]) -> NDArray[np.intp]:
    """Whole numbers in proportion: LightGBM keeps counts as 32-bit integers."""
    scaled = cover * (1e6 / max(float(cover[0]), 1e-12))
    return np.maximum(np.rint(scaled), 1).astype(np.intp)


def _lines(number: int, fields: dict[str, Any]) -> str:
    # `repr` of a Python float reads back as the very same float64.
    lines = [
        f"{key}={' '.join(map(repr, np.asarray(values).tolist()))}"
        for key, values in fields.items()
    ]
    return f"Tree={number}\n" + "\n".join(lines) + "\nis_linear=0\nshrinkage=1\n\n\n"


def parse_text(text: bytes) -> list[Tree]:
    """The trees of a LightGBM text model, LightGBM's own or one of ours."""
    blocks = text.decode().split("\nend of trees")[0].split("\nTree=")[1:]
    return [_parse_block(block) for block in blocks]


def grown(text: bytes) -> int:
    """How many trees of a text model split anything; an intercept is none of them.

    >>> grown(text_model([constant(0.5)], width=1))
    0
    """
    return sum(len(tree.left) > 1 for tree in parse_text(text))


def scaled(trees: Iterable[Tree], factor: float) -> list[Tree]:
    """The same trees with every leaf multiplied."""
    return [replace(tree, value=tree.value * factor) for tree in trees]


def _parse_block(block: str) -> Tree:
    fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    value = np.array(fields["leaf_value"].split(), dtype=np.float64)
    if fields["num_leaves"] == "1":
        return constant(float(value[0]))
    threshold = np.array(fields["threshold"].split(), dtype=np.float64)
    left = np.array(fields["left_child"].split(), dtype=np.intp)
    right = np.array(fields["right_child"].split(), dtype=np.intp)
    inner, leaves = len(threshold), len(value)
    ends = np.full(leaves, -1)
    pad = np.zeros(leaves)
    counts = [fields["internal_count"].split(), fields["leaf_count"].split()]
    return Tree(
        left=np.concatenate([np.where(left < 0, inner - 1 - left, left), ends]),
        right=np.concatenate([np.where(right < 0, inner - 1 - right, right), ends]),
        feature=np.concatenate(
            [np.array(fields["split_feature"].split(), dtype=np.intp), np.zeros(leaves, np.intp)]
        ),
        threshold=np.concatenate([threshold, pad]),
        value=np.concatenate([np.zeros(inner), value]),
        cover=np.array(counts[0] + counts[1], dtype=np.float64),
    )
