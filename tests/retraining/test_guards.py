"""What each guard says of round figures: where it begins to object, and its sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from model.promotion import Guard
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.decision import decide
from retraining.promotion.evidence import (
    Baseline,
    BinaryEvidence,
    Contrast,
    Gain,
    GroupRecall,
    Scorecard,
)
from retraining.promotion.guards.binary_gain import AT_BUDGET, MAX_AUC_LOSS

POLICY = PromotionPolicy()


def card(version: str, **changed: Any) -> Scorecard:
    return replace(
        Scorecard(
            version=version,
            recall_at_budget=0.75,
            precision_at_budget=0.75,
            auc=0.875,
            average_precision=0.8,
            brier=0.1,
            calibration_error=0.05,
            threshold=0.5,
            recall=0.75,
            precision=0.75,
            flagged=0.25,
            distinct=300,
        ),
        **changed,
    )


def gain(metric: str, **changed: float) -> Gain:
    return replace(
        Gain(metric, 0.5, 0.75, gain=0.25, low=0.125, high=0.375, margin=0.005, confidence=0.975),
        **changed,  # type: ignore[arg-type]
    )


EVIDENCE = BinaryEvidence(
    rows=400,
    students=390,
    positives=100,
    periods=("2023",),
    flagged=100,
    challenger_scored="out_of_fold",
    resamples=2000,
    seed=0,
    same_model=False,
    challenger=card("v2"),
    champion=card("v1", auc=0.85),
    gains=(gain("recall_at_budget"), gain("recall_around_budget")),
)
FIRST = replace(EVIDENCE, champion=None, gains=())


def said(evidence: BinaryEvidence, name: str, policy: PromotionPolicy = POLICY) -> Guard:
    """The one guard of that name in the decision."""
    (guard,) = (g for g in decide(evidence, policy).guards if g.name == name)
    return guard


def challenger(evidence: BinaryEvidence = EVIDENCE, **changed: Any) -> BinaryEvidence:
    return replace(evidence, challenger=replace(evidence.challenger, **changed))


def champion(**changed: Any) -> BinaryEvidence:
    return replace(EVIDENCE, champion=card("v1", **changed))


def with_groups(
    *groups: tuple[str, str, float | None, float | None], at_risk: int = 50, moved: float = 0.0
) -> BinaryEvidence:
    """Groups of `at_risk` students at risk each; `moved` is each one's `moved_error`."""
    return replace(
        EVIDENCE,
        groups=tuple(
            GroupRecall(
                attribute,
                name,
                rows=2 * at_risk,
                positives=at_risk,
                small=False,
                champion=now,
                challenger=then,
                low=None,
                high=None,
                flagged=0.25,
                moved_error=moved,
            )
            for attribute, name, now, then in groups
        ),
    )


def test_a_hundred_labelled_records_are_enough_and_ninety_nine_are_not() -> None:
    assert said(replace(EVIDENCE, rows=100, positives=50), "min_labelled") == Guard(
        "min_labelled", True, "100 new labelled records to judge on", 100, 100
    )
    assert said(replace(EVIDENCE, rows=99, positives=50), "min_labelled") == Guard(
        "min_labelled",
        False,
        "only 99 new labelled records to judge on; 100 are needed",
        99,
        100,
    )


def test_fifty_at_risk_and_ten_not_are_enough() -> None:
    policy = PromotionPolicy(min_labelled=60)

    assert said(replace(EVIDENCE, rows=60, positives=50), "min_positives", policy) == Guard(
        "min_positives", True, "50 of them at risk and 10 not", 50, 50
    )
    assert said(replace(EVIDENCE, rows=60, positives=51), "min_positives", policy) == Guard(
        "min_positives",
        False,
        "51 of them at risk and 9 not; 50 at risk and 10 not are needed",
        51,
        50,
    )
    assert not said(replace(EVIDENCE, rows=60, positives=49), "min_positives", policy).passed


def test_whether_the_challenger_is_another_model_is_said_either_way() -> None:
    assert said(EVIDENCE, "different_model") == Guard(
        "different_model", True, "the challenger answers differently from the champion"
    )
    assert said(replace(EVIDENCE, same_model=True), "different_model") == Guard(
        "different_model", False, "challenger and champion are the same model"
    )


