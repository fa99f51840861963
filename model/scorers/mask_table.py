"""Which leaves the comparisons of a text model leave, as one table of masks with a bit per leaf.

After QuickScorer (Lucchese et al. 2015), where a comparison that sends a row to the right rules out
the leaves to the left of it. Boosters bin what they train on, so the thresholds of a column are the
same few in all trees: sorted and kept once, how many of them a value is above says what the column
leaves in every tree. It says so of those to the right too, so of all columns together one leaf of a
tree is left.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.scorers.scorer import Rows

MOST_LEAVES = 64
"""Of a tree; the bits of the widest mask."""

MOST_BYTES = 16 << 20
"""Of all masks; a forest that takes more is walked through."""

ZERO = float(np.float32(1e-35))
"""What LightGBM takes for zero (`kZeroThreshold` of its `meta.h`)."""

Masks = NDArray[Any]

_LEAVES = re.compile(rb"^num_leaves=([0-9]+)$", re.MULTILINE)

_Cut = tuple[int, int, int]
"""A comparison: its tree, the bits of the leaves to the left of it and to the right."""


@dataclass(frozen=True, slots=True)
class MaskTable:
    """The comparisons and leaves of a text model.

    Attributes:
        columns: places in a row of those that are compared, rising, k of them.
        thresholds: of each of these, rising, each once.
        starts: the row of `masks` of a value that is above no threshold of the column, shape (k,);
            with each threshold that it is above it is one row further.
        masks: the leaves that such a value leaves, shape (k + thresholds of all columns, trees).
        values: of the leaves from left to right, shape (trees, leaves of the largest tree).
    """

    columns: tuple[int, ...]
    thresholds: tuple[Rows, ...]
    starts: NDArray[np.intp]
    masks: Masks
    values: Rows

    @classmethod
    def of(cls, text: bytes) -> MaskTable | None:
        """The table of a text model; None where a tree has too many leaves, or it takes too much.

        Args:
            text: as `training.lightgbm_text` writes it.
        """
        most = max(map(int, _LEAVES.findall(text)))
        bits = next((bits for bits in (8, 16, 32, 64) if most <= bits), None)
        if bits is None:
            return None
        trees = list(_trees(text))
        values, every = np.zeros((len(trees), most)), np.zeros(len(trees), dtype=f"u{bits // 8}")
        cuts: dict[int, dict[float, list[_Cut]]] = {}
        for number, tree in enumerate(trees):
            order, sides = _walked(tree)
            values[number, : len(order)] = [tree.values[leaf] for leaf in order]
            every[number] = (1 << len(order)) - 1
            for feature, threshold, side in zip(tree.features, tree.thresholds, sides, strict=True):
                of_column = cuts.setdefault(feature, {})
                of_column.setdefault(_beyond_zero(threshold), []).append((number, *side))
        rows = len(cuts) + sum(map(len, cuts.values()))
        if not cuts or rows * every.nbytes > MOST_BYTES:
            return None
        columns = tuple(sorted(cuts))
        thresholds = tuple(np.array(sorted(cuts[column])) for column in columns)
        starts = np.cumsum([0, *(len(some) + 1 for some in thresholds[:-1])], dtype=np.intp)
        masks = np.concatenate([_masks(cuts[column], every) for column in columns])
        return cls(columns, thresholds, starts, masks, values)


@dataclass(frozen=True, slots=True)
class _Tree:
    features: Sequence[int]
    thresholds: Sequence[float]
    left: Sequence[int]
    right: Sequence[int]
    values: Sequence[float]


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


def _walked(tree: _Tree) -> tuple[list[int], list[tuple[int, int]]]:
    """The leaves from left to right, and the bits of those on both sides of each node."""
    order: list[int] = []
    sides = [(0, 0)] * len(tree.features)

    def walk(node: int) -> None:
        if node < 0:
            order.append(~node)
            return
        first = 1 << len(order)
        walk(tree.left[node])
        middle = 1 << len(order)
        walk(tree.right[node])
        sides[node] = middle - first, (1 << len(order)) - middle

    walk(0 if tree.features else -1)
    return order, sides


def _beyond_zero(threshold: float) -> float:
    """A threshold that any number compares with as LightGBM does, which reads tiny ones as 0.

    >>> _beyond_zero(0.5), _beyond_zero(0.0) == ZERO, _beyond_zero(-1e-40) < -ZERO
    (0.5, True, True)
    """
    if abs(threshold) > ZERO:
        return threshold
    return ZERO if threshold >= 0.0 else math.nextafter(-ZERO, -math.inf)


def _masks(cuts: Mapping[float, Sequence[_Cut]], every: Masks) -> Masks:
    """What a column leaves: row p of a value that is above p of its thresholds.

    Args:
        cuts: the comparisons by threshold.
        every: all leaves of each tree, shape (trees,).
    """
    above = np.tile(every, (len(cuts) + 1, 1))
    below = above.copy()
    rising = sorted(cuts)
    for place, threshold in enumerate(rising):
        above[place + 1] = above[place]
        for tree, left, _ in cuts[threshold]:
            above[place + 1, tree] &= every[tree] ^ every.dtype.type(left)
    for place, threshold in reversed(list(enumerate(rising))):
        below[place] = below[place + 1]
        for tree, _, right in cuts[threshold]:
            below[place, tree] &= every[tree] ^ every.dtype.type(right)
    return np.asarray(above & below)
