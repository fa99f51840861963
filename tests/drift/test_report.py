"""A drift report: significant and large, or not drifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from drift.contract import DriftResult
from drift.ks import KolmogorovSmirnov
from drift.policy import policy_of
from drift.report import drift_report
from model.drift import DriftReport, FeatureDrift
from model.errors import NotEnoughData
from model.profile import NumericProfile, build_profile
from model.student import Features
from preprocessing.task.policies import WatchPolicy
from tests.studies import drift_alarms, new_values
from tests.studies.drift_alarms import KINDS, NOW, students


def report(
    profile: dict[str, Any],
    records: Sequence[Features],
    scores: NDArray[np.float64] | None = None,
    **more: Any,
) -> DriftReport:
    given = np.array([]) if scores is None else scores
    return drift_report(
        profile, records, given,
        report_id="d1", now=NOW, model_version="v1", periods=("2024",), seed=3,
        **{"policy": policy_of(WatchPolicy()), **more},
    )  # fmt: skip


def row(made: DriftReport, feature: str, test: str) -> FeatureDrift:
    return next(f for f in made.features if (f.feature, f.test) == (feature, test))


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    random = np.random.default_rng(1)
    return build_profile(students(600, random), KINDS, random.beta(2, 2, size=600))


@pytest.mark.slow
@pytest.mark.parametrize("n", [60, 765])
def test_without_drift_at_most_five_in_a_hundred_batches_alarm(n: int) -> None:
    assert drift_alarms.study(100, n).drifted <= 0.05


def test_the_same_records_give_the_same_report_twice(reference: dict[str, Any]) -> None:
    records = students(200, np.random.default_rng(2))

    assert report(reference, records) == report(reference, records)


def test_a_shifted_number_drifts_by_name_and_nothing_else(reference: dict[str, Any]) -> None:
    records = [
        {**r, "n3": float(r["n3"]) - 1.5} if "n3" in r else r
        for r in students(500, np.random.default_rng(3))
    ]

    made = report(reference, records)

    assert made.drifted
    assert made.drifted_features == ("n3",)
    assert row(made, "n3", "ks").psi > 0.25


def test_significant_but_small_is_not_drift() -> None:
    random = np.random.default_rng(4)
    profile = build_profile(
        [{"x": v} for v in random.normal(size=20_000).tolist()], {"x": "numeric"}, np.array([])
    )

    made = report(profile, [{"x": v} for v in random.normal(loc=0.1, size=20_000).tolist()])

    found = row(made, "x", "ks")
    assert found.q_value is not None
    assert found.q_value < 1e-6 and found.effect < found.effect_limit
    assert not made.drifted


def test_large_but_not_significant_is_not_drift(reference: dict[str, Any]) -> None:
    made = report(reference, [{"n0": 9.0}, {"n0": 6.0}] * 3)

    found = row(made, "n0", "ks")
    assert found.effect > found.effect_limit and not found.drifted
    assert "only 6 records" in " ".join(made.notes)


def test_a_new_category_is_named_and_drifts_when_it_is_frequent(reference: dict[str, Any]) -> None:
    usual = students(400, np.random.default_rng(5))
    records = [{**r, "c1": "diamante"} for r in usual[:120]] + usual[120:]

    made = report(reference, records)

    assert row(made, "c1", "new_categories").unseen == ("diamante",)
    assert row(made, "c1", "new_categories").drifted and row(made, "c1", "chi_square").drifted
    assert not row(made, "c2", "new_categories").drifted


def test_ten_new_of_two_hundred_drift_and_the_figures_say_which_test_saw_it(
    reference: dict[str, Any],
) -> None:
    usual = students(200, np.random.default_rng(11))
    records = [{**r, "c1": "diamante"} for r in usual[:10]] + usual[10:]

    made = report(reference, records)

    assert [(f.feature, f.test) for f in made.features if f.drifted] == [("c1", "new_categories")]
    p_value = row(made, "c1", "new_categories").p_value
    assert p_value is not None and p_value < 1e-5


def test_five_percent_new_are_found_in_nine_of_ten_batches() -> None:
    assert new_values.study(batches=500, then=600, now=200).found >= 0.9


@pytest.mark.parametrize("zipf", [False, True], ids=["alike", "by rank"])
@pytest.mark.parametrize("now", [60, 200])
def test_a_column_of_a_thousand_rare_values_stays_quiet(now: int, zipf: bool) -> None:
    assert new_values.study(batches=500, then=600, now=now, zipf=zipf).villages <= 0.02


def test_values_that_stop_coming_are_missingness_drift(reference: dict[str, Any]) -> None:
    records = [
        {k: v for k, v in r.items() if k != "n7"} for r in students(300, np.random.default_rng(6))
    ]

    made = report(reference, records)

    found = row(made, "n7", "missingness")
    assert found.drifted and found.missing == 1.0
    assert not [f for f in made.features if (f.feature, f.test) == ("n7", "ks")]
    assert any(note.startswith("n7: values not compared") for note in made.notes)


def test_the_models_own_scores_can_drift(reference: dict[str, Any]) -> None:
    random = np.random.default_rng(7)

    made = report(reference, students(400, random), random.beta(5, 1, size=400))

    assert made.drifted_features == ("risk_score",)


def test_performance_is_estimated_before_outcomes_and_kept_when_realised(
    reference: dict[str, Any],
) -> None:
    random = np.random.default_rng(8)
    scores = random.beta(2, 2, size=100)

    made = report(reference, students(100, random), scores, threshold=0.5, realised={"recall": 0.7})

    assert 0 < made.estimated["recall"] < 1
    assert made.realised == {"recall": 0.7}
    assert report(reference, students(100, random), scores).estimated == {}


def test_a_feature_the_champion_never_saw_is_told(reference: dict[str, Any]) -> None:
    records = [{**r, "shoe_size": 38.0} for r in students(120, np.random.default_rng(9))]

    made = report(reference, records)

    assert "not in the training profile and not compared: shoe_size" in made.notes


def test_no_records_is_said_and_never_passes_as_no_drift(reference: dict[str, Any]) -> None:
    with pytest.raises(NotEnoughData, match="no recent records"):
        report(reference, [])


def test_a_test_that_only_measures_has_no_p_value_never_alarms_and_costs_the_others_nothing(
    reference: dict[str, Any],
) -> None:
    class Gap(KolmogorovSmirnov):
        about = replace(KolmogorovSmirnov.about, name="gap")

        def compare(
            self, reference: NumericProfile, current: NumericProfile, seed: int
        ) -> DriftResult:
            return replace(super().compare(reference, current, seed), p_value=None)

    records = [{**r, "n3": 9.5} for r in students(200, np.random.default_rng(3))]
    usual = policy_of(WatchPolicy())

    made = report(reference, records, policy=replace(usual, numeric=(*usual.numeric, Gap())))

    measured = [f for f in made.features if f.test == "gap"]
    assert {(f.p_value, f.q_value, f.drifted) for f in measured} == {(None, None, False)}
    assert max(f.times_limit for f in measured) > 1.0
    kept = tuple(f for f in made.features if f.test != "gap")
    assert kept == report(reference, records).features