def test_two_different_scores_tell_students_apart_and_one_does_not() -> None:
    assert said(challenger(distinct=2), "selective") == Guard(
        "selective", True, "the challenger flags 25.0%", 0.25
    )
    assert said(challenger(distinct=1), "selective") == Guard(
        "selective", False, "the challenger gives every student the same score"
    )


def test_a_challenger_that_flags_all_or_none_is_not_selective() -> None:
    assert said(challenger(flagged=1.0), "selective") == Guard(
        "selective", False, "the challenger flags everybody", 1.0, 1.0, "everybody"
    )
    assert said(challenger(flagged=0.0), "selective") == Guard(
        "selective", False, "the challenger flags nobody", 0.0, 0.0, "nobody"
    )
    assert said(challenger(flagged=0.0025), "selective").passed


def test_without_a_budget_a_quarter_more_than_are_at_risk_may_be_flagged_and_chance() -> None:
    limit = 0.3125 + 2 * (0.3125 * 0.6875 / 400) ** 0.5
    guard = said(EVIDENCE, "alert_budget")

    assert guard == Guard("alert_budget", True, guard.reason, 0.25, guard.limit)
    assert guard.limit == pytest.approx(limit)
    assert guard.reason == (
        "its threshold flags 25.0% of students; a quarter more than are at risk allows 35.9%, "
        "chance included"
    )
    assert guard.limit is not None
    assert said(challenger(flagged=guard.limit), "alert_budget").passed
    assert not said(challenger(flagged=guard.limit + 1e-9), "alert_budget").passed


def test_a_budget_of_the_school_is_the_one_that_counts() -> None:
    guard = said(EVIDENCE, "alert_budget", PromotionPolicy(alert_budget=0.2))

    assert guard.limit == pytest.approx(0.24)
    assert guard.reason == (
        "its threshold flags 25.0% of students; the budget of 20.0% allows 24.0%, chance included"
    )
    assert not guard.passed


def test_no_school_can_be_allowed_to_flag_more_than_everybody() -> None:
    nearly_all = replace(EVIDENCE, positives=390)

    assert said(nearly_all, "alert_budget").limit == 1.0
    assert said(EVIDENCE, "alert_budget", PromotionPolicy(alert_budget=0.999)).limit == 1.0


def test_recall_must_rise_by_more_than_is_asked() -> None:
    guard = said(EVIDENCE, "min_recall_gain")
    exact = replace(EVIDENCE, gains=(gain("recall_at_budget", gain=0.01), EVIDENCE.gains[1]))

    assert guard == Guard("min_recall_gain", True, guard.reason, 0.25, 0.01)
    assert guard.reason == (
        "with 100 of 400 students flagged by both, recall goes from 50.0% to 75.0%: +25.0 points "
        "(+12.5 points to +37.5 points at 95 %); more than +1.0 points is asked"
    )
    assert not said(exact, "min_recall_gain").passed


def test_the_confidence_that_is_asked_is_enough() -> None:
    guard = said(EVIDENCE, "confidence")
    exact = replace(
        EVIDENCE, gains=(EVIDENCE.gains[0], gain("recall_around_budget", confidence=0.95))
    )

    assert guard == Guard("confidence", True, guard.reason, 0.975, 0.95)
    assert guard.reason == (
        "it is 97.5% sure that recall around the budget gains more than +0.5 points (standard "
        "error -); 95.0% is asked"
    )
    assert said(exact, "confidence").passed


def test_a_floor_that_a_school_sets_is_met_exactly_or_not() -> None:
    half = PromotionPolicy(precision_floor=0.5)

    assert said(challenger(precision=0.5), "precision_floor", half) == Guard(
        "precision_floor", True, "50.0% of its alarms are true; the floor is 50%", 0.5, 0.5
    )
    assert not said(challenger(precision=0.499), "precision_floor", half).passed


def test_without_a_floor_of_the_school_none_is_asked() -> None:
    decided = decide(challenger(precision=0.05), POLICY)

    assert "precision_floor" not in [guard.name for guard in decided.guards]


def test_a_precision_below_the_champions_objects_only_beyond_chance() -> None:
    exact = replace(EVIDENCE, precision=Contrast(0.25, 0.3525, 0.0625))
    worse = replace(EVIDENCE, precision=Contrast(0.24, 0.3525, 0.0625))

    assert said(exact, "precision") == Guard(
        "precision",
        True,
        "25.0% of its alarms are true; of as many of the champion's 35.2% are, and less than "
        "25.0% would be worse beyond chance",
        0.25,
        0.3525 - 1.645 * 0.0625,
    )
    assert not said(worse, "precision").passed


