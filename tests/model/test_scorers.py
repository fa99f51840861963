from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model import bundle
from model.errors import BundleError
from model.scorers import kinds
from model.scorers.linear import LinearScorer
from model.scorers.neighbours import NeighbourScorer
from model.scorers.scorer import Scorer
from model.scorers.trees import TreeScorer

PAGE = (Path(__file__).parents[2] / "docs" / "model.md").read_text("utf-8")
TREES = b"""tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=regression
feature_names=a b
feature_infos=[-inf:inf] [-inf:inf]
tree_sizes=279

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
split_gain=1 1
threshold=0.5 -1.25
decision_type=2 2
left_child=1 -1
right_child=-3 -2
leaf_value=1.5 -0.5 0.25
leaf_weight=1 2 3
leaf_count=1 2 3
internal_value=0 0
internal_weight=6 3
internal_count=6 3
is_linear=0
shrinkage=1


end of trees
"""


def _neighbours() -> NeighbourScorer:
    random = np.random.default_rng(0)
    return NeighbourScorer(
        random.normal(size=(50, 2)), (random.random(50) > 0.5).astype(np.float64), 7
    )


SCORERS: list[Scorer] = [
    LinearScorer(np.array([0.5, -2.0]), 0.25),
    TreeScorer(TREES),
    _neighbours(),
]


def _rows(n: int) -> NDArray[np.float64]:
    return np.random.default_rng(1).normal(size=(n, 2)) * 2


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda s: type(s).__name__)
def test_one_row_and_many_get_the_same_margin(scorer: Scorer) -> None:
    rows = _rows(500)

    assert np.allclose(scorer.margin(rows), [scorer.margin_one(r) for r in rows], atol=1e-12)
    assert scorer.margin(rows[:0]).shape == (0,)
    assert scorer.width == 2


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda s: type(s).__name__)
def test_contributions_add_up_to_the_margin(scorer: Scorer) -> None:
    for row in _rows(50):
        parts, base = scorer.contributions(row)

        assert base + parts.sum() == pytest.approx(scorer.margin_one(row), abs=1e-12)


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("number", [1, 2, 50])
def test_rows_explained_together_are_explained_as_alone(scorer: Scorer, number: int) -> None:
    rows = _rows(number)

    parts, base = scorer.contributions_many(rows)

    assert parts.shape == rows.shape
    for row, together in zip(rows, parts, strict=True):
        alone, expected = scorer.contributions(row)
        assert np.array_equal(together, alone)
        assert base == expected


def test_a_scorer_reads_back_from_its_bytes() -> None:
    rows = _rows(100)
    linear, trees, neighbours = LinearScorer(np.array([1.0, 2.0]), 3.0), *SCORERS[1:]
    assert isinstance(trees, TreeScorer)
    assert isinstance(neighbours, NeighbourScorer)

    assert np.array_equal(LinearScorer.load(linear.dump()).margin(rows), linear.margin(rows))
    assert np.array_equal(TreeScorer.load(trees.dump()).margin(rows), trees.margin(rows))
    assert np.array_equal(
        NeighbourScorer.load(neighbours.dump()).margin(rows), neighbours.margin(rows)
    )
    assert neighbours.dump() == neighbours.dump()


@pytest.mark.parametrize(
    ("load", "data"),
    [
        (LinearScorer.load, b"{}"),
        (LinearScorer.load, b"not json"),
        (NeighbourScorer.load, b""),
        (NeighbourScorer.load, b"PK\x03\x04"),
        (TreeScorer.load, b""),
        (TreeScorer.load, TREES[:300]),
        (TreeScorer.load, b"tree\nversion=v4\n\nend of trees\n"),
        (TreeScorer.load, TREES.replace(b"threshold=0.5 -1.25", b"threshold=")),
    ],
)
def test_bytes_that_are_no_scorer_are_refused(load: object, data: bytes) -> None:
    assert callable(load)

    with pytest.raises(BundleError):
        load(data)


@pytest.mark.parametrize("kind", kinds.SCORERS, ids=lambda kind: kind.__name__)
def test_every_kind_is_tried_here_and_named_where_a_bundle_is_explained(kind: type[Scorer]) -> None:
    file = f"{kind.__module__.rpartition('.')[2]}.py"
    scorers = re.search(r"\*\*Scorer\*\* \((.*?)\)", PAGE)

    assert kind in {type(scorer) for scorer in SCORERS}
    assert kind.FILE in (bundle.__doc__ or ""), f"model/bundle.py does not name {kind.FILE}"
    assert scorers is not None and file in scorers[1], f"docs/model.md does not name {file}"


def test_a_value_on_the_threshold_goes_left() -> None:
    scorer = TreeScorer(TREES)

    assert scorer.margin_one(np.array([0.5, -1.25])) == 1.5
    assert scorer.margin_one(np.array([0.5, np.nextafter(-1.25, 0)])) == -0.5
    assert scorer.margin_one(np.array([np.nextafter(0.5, 1), -1.25])) == 0.25


def test_a_scorer_may_be_shared_between_threads() -> None:
    scorer, rows = TreeScorer(TREES), _rows(2000)
    expected = scorer.margin(rows)

    with ThreadPoolExecutor(8) as pool:
        scores = list(pool.map(scorer.margin_one, rows))

    assert np.array_equal(scores, expected)


def test_the_nearest_neighbours_weigh_most() -> None:
    scorer = NeighbourScorer(np.array([[0.0], [1.0], [9.0]]), np.array([1.0, 0.0, 1.0]), 2)

    assert scorer.margin_one(np.array([0.0])) == pytest.approx(1.0 / 1.5)


def test_many_scorers_can_be_made_and_dropped() -> None:
    for _ in range(50):
        assert TreeScorer(TREES).margin_one(np.zeros(2)) == -0.5
