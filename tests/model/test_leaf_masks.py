"""Margins from masks of leaves are LightGBM's, to the last bit; of many rows and of one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from model.scorers.leaf_masks import BLOCK_BYTES, FOREST, LeafMasks
from model.scorers.mask_table import MOST_LEAVES, ZERO, MaskTable
from model.scorers.trees import CROWD, MANY, WALKS, TreeScorer
from training.lightgbm_text import Tree, constant, text_model

WIDTH = 5
CUTS = np.round(np.linspace(-2.0, 2.0, 21), 1)
TINY = 1e-36


def grown(leaves: int, random: np.random.Generator, cuts: np.ndarray = CUTS) -> Tree:
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
        random.choice(cuts, size), random.normal(size=size), np.ones(size),
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


@pytest.mark.parametrize("most", [1, 2, 8, 9, 16, 32, 33, MOST_LEAVES])
def test_a_row_alone_gets_the_margin_that_a_walk_gives(most: int) -> None:
    random = np.random.default_rng(most)
    trees = [grown(size, random) for size in [max(most, 2), *random.integers(1, most + 1, 29)]]
    text = text_model(trees, WIDTH)
    masks, walked = LeafMasks.of(text), TreeScorer(text)
    assert masks is not None

    for row in rows_at_the_cuts(500, random):
        assert masks.margin_one(row) == walked.margin(row[None, :])[0]


def test_numbers_next_to_zero_are_compared_as_zero() -> None:
    """As LightGBM compares them, whichever side of zero a threshold is next to."""
    edges = [0.0, TINY, ZERO, np.nextafter(ZERO, 1.0), 2 * ZERO, 1.0]
    numbers = np.array([*edges, *(-one for one in edges), np.nan])
    random = np.random.default_rng(0)
    text = text_model([grown(8, random, numbers[:-1]) for _ in range(60)], WIDTH)
    masks, rows = LeafMasks.of(text), random.choice(numbers, (300, WIDTH))
    assert masks is not None

    walked = TreeScorer(text).margin(rows)

    assert np.array_equal(masks.margin(rows), walked)
    assert np.array_equal([masks.margin_one(row) for row in rows], walked)


def test_where_a_version_serves_masks_score_one_row_and_few() -> None:
    random = np.random.default_rng(2)
    text = text_model([grown(8, random) for _ in range(FOREST)], WIDTH)
    scorer, untouched = TreeScorer(text), TreeScorer(text)
    rows = rows_at_the_cuts(WALKS // FOREST, random)

    alone = [scorer.margin_one(row) for row in rows]

    assert np.array_equal(alone, scorer.margin(rows))
    assert np.array_equal(alone, untouched.margin(rows)), "one walks, the other has masks"


def test_a_row_alone_may_come_from_many_threads() -> None:
    random = np.random.default_rng(5)
    scorer = TreeScorer(text_model([grown(8, random) for _ in range(FOREST)], WIDTH))
    rows = rows_at_the_cuts(2_000, random)
    expected = scorer.margin(rows)

    with ThreadPoolExecutor(8) as pool:
        scores = list(pool.map(scorer.margin_one, rows))

    assert np.array_equal(scores, expected)


def test_the_last_row_of_a_block_of_its_own_is_added_up_as_the_others_are() -> None:
    """A sum over one row is one that NumPy likes to form of eight."""
    random = np.random.default_rng(3)
    trees = [grown(4, random) for _ in range(FOREST)]
    scorer = TreeScorer(text_model(trees, WIDTH))
    rows = rows_at_the_cuts(BLOCK_BYTES // (FOREST * 8) * 10 + 1, random)
    walked = scorer.margin(rows[-1:])

    masks = LeafMasks.of(scorer.dump())

    assert masks is not None and masks.margin(rows)[-1] == walked[0]


def test_a_threshold_that_trees_share_is_kept_once() -> None:
    random = np.random.default_rng(4)
    table = MaskTable.of(text_model([grown(16, random) for _ in range(300)], WIDTH))

    assert table is not None
    assert len(table.masks) == WIDTH * (len(CUTS) + 1)


def test_masks_are_made_of_trees_that_they_hold_and_of_no_others() -> None:
    random = np.random.default_rng(0)
    small, large = grown(MOST_LEAVES, random), grown(MOST_LEAVES + 1, random)
    unlike = [grown(MOST_LEAVES, random, random.normal(size=500)) for _ in range(500)]

    assert LeafMasks.of(text_model([small, constant(1.0)], WIDTH)) is not None
    assert LeafMasks.of(text_model([small, large], WIDTH)) is None
    assert LeafMasks.of(text_model([small] * 500, WIDTH)) is not None
    assert LeafMasks.of(text_model(unlike * 5, WIDTH)) is None, "they would take 50 MB"
    assert LeafMasks.of(text_model([constant(1.0)], WIDTH)) is None, "nothing is compared"


def test_trees_too_large_for_masks_are_walked_through() -> None:
    random = np.random.default_rng(1)
    scorer = TreeScorer(text_model([grown(MOST_LEAVES + 1, random)], WIDTH))
    rows = rows_at_the_cuts(CROWD, random)

    assert np.array_equal(scorer.margin(rows), [scorer.margin_one(row) for row in rows])
