"""All looks of a period share one error budget: the rule alone, without a registry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from model.decisions.looks import PeriodLooks, TakenLook
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.decision import decide, objections_to
from retraining.promotion.guards import examples
from retraining.promotion.looks import (
    FEWEST,
    LEAST,
    Counted,
    Weighed,
    added,
    allowed,
    identical,
    not_taken,
    since,
    spent_of,
    taken,
    told,
    weigh,
)

BUDGET = 0.05
START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = PromotionPolicy()


def counted(labelled: int, expected: int, new: int | None = None) -> Counted:
    return Counted("2023", labelled, expected, labelled if new is None else new)


def may(weighed: Weighed) -> bool:
    return not objections_to(weighed, POLICY)


def look(held: PeriodLooks, weighed: Weighed, day: int = 0) -> PeriodLooks:
    at = START + timedelta(days=day)
    return added(held, taken(weighed, at=at, run_id=f"run-{day}", digest=f"digest {day}"))


def grown(sizes: list[int], expected: list[int]) -> PeriodLooks:
    """The looks that are taken while labels arrive."""
    held, before = PeriodLooks("2023"), 0
    for day, (labelled, known) in enumerate(zip(sizes, expected, strict=True)):
        weighed = weigh(held, counted(labelled, known, labelled - before), BUDGET)
        if may(weighed):
            held, before = look(held, weighed, day), labelled
    return held


@pytest.mark.parametrize("seed", range(200))
def test_the_levels_of_all_looks_add_up_to_the_budget_at_most_however_labels_come(
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(1, 60))
    sizes = np.cumsum(rng.integers(0, 80, steps)).tolist()
    expected = rng.integers(0, 1500, steps).tolist()

    held = grown(sizes, expected)

    budgets = {one.budget for one in held.looks}
    assert all(spent_of(held, one) <= BUDGET + 1e-12 for one in budgets)
    assert all(one.alpha >= LEAST * BUDGET for one in held.looks)


def test_one_look_at_a_whole_period_has_the_whole_budget() -> None:
    weighed = weigh(PeriodLooks("2023"), counted(765, 765), BUDGET)

    assert may(weighed)
    assert taken(weighed, at=START, run_id="run-1", digest="").alpha == BUDGET


def test_where_nobody_knows_how_many_labels_will_come_the_first_look_has_the_whole_budget() -> None:
    held = look(PeriodLooks("2023"), weigh(PeriodLooks("2023"), counted(300, 0), BUDGET))

    assert held.looks[0].alpha == BUDGET
    assert not may(weigh(held, counted(500, 0, 200), BUDGET))


def test_weekly_looks_keep_most_of_the_budget_for_the_last_labels() -> None:
    sizes = [round(120 + 645 * week / 51) for week in range(52)]

    held = grown(sizes, [765] * 52)

    assert len(held.looks) == 5
    assert held.looks[-1].labelled == 765
    assert spent_of(held, 0) == pytest.approx(BUDGET)
    assert sum(one.alpha for one in held.looks if one.labelled > 600) > BUDGET / 2


def test_a_look_with_few_new_labels_is_not_taken_and_costs_nothing() -> None:
    held = look(PeriodLooks("2023"), weigh(PeriodLooks("2023"), counted(400, 800), BUDGET))

    few = weigh(held, counted(599, 800, 199), BUDGET)
    enough = weigh(held, counted(600, 800, 200), BUDGET)

    (objection,) = [g for g in objections_to(few, POLICY) if not g.passed]
    assert (objection.name, objection.value, objection.limit) == ("new_labels", 199, 200)
    assert not_taken(few).alpha == 0.0
    assert not_taken(few).spent == held.looks[0].alpha
    assert may(enough)


def test_of_few_labels_at_least_25_must_be_new() -> None:
    held = PeriodLooks("2023", (TakenLook(START, "run-1", "", 30, 0.3, 0.001),))

    assert weigh(held, counted(50, 100, 20), BUDGET).needed == FEWEST


def test_the_last_labels_of_a_period_are_looked_at_however_few_they_are() -> None:
    held = look(PeriodLooks("2023"), weigh(PeriodLooks("2023"), counted(700, 765), BUDGET))

    assert may(weigh(held, counted(765, 765, 65), BUDGET))


def test_another_look_at_the_same_labels_has_no_budget_left() -> None:
    held = look(PeriodLooks("2023"), weigh(PeriodLooks("2023"), counted(400, 800), BUDGET))

    again = weigh(held, counted(400, 800, 0), BUDGET)

    (objection,) = [g for g in objections_to(again, POLICY) if not g.passed]
    assert objection.name == "error_budget"
    assert "wait for more labels" in objection.reason


def test_a_look_too_early_to_decide_anything_waits() -> None:
    early = weigh(PeriodLooks("2023"), counted(120, 765), BUDGET)

    assert not may(early)
    assert early.left == allowed(BUDGET, 120 / 765)


def test_the_same_look_is_found_again_and_another_is_not() -> None:
    held = look(PeriodLooks("2023"), weigh(PeriodLooks("2023"), counted(400, 800), BUDGET))

    assert identical(held, "digest 0") == held.looks[0]
    assert identical(held, "digest 1") is None


def test_a_promotion_does_not_refill_the_budget() -> None:
    """After one the champion knows the labels judged so far; the period is the same."""
    held = look(PeriodLooks("2023"), weigh(PeriodLooks("2023"), counted(600, 800), BUDGET))

    after = weigh(held, counted(800, 800, 200), BUDGET)

    assert after.spent == held.looks[0].alpha
    assert after.left == pytest.approx(BUDGET - after.spent)


def test_where_periods_never_change_the_budget_renews_by_as_many_new_labels() -> None:
    held = look(PeriodLooks("all"), weigh(PeriodLooks("all"), counted(500, 500), BUDGET), 1)

    few = weigh(held, counted(999, 999, 499), BUDGET)
    many = weigh(held, counted(1000, 1000, 500), BUDGET)
    renewed = look(held, many, 2)

    assert not may(few)
    assert may(many)
    assert many.since == held.looks[0].at
    assert renewed.looks[1].alpha == BUDGET
    assert renewed.looks[1].labelled == 500
    assert since(renewed, renewed.looks[1]) == held.looks[0].at
    assert since(renewed, renewed.looks[0]) is None
    assert told(renewed, renewed.looks[1], BUDGET).spent == BUDGET
    assert not may(weigh(renewed, counted(1499, 1499, 499), BUDGET))
    assert may(weigh(renewed, counted(1500, 1500, 500), BUDGET))


def test_a_decision_tells_number_level_and_what_is_spent() -> None:
    first = look(PeriodLooks("2023"), weigh(PeriodLooks("2023"), counted(400, 800), BUDGET), 1)
    second = look(first, weigh(first, counted(800, 800, 400), BUDGET), 2)

    found = told(second, second.looks[1], BUDGET)

    assert (found.period, found.number, found.information) == ("2023", 2, 1.0)
    assert found.alpha == BUDGET - first.looks[0].alpha
    assert found.spent == pytest.approx(BUDGET)


@pytest.mark.parametrize(("alpha", "passes"), [(0.05, True), (0.02, True), (0.009, False)])
def test_a_look_is_tested_at_its_own_level(alpha: float, passes: bool) -> None:
    """The example's confidence is 0.99."""
    held = PeriodLooks("2023", (TakenLook(START, "run-1", "", 400, 0.5, alpha),))
    evidence = replace(examples.SUCCESSOR, look=told(held, held.looks[0], BUDGET))

    guards = {guard.name: guard for guard in decide(evidence, POLICY).guards}

    assert guards["confidence"].passed is passes
    assert guards["confidence"].limit == 1 - alpha


@pytest.mark.parametrize("evidence", [examples.SUCCESSOR, examples.NUMERIC_SUCCESSOR])
def test_a_decision_of_before_is_judged_by_the_policy_alone(evidence: object) -> None:
    guards = {guard.name: guard for guard in decide(evidence, POLICY).guards}  # type: ignore[arg-type]

    assert guards["confidence"].limit == POLICY.confidence


def test_a_numeric_outcome_shares_the_budget_likewise() -> None:
    held = PeriodLooks("2023", (TakenLook(START, "run-1", "", 400, 0.5, 0.005),))
    evidence = replace(examples.NUMERIC_SUCCESSOR, look=told(held, held.looks[0], BUDGET))

    guards = {guard.name: guard for guard in decide(evidence, POLICY).guards}

    assert not guards["confidence"].passed