def test_a_first_models_alarms_must_be_true_more_often_than_chance_makes_them() -> None:
    better = replace(FIRST, precision=Contrast(0.5, 0.25, 0.125))
    no_better = replace(FIRST, precision=Contrast(0.45, 0.25, 0.125))

    assert said(better, "precision").passed
    assert said(no_better, "precision") == Guard(
        "precision",
        False,
        "45.0% of its alarms are true; 25.0% of all are at risk, and beyond chance is more than "
        "45.6%",
        0.45,
        0.25 + 1.645 * 0.125,
        "first",
    )


def test_a_gain_beside_the_budget_does_not_stand_for_one_at_it() -> None:
    sure = replace(
        EVIDENCE, gains=(gain("recall_at_budget", confidence=AT_BUDGET), EVIDENCE.gains[1])
    )
    beside = replace(EVIDENCE, gains=(gain("recall_at_budget", confidence=0.9), EVIDENCE.gains[1]))

    assert said(sure, "gain_at_budget").passed
    assert not said(beside, "gain_at_budget").passed


def test_a_loss_of_ranking_as_large_as_tolerated_passes() -> None:
    tolerant = PromotionPolicy(max_auc_loss=0.125)

    assert said(EVIDENCE, "max_auc_loss") == Guard(
        "max_auc_loss",
        True,
        "AUC goes from 0.850 to 0.875; a loss of 0.010 is tolerated",
        0.85 - 0.875,
        0.01,
    )
    assert said(champion(auc=1.0), "max_auc_loss", tolerant).passed
    assert not said(champion(auc=1.0), "max_auc_loss").passed


def test_a_ranking_without_a_champion_is_an_error_and_no_pass() -> None:
    with pytest.raises(ValueError, match="there is no champion to compare the ranking with"):
        MAX_AUC_LOSS.guard(FIRST, POLICY)


def test_a_calibration_error_up_to_the_limit_passes() -> None:
    assert said(challenger(calibration_error=0.1), "max_calibration_error") == Guard(
        "max_calibration_error",
        True,
        "its scores are 10.0 points off on average; 10.0 points is tolerated",
        0.1,
        0.1,
    )
    assert not said(challenger(calibration_error=0.11), "max_calibration_error").passed
    assert not said(challenger(FIRST, calibration_error=0.11), "max_calibration_error").passed


def test_where_the_champion_is_off_by_more_its_error_is_the_limit() -> None:
    poor = replace(champion(calibration_error=0.25), challenger=card("v2", calibration_error=0.25))

    assert said(poor, "max_calibration_error") == Guard(
        "max_calibration_error",
        True,
        "its scores are 25.0 points off on average; the champion's are 25.0 points off",
        0.25,
        0.25,
        "champion",
    )


def test_one_group_alone_or_none_is_nothing_to_compare() -> None:
    nothing = Guard("max_subgroup_gap", True, "no two groups are large enough to compare")

    assert said(EVIDENCE, "max_subgroup_gap") == nothing
    assert said(with_groups(("gender", "girl", 0.5, 0.5)), "max_subgroup_gap") == nothing


def test_a_gap_between_groups_up_to_the_limit_passes() -> None:
    tolerant = PromotionPolicy(max_subgroup_gap=0.25)
    evidence = with_groups(("gender", "girl", 0.5, 0.75), ("gender", "boy", 0.5, 0.5))

    assert said(evidence, "max_subgroup_gap", tolerant) == Guard(
        "max_subgroup_gap",
        True,
        "recall differs by 25.0 points between groups of gender; 25.0 points is tolerated",
        0.25,
        0.25,
    )
    assert not said(evidence, "max_subgroup_gap").passed


def test_a_gap_as_large_as_the_champions_passes() -> None:
    evidence = with_groups(
        ("gender", "girl", 0.75, 0.5), ("gender", "boy", 0.25, 1.0), ("gender", "other", 0.5, 0.75)
    )

    assert said(evidence, "max_subgroup_gap") == Guard(
        "max_subgroup_gap",
        True,
        "recall differs by 50.0 points between groups of gender; the champion's differs by "
        "50.0 points",
        0.5,
        0.5,
        "champion",
    )


