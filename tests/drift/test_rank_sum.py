"""Wilcoxon's rank sum, against SciPy, and what thinning the reference costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from drift.rank_sum import RankSum
from model.profile import GRID, profile_numbers

samples = st.lists(st.integers(-4, 12).map(float), min_size=5, max_size=60)


@settings(max_examples=40)
@given(samples, samples)
def test_the_figures_are_scipys_where_every_value_of_now_was_there_before(
    former: list[float], drawn: list[float]
) -> None:
    now = [former[int(value) % len(former)] for value in drawn]
    if len({*former}) == 1:
        return

    found = RankSum().run(profile_numbers(former, missing=0), profile_numbers(now, missing=0), 0)

    scipys = mannwhitneyu(now, former, method="asymptotic")
    pairs = len(former) * len(now)
    assert found.statistic == pytest.approx(2 * scipys.statistic / pairs - 1)
    assert found.p_value == pytest.approx(scipys.pvalue)


def test_one_value_everywhere_is_no_difference() -> None:
    same = profile_numbers([3.0] * 20, missing=0)

    found = RankSum().run(same, same, 0)

    assert (found.p_value, found.effect) == (1.0, 0.0)


def test_a_thinned_reference_keeps_the_level_and_nearly_the_effect() -> None:
    random = np.random.default_rng(5)

    def found(shift: float) -> tuple[float, float]:
        reference = profile_numbers(random.normal(size=2_000).tolist(), missing=0, grid=GRID)
        now = profile_numbers((random.normal(size=300) + shift).tolist(), missing=0)
        result = RankSum().run(reference, now, 0)
        assert result.p_value is not None
        return result.p_value, result.effect

    quiet = [found(0.0)[0] for _ in range(300)]

    assert sum(p <= 0.05 for p in quiet) <= 25
    assert found(0.5)[1] == pytest.approx(0.276, abs=0.1)
