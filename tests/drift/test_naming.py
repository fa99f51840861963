"""What a report names: values that came or went, where something is missing, who is at risk now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from dashboard.named_section import named_sentences
from dashboard.texts import Language, load_texts
from drift.comparing.choice import ChosenComparison, Comparison
from drift.comparing.files import compare_files
from drift.comparing.present import present_state
from drift.naming.at_risk_now import AT_RISK_NOW, PresentState
from drift.naming.told import named_lines
from drift.naming.values import MOST_VALUES, changed_values
from drift.policy import policy_of
from drift.report import drift_report
from model.drift import DriftReport
from model.profile import GRID, NumericProfile, build_profile, profile_column
from model.student import Features
from model.watch.changes import AtRiskNow, MissingWhere, NamedChanges
from preprocessing.task.policies import WatchPolicy
from preprocessing.task.spec import load_task

NOW = datetime(2025, 3, 1, tzinfo=UTC)
KINDS = {"phase": "numeric", "lag": "numeric", "ipp": "numeric", "stone": "category"}
BEHIND = PresentState("lag", lambda lag: float(float(lag) < 0))


def students(
    n: int, *, behind: float = 0.5, phases: Sequence[int] = (1, 2, 3), topaz: int = 0
) -> list[Features]:
    """n alike students; the first of them are behind, the first few have a stone of their own."""
    return [
        {
            "phase": float(phases[i % len(phases)]),
            "lag": -1.0 if i < behind * n else 0.0,
            "ipp": float(i % 10),
            "stone": "topaz" if i < topaz else "abc"[i % 3],
        }
        for i in range(n)
    ]


def named(reference: Sequence[Features], recent: Sequence[Features]) -> NamedChanges:
    found = compared(reference, recent).named
    assert found is not None
    return found


def compared(reference: Sequence[Features], recent: Sequence[Features]) -> DriftReport:
    nothing = np.zeros(0)
    return drift_report(
        build_profile(reference, KINDS, nothing), recent, nothing,
        report_id="d", now=NOW, model_version="v1", periods=("2024",),
        policy=policy_of(WatchPolicy()), seed=0, present=BEHIND,
    )  # fmt: skip


def test_who_is_at_risk_now_is_compared_like_any_feature_and_named_with_both_shares() -> None:
    report = compared(students(600, behind=0.7), students(400, behind=0.4))

    assert AT_RISK_NOW in report.drifted_features
    assert report.named is not None
    assert report.named.at_risk == AtRiskNow(0.7, 0.4)


def test_the_share_at_risk_now_does_not_drift_where_it_is_the_same() -> None:
    assert AT_RISK_NOW not in compared(students(600), students(400)).drifted_features


def test_phases_that_came_and_went_are_named_with_their_shares() -> None:
    found = named(students(600, phases=(1, 2, 9)), students(400, phases=(1, 2, 8, 8)))

    (phase,) = found.values
    assert phase.feature == "phase"
    assert [(v.value, round(v.share, 2)) for v in phase.new] == [("8", 0.5)]
    assert [(v.value, round(v.share, 2)) for v in phase.vanished] == [("9", 0.33)]


def test_a_category_that_vanished_is_named_and_one_too_rare_to_be_missed_is_not() -> None:
    gone = named(students(600, topaz=100), students(400)).values
    unknown = named(students(600, topaz=5), students(400)).values

    assert [(one.feature, one.vanished[0].value) for one in gone] == [("stone", "topaz")]
    assert unknown == ()


def test_what_is_missing_is_told_by_the_phase_in_which_it_is_missing() -> None:
    recent = [
        {k: v for k, v in record.items() if k != "ipp" or record["phase"] != 8.0}
        for record in students(400, phases=(1, 2, 3, 8))
    ]

    assert named(students(600), recent).missing == (MissingWhere("ipp", "phase", ("8",), 1.0),)


def test_what_is_missing_everywhere_is_told_by_no_phase() -> None:
    recent = [
        {k: v for k, v in record.items() if k != "ipp" or i % 5}
        for i, record in enumerate(students(400))
    ]

    assert named(students(600), recent).missing == ()


@pytest.mark.parametrize("language", Language)
def test_the_page_names_all_that_the_terminal_names(language: Language) -> None:
    recent = [
        {k: v for k, v in record.items() if k != "ipp" or record["phase"] != 8.0}
        for record in students(400, behind=0.3, phases=(1, 2, 8))
    ]
    found = named(students(600), recent)

    shown = "\n".join(named_sentences(found, load_texts(language)))
    told = "\n".join(named_lines(found))

    for word in ("phase", "ipp", "8 (33", "30"):
        assert word in shown and word in told


def test_a_task_without_persistence_tells_nobody_at_risk_now() -> None:
    task = load_task("pede_lag")
    silent = task.model_copy(
        update={"outcome": task.outcome.model_copy(update={"persistence": None})}
    )

    assert present_state(silent) is None
    assert present_state(task) is not None


def pede(folder: Path, then: str, now: str) -> DriftReport:
    choice = ChosenComparison(
        Comparison.FILES, folder / f"pede_{then}.csv", folder / f"pede_{now}.csv"
    )
    return compare_files(choice, load_task("pede_lag"), now=NOW).report


def test_from_2022_to_2023_pede_is_told_what_really_changed(real_data: Path) -> None:
    report = pede(real_data, "2022", "2023")
    found = report.named
    assert found is not None and found.at_risk is not None

    told = {one.feature: one for one in found.values}
    missing = {one.feature: one for one in found.missing}
    assert {AT_RISK_NOW, "ipp", "instituicao"} <= set(report.drifted_features)
    assert (round(found.at_risk.then, 3), round(found.at_risk.now, 3)) == (0.699, 0.544)
    assert [v.value for v in told["fase"].new] == ["8"]
    assert "parceria_bolsa" in {v.value for v in told["instituicao"].new}
    assert missing["iaa"].by == "fase" and missing["iaa"].values == ("8",)


def test_from_2023_to_2024_pede_is_told_what_really_changed(real_data: Path) -> None:
    report = pede(real_data, "2023", "2024")
    found = report.named
    assert found is not None and found.at_risk is not None

    told = {one.feature: one for one in found.values}
    assert (round(found.at_risk.then, 3), round(found.at_risk.now, 3)) == (0.544, 0.462)
    assert [v.value for v in told["fase"].new] == ["9"]
    assert {one.values for one in found.missing if one.by == "fase"} == {("8", "9")}
    assert "universitario" in {v.value for v in told["instituicao"].new}


def test_of_a_number_whose_profile_was_thinned_no_value_is_said_to_have_come_or_gone() -> None:
    """Most are never absent; the others are absent 1 to 300 days, more values than are kept."""
    absences = [0.0] * 30_000 + [float(day) for day in range(1, 301) for _ in range(12)]
    then = profile_column("absences", absences, "numeric", grid=GRID)
    now = profile_column("absences", [0.0] * 2_000 + [7.0] * 20, "numeric")
    assert isinstance(then, NumericProfile) and len(then.values) <= MOST_VALUES

    assert changed_values({"absences": then}, {"absences": now}) == ()


def test_values_of_seven_figures_are_told_apart() -> None:
    then = profile_column("city", [3550308.0] * 100, "numeric")
    now = profile_column("city", [3550308.0] * 50 + [3550309.0] * 50, "numeric")

    (found,) = changed_values({"city": then}, {"city": now})

    assert [one.value for one in found.new] == ["3550309"]
