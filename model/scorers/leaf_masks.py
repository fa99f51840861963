"""Margins of many rows at once, from masks of leaves instead of walks through trees.

QuickScorer (Lucchese et al. 2015) with NumPy: a comparison that sends a row to the right rules out
the leaves to the left of it, and the first leaf that no comparison rules out is the row's. The
comparisons of one column are sorted, so that one look-up tells what a value of it rules out in all
trees. A walk mispredicts every other branch; this has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.scorers.scorer import Rows

MOST_LEAVES = 64
"""Of a tree; the bits of the widest mask."""

MOST_BYTES = 16 << 20
"""Of all masks; a forest that takes more is walked through."""

BLOCK_BYTES = 1 << 19
"""Of the values that are added up at once, so that they stay in the processor's cache."""

ZERO = 1e-35
"""What LightGBM takes for zero (`kZeroThreshold` of its `meta.h`)."""

Masks = NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Tree:
    features: Sequence[int]
    thresholds: Sequence[float]
    left: Sequence[int]
    right: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Column:
    """What a column rules out.

    Attributes:
        place: in a row.
        thresholds: of all trees, rising, shape (t,).
        masks: leaves that are left where so many thresholds are below a value, (t + 1, trees).
    """

    place: int
    thresholds: Rows
    masks: Masks


class LeafMasks:
    """The trees of one text model.

    Args:
        columns: those that are compared.
        values: of the leaves from left to right, shape (trees, leaves of the largest tree).
        kind: unsigned integers with a bit per leaf.
    """

    def __init__(self, columns: Sequence[_Column], values: Rows, kind: np.dtype[Any]) -> None:
        self._columns = columns
        self._values = values.ravel()
        self._starts = (np.arange(len(values)) * values.shape[1])[:, None]
        self._one = kind.type(1)
        self._step = max(1, BLOCK_BYTES // (len(values) * values.itemsize))

    @classmethod
    def of(cls, text: bytes) -> LeafMasks | None:
        """The masks of a text model; None where a tree has too many leaves, or they take too much.

        Args:
            text: as `training.lightgbm_text` writes it.
        """
        trees = list(_trees(text))
        most = max(len(tree.values) for tree in trees)
        nodes = sum(len(tree.features) for tree in trees)
        width = next((bits for bits in (8, 16, 32, 64) if most <= bits), None)
        if width is None or not nodes or 2 * nodes * len(trees) * width // 8 > MOST_BYTES:
            return None
        kind = np.dtype(f"u{width // 8}")
        values = np.zeros((len(trees), most))
        found: dict[int, list[tuple[float, int, int]]] = {}
        for number, tree in enumerate(trees):
            order, ruled_out = _walked(tree)
            values[number, : len(order)] = [tree.values[leaf] for leaf in order]
            for feature, threshold, mask in zip(
                tree.features, tree.thresholds, ruled_out, strict=True
            ):
                found.setdefault(feature, []).append((threshold, number, mask))
        columns = [_column(place, sorted(cuts), len(trees), kind) for place, cuts in found.items()]
        return cls(columns, values, kind)

    def margin(self, rows: Rows) -> Rows:
        """Margins of shape (n,), to the last bit those of LightGBM."""
        margins = np.empty(len(rows))
        # As LightGBM reads a row where no value is missing.
        plain = np.ascontiguousarray(np.where(np.abs(rows) > ZERO, rows, 0.0).T)
        places = [
            np.searchsorted(column.thresholds, plain[column.place]) for column in self._columns
        ]
        for start in range(0, len(rows), self._step):
            part = slice(start, start + self._step)
            margins[part] = self._summed(self._left([place[part] for place in places]))
        return margins

    def _left(self, places: Sequence[NDArray[np.intp]]) -> Masks:
        """The leaves that no comparison rules out, shape (n, trees)."""
        left = self._columns[0].masks.take(places[0], axis=0)
        taken = np.empty_like(left)
        for column, place in zip(self._columns[1:], places[1:], strict=True):
            # Every place is inside; to clip is quicker than to raise.
            column.masks.take(place, axis=0, out=taken, mode="clip")
            np.bitwise_and(left, taken, out=left)
        return left

    def _summed(self, left: Masks) -> Rows:
        """The values of the first leaves that are left, added tree by tree as LightGBM does."""
        # As many bits as lie below the lowest that is set.
        leaves = np.bitwise_count(~left & (left - self._one))
        return np.asarray(self._values.take(leaves.T + self._starts).sum(axis=0))


def _trees(text: bytes) -> Iterator[_Tree]:
    for block in text.decode("ascii").split("\nTree=")[1:]:
        fields = dict(line.split("=", 1) for line in block.split("\n")[1:] if "=" in line)
        yield _Tree(
            [int(one) for one in fields.get("split_feature", "").split()],
            [float(one) for one in fields.get("threshold", "").split()],
            [int(one) for one in fields.get("left_child", "").split()],
            [int(one) for one in fields.get("right_child", "").split()],
            [float(one) for one in fields["leaf_value"].split()],
        )


def _walked(tree: _Tree) -> tuple[list[int], list[int]]:
    """The leaves from left to right, and the bits of those to the left of each node."""
    order: list[int] = []
    ruled_out = [0] * len(tree.features)
    waiting = [(0 if tree.features else -1, False)]
    first: dict[int, int] = {}
    while waiting:
        node, left_done = waiting.pop()
        if node < 0:
            order.append(~node)
        elif left_done:
            ruled_out[node] = (1 << len(order)) - (1 << first[node])
            waiting.append((tree.right[node], False))
        else:
            first[node] = len(order)
            waiting += [(node, True), (tree.left[node], False)]
    return order, ruled_out


def _column(
    place: int, cuts: Sequence[tuple[float, int, int]], trees: int, kind: np.dtype[Any]
) -> _Column:
    every = (1 << 8 * kind.itemsize) - 1
    masks = np.full((len(cuts) + 1, trees), every, dtype=kind)
    for row, (_, tree, ruled_out) in enumerate(cuts, start=1):
        masks[row] = masks[row - 1]
        masks[row, tree] &= kind.type(every ^ ruled_out)
    return _Column(place, np.array([threshold for threshold, _, _ in cuts]), masks)