def test_a_group_without_anyone_at_risk_says_nothing_of_a_gap() -> None:
    one_unknown = with_groups(
        ("gender", "girl", None, None), ("gender", "boy", 0.5, 0.5), ("gender", "other", 0.5, 0.75)
    )
    unknown = with_groups(("gender", "girl", None, None), ("gender", "boy", None, None))

    assert said(one_unknown, "max_subgroup_gap").value == 0.25
    assert said(unknown, "max_subgroup_gap").value is None


def test_a_gap_that_equal_groups_may_show_is_told_and_does_not_object() -> None:
    few = with_groups(("gender", "girl", 0.5, 0.75), ("gender", "boy", 0.5, 0.5), at_risk=30)

    assert said(few, "max_subgroup_gap") == Guard(
        "max_subgroup_gap",
        True,
        "recall differs by 25.0 points between groups of gender, more than the 15.0 points "
        "tolerated, but that is not proven: among equal groups so large a gap comes up in 8%",
        0.25,
        0.15,
        "chance",
    )


def test_the_more_pairs_of_groups_there_are_the_more_a_gap_must_show() -> None:
    two = (("gender", "girl", 0.5, 0.75), ("gender", "boy", 0.5, 0.5))
    more = tuple(("school", name, 0.5, 0.625) for name in "abcd")

    assert not said(with_groups(*two), "max_subgroup_gap").passed
    assert said(with_groups(*two, *more, at_risk=45), "max_subgroup_gap").passed
    assert said(
        with_groups(*two, *(("gender", name, 0.5, 0.625) for name in "abcd")), "max_subgroup_gap"
    ).passed


def test_a_gap_that_is_not_proven_wider_than_the_champions_does_not_object() -> None:
    groups = (("gender", "girl", 0.65, 0.75), ("gender", "boy", 0.55, 0.5))
    sure = with_groups(*groups, moved=0.0625)
    unsure = with_groups(*groups, moved=0.125)

    assert not said(sure, "max_subgroup_gap").passed
    assert said(unsure, "max_subgroup_gap") == Guard(
        "max_subgroup_gap",
        True,
        "recall differs by 25.0 points between groups of gender, more than the 15.0 points "
        "tolerated, but it is not proven that the champion's gap of 10.0 points is narrower",
        0.25,
        0.15,
        "no_wider",
    )


def test_two_records_of_one_student_are_one_witness_of_a_gap() -> None:
    groups = with_groups(("gender", "girl", 0.5, 0.75), ("gender", "boy", 0.5, 0.5)).groups
    half = replace(EVIDENCE, groups=tuple(replace(g, independent=25.0) for g in groups))

    assert said(half, "max_subgroup_gap").passed


def test_of_two_gaps_that_are_equally_bad_the_choice_is_the_same_every_time() -> None:
    either = with_groups(
        ("school", "public", 0.5, 0.75),
        ("school", "private", 0.5, 0.5),
        ("gender", "girl", 0.5, 0.75),
        ("gender", "boy", 0.5, 0.5),
    )

    assert "groups of school" in said(either, "max_subgroup_gap").reason


def test_a_first_model_that_ranks_just_well_enough_is_let_in() -> None:
    assert said(challenger(FIRST, auc=0.65), "first_min_auc") == Guard(
        "first_min_auc", True, "AUC 0.650; a first model needs 0.650", 0.65, 0.65
    )
    assert not said(challenger(FIRST, auc=0.64), "first_min_auc").passed


def test_a_first_model_must_catch_more_than_each_rule() -> None:
    rules = (Baseline("dummy", 0.25, 0.25, 0.75), Baseline("persistence", 0.4, 0.75, 0.75))
    evidence = replace(FIRST, baselines=rules)

    assert said(evidence, "beats_dummy") == Guard(
        "beats_dummy",
        True,
        "with as many flags as the dummy rule (25.0%) it catches 75.0% of those at risk; "
        "the rule catches 25.0%",
        0.75,
        0.25,
    )
    assert not said(evidence, "beats_persistence").passed


def test_a_rule_that_flags_nobody_is_no_comparison() -> None:
    """Its column may be empty; a first champion cannot catch more than nothing with no flags."""
    silent = Baseline("persistence", 0.0, 0.0, 0.0)
    decided = decide(replace(FIRST, baselines=(silent,)), PromotionPolicy())

    assert "beats_persistence" not in [guard.name for guard in decided.guards]
