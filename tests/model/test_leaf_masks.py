"""Margins from masks of leaves are LightGBM's, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from model.scorers.leaf_masks import MOST_LEAVES, LeafMasks
from model.scorers.trees import CROWD, MANY, TreeScorer
from training.lightgbm_text import Tree, constant, text_model

WIDTH = 5
CUTS = np.round(np.linspace(-2.0, 2.0, 21), 1)
TINY = 1e-36


def grown(leaves: int, random: np.random.Generator) -> Tree:
    """A tree of so many leaves, grown at random; a path may compare one column repeatedly."""
    left, right = [-1], [-1]
    while left.count(-1) < leaves:
        node = random.choice([place for place, child in enumerate(left) if child == -1])
        left[node], right[node] = len(left), len(left) + 1
        left += [-1, -1]
        right += [-1, -1]
    size = len(left)
    return Tree(
        np.array(left), np.array(right), random.integers(0, WIDTH, size),
        random.choice(CUTS, size), random.normal(size=size), np.ones(size),
    )  # fmt: skip


def rows_at_the_cuts(number: int, random: np.random.Generator) -> np.ndarray:
    """Many values equal a threshold; some are next to zero, endless, or no number."""
    rows = random.choice([*CUTS, 0.05, TINY, -TINY, np.inf, -np.inf, np.nan], (number, WIDTH))
    return np.where(random.random(rows.shape) < 0.5, rows, random.normal(size=rows.shape))


@pytest.mark.parametrize("most", [1, 2, 8, 9, 16, 32, 33, MOST_LEAVES])
def test_a_crowd_gets_the_margins_that_each_row_gets_alone(most: int) -> None:
    random = np.random.default_rng(most)
    sizes = [most, *random.integers(1, most + 1, 29).tolist()]
    trees = [constant(0.25), *(grown(size, random) for size in sizes)]
    scorer = TreeScorer(text_model(trees, WIDTH))
    rows = rows_at_the_cuts(CROWD + 7, random)

    together = scorer.margin(rows)

    assert np.array_equal(together, [scorer.margin_one(row) for row in rows])
    walked = [scorer.margin(part) for part in np.array_split(rows, len(rows) // MANY + 1)]
    assert np.array_equal(together, np.concatenate(walked))


def test_masks_are_made_of_trees_that_they_hold_and_of_no_others() -> None:
    random = np.random.default_rng(0)
    small, large = grown(MOST_LEAVES, random), grown(MOST_LEAVES + 1, random)

    assert LeafMasks.of(text_model([small, constant(1.0)], WIDTH)) is not None
    assert LeafMasks.of(text_model([small, large], WIDTH)) is None
    assert LeafMasks.of(text_model([small] * 500, WIDTH)) is None, "they would take 250 MB"
    assert LeafMasks.of(text_model([constant(1.0)], WIDTH)) is None, "nothing is compared"


def test_trees_too_large_for_masks_are_walked_through() -> None:
    random = np.random.default_rng(1)
    scorer = TreeScorer(text_model([grown(MOST_LEAVES + 1, random)], WIDTH))
    rows = rows_at_the_cuts(CROWD, random)

    assert np.array_equal(scorer.margin(rows), [scorer.margin_one(row) for row in rows])
