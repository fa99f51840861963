"""Whether trees hold columns monotone, as both boosting libraries do where they are told to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from training.lightgbm_text import Tree


def first_broken(trees: Iterable[Tree], held: Sequence[int]) -> int | None:
    """The first column that a split treats otherwise than it is held to; None if there is none.

    A library that holds a column bounds every leaf left of a split on it by the middle of both
    sides, and every leaf on the right likewise. So all leaves on one side lie below all on the
    other, which is more than the sum of the trees would need.

    Args:
        trees: of one model.
        held: column by column 1 (never falls), -1 (never rises) or 0.
    """
    for tree in trees:
        low, high = _bounds(tree)
        for node in np.flatnonzero(tree.left >= 0):
            column = int(tree.feature[node])
            sign = held[column] if column < len(held) else 0
            left, right = tree.left[node], tree.right[node]
            if sign > 0 and high[left] > low[right] + TINY:
                return column
            if sign < 0 and high[right] > low[left] + TINY:
                return column
    return None


TINY = 1e-6
"""XGBoost rounds leaves to float32."""


def _bounds(tree: Tree) -> tuple[list[float], list[float]]:
    """The least and the greatest leaf below each node."""
    low, high = tree.value.tolist(), tree.value.tolist()
    for node in _children_first(tree):
        left, right = tree.left[node], tree.right[node]
        low[node] = min(low[left], low[right])
        high[node] = max(high[left], high[right])
    return low, high


def _children_first(tree: Tree) -> list[int]:
    order, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        if tree.left[node] >= 0:
            order.append(node)
            waiting += [int(tree.left[node]), int(tree.right[node])]
    return order[::-1]
