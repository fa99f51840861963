"""What the sums of a shadow say: pure figures, checked against SciPy and by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr

from database.mapping.documents import from_document, to_document
from model.watch.shadow import FlagTally, LogCursor, ShadowEdges, ShadowRecord, ShadowTally
from model.watch.shadow_figures import bin_of, overlap, rank_correlation, shadow_figures

Floats = NDArray[np.float64]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def tally_of(theirs: Floats, ours: Floats, cut: float = 0.6, bins: int = 100) -> ShadowTally:
    edges = [step / bins for step in range(1, bins)]
    places = zip(bin_of(edges, theirs).tolist(), bin_of(edges, ours).tolist(), strict=True)
    cells: dict[str, int] = {}
    for a, b in places:
        cells[f"{a}:{b}"] = cells.get(f"{a}:{b}", 0) + 1
    risk, champion, challenger = (theirs + ours) / 2, theirs >= cut, ours >= cut
    flags = FlagTally(
        len(ours), int((champion & challenger).sum()), int((champion & ~challenger).sum()),
        int((challenger & ~champion).sum()), float(risk.sum()), float(risk[champion].sum()),
        float(risk[challenger].sum()),
    )  # fmt: skip
    sums = (theirs.sum(), ours.sum(), (theirs**2).sum(), (ours**2).sum(), (theirs * ours).sum())
    return ShadowTally(flags, cells=cells, sums=tuple(map(float, sums)), same_status=len(ours))


def record(tally: ShadowTally, budget: float | None = None) -> ShadowRecord:
    edges = ShadowEdges((0.5,), (0.5,))
    return ShadowRecord("v2", "v1", NOW, NOW, LogCursor(NOW), edges, tally, budget)


@pytest.fixture
def scores() -> tuple[Floats, Floats]:
    random = np.random.default_rng(3)
    theirs = random.random(2_000)
    return theirs, np.clip(theirs + random.normal(0, 0.15, 2_000), 0.0, 0.999)


def test_correlations_are_those_of_scipy_on_the_scores(
    scores: tuple[Floats, Floats],
) -> None:
    found = shadow_figures(record(tally_of(*scores)))

    assert found.correlation == pytest.approx(pearsonr(*scores)[0], abs=1e-9)
    assert found.rank_correlation == pytest.approx(spearmanr(*scores)[0], abs=0.002)


def test_the_overlap_of_the_lists_is_that_of_the_highest_scores(
    scores: tuple[Floats, Floats],
) -> None:
    theirs, ours = scores
    top = [set(np.argsort(-one)[:400].tolist()) for one in scores]

    found = shadow_figures(record(tally_of(theirs, ours), budget=0.2))

    assert found.listed == 0.2
    assert found.overlap_listed == pytest.approx(len(top[0] & top[1]) / 400, abs=0.02)


def test_shares_agreement_and_estimated_recall_are_those_of_the_records(
    scores: tuple[Floats, Floats],
) -> None:
    theirs, ours = scores
    risk, flagged = scores[0] / 2 + scores[1] / 2, ours >= 0.6

    found = shadow_figures(record(tally_of(theirs, ours)))

    assert found.challenger_flagged == pytest.approx(flagged.mean())
    assert found.same_label == pytest.approx(((theirs >= 0.6) == flagged).mean())
    assert found.challenger_recall == pytest.approx(risk[flagged].sum() / risk.sum())
    assert found.champion_new_recall is None


def test_two_looks_added_are_one_look_at_all(scores: tuple[Floats, Floats]) -> None:
    theirs, ours = scores
    parts = [tally_of(theirs[part], ours[part]) for part in (slice(0, 700), slice(700, None))]

    whole, added = tally_of(theirs, ours), parts[0].plus(parts[1])

    assert added.cells == whole.cells
    assert added.flags.both == whole.flags.both
    assert added.sums == pytest.approx(whole.sums)


def test_of_fewer_than_ten_records_nothing_is_told() -> None:
    few = np.linspace(0.1, 0.9, 9)

    found = shadow_figures(record(tally_of(few, few)))

    told = {name: getattr(found, name) for name in found.__slots__}
    assert {name for name, value in told.items() if value is not None} == {"records", "errors"}


def test_what_is_alike_everywhere_has_no_correlation() -> None:
    same = np.full(20, 0.5)

    found = shadow_figures(record(tally_of(same, same)))

    assert (found.correlation, found.rank_correlation) == (None, None)
    assert found.overlap_listed is None  # Nobody is flagged, and there is no budget.


def test_a_bin_at_the_edge_of_the_list_is_taken_in_part() -> None:
    grid = np.array([[4.0, 0.0], [0.0, 4.0]])

    assert overlap(grid, 0.25) == 0.5
    assert rank_correlation(np.array([[5.0]])) is None


def test_the_error_of_a_paired_difference_is_that_of_its_records() -> None:
    random = np.random.default_rng(5)
    moves = random.choice([-1, 0, 1], p=[0.05, 0.85, 0.1], size=4_000)
    tally = FlagTally(4_000, 100, int((moves < 0).sum()), int((moves > 0).sum()))

    assert tally.moved() == pytest.approx(moves.mean())
    assert tally.moved_error() == pytest.approx(moves.std() / np.sqrt(4_000))


def test_a_record_comes_back_as_it_was_written(scores: tuple[Floats, Floats]) -> None:
    written = record(tally_of(*scores), budget=0.1)

    read = from_document(ShadowRecord, to_document(written, key="version"), key="version")

    assert read == written
