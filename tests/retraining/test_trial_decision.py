"""What becomes of a version that is tried beside the champion, decided from what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from model.promotion import DecisionStatus, PromotionDecision
from model.watch.canary import Canary, CanaryState
from model.watch.shadow import FlagTally, LogCursor, ShadowRecord, ShadowTally
from preprocessing.task.policies import PromotionPolicy
from preprocessing.task.trial_policies import CanaryPolicy, ShadowPolicy
from retraining.promotion.approval import gated
from retraining.shadow.decision import TrialMove, TrialState, decide, findings
from tests.database.builders import START, at, promotion

TRIED = replace(
    promotion("run-2", "v2", "v1", START, DecisionStatus.SHADOW),
    evidence={"challenger": {"flagged": 0.32}, "champion": {"flagged": 0.30}},
)
SHADOW = PromotionPolicy(shadow=ShadowPolicy(days=2, predictions=100, at_most_days=10))
CANARY = PromotionPolicy(canary=CanaryPolicy(predictions=50))
BOTH = PromotionPolicy(shadow=SHADOW.shadow, canary=CANARY.canary)


def state(
    records: int = 200,
    *,
    more: int = 0,
    answered: int = 0,
    errors: int = 0,
    fault: str = "",
    canary: CanaryState | None = None,
    champion: str | None = "v1",
) -> TrialState:
    """v2 beside v1, of which it flags so many more than the 60 that both flag."""
    flags = FlagTally(records, both=60, challenger_only=more)
    tally = ShadowTally(flags, challenger_errors=errors, answered=answered)
    shadow = ShadowRecord("v2", "v1", START, at(1), LogCursor(START), tally=tally, fault=fault)
    its = None if canary is None else Canary("v2", "v1", 0.1, canary, at(3), at(3), "guard", "slow")
    return TrialState(TRIED, shadow, its, champion)


@pytest.mark.parametrize(
    ("days", "records", "move"),
    [
        (1.9, 200, TrialMove.WAIT),
        (2.0, 99, TrialMove.WAIT),
        (2.0, 100, TrialMove.PASS),
        (9.9, 99, TrialMove.WAIT),
        (10.0, 99, TrialMove.REFUSE),
    ],
)
def test_a_shadow_lasts_until_its_days_and_predictions_have_come_and_no_longer_than_it_may(
    days: float, records: int, move: TrialMove
) -> None:
    assert decide(state(records), SHADOW, now=at(days)).move is move


def test_what_it_waits_for_is_told_with_how_much_of_it_there_is() -> None:
    step = decide(state(40), SHADOW, now=at(0.5))

    assert step.told == "0.5 of 2 days, 40 of 100 predictions scored in shadow"


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (state(champion="v3"), "it was compared with v1, and v3 serves now"),
        (state(fault="not signed"), "it cannot be tried: not signed"),
        (state(errors=2), "2 records it could not score"),
        (state(canary=CanaryState.STOPPED), "its canary was stopped: slow"),
        (state(canary=CanaryState.ENDED), "its canary was ended by guard: slow"),
    ],
)
def test_what_objects_ends_the_trial_at_once_with_the_reason(known: TrialState, told: str) -> None:
    step = decide(known, BOTH, now=at(0.1))

    assert step.move is TrialMove.REFUSE
    assert step.told.startswith(told)


def test_a_share_flagged_is_held_against_what_the_evidence_said_and_not_against_the_champions() -> (
    None
):
    near, far = state(1_000, more=100), state(1_000, more=160)

    assert decide(near, SHADOW, now=at(3)).move is TrialMove.PASS
    step = decide(far, SHADOW, now=at(3))
    assert step.move is TrialMove.REFUSE
    assert "+14.0 points from the +2.0 of its evidence" in step.told


def test_of_few_predictions_no_share_is_judged() -> None:
    policy = PromotionPolicy(shadow=ShadowPolicy(days=1))

    assert decide(state(9, more=9), policy, now=at(3)).move is TrialMove.PASS


def test_a_canary_follows_the_shadow_and_is_waited_for() -> None:
    assert decide(state(99), BOTH, now=at(3)).move is TrialMove.WAIT
    begins = decide(state(200), BOTH, now=at(3))
    waits = decide(state(200, answered=49, canary=CanaryState.ON), BOTH, now=at(4))
    over = decide(state(200, answered=50, canary=CanaryState.ON), BOTH, now=at(4))

    assert (begins.move, begins.told) == (
        TrialMove.BEGIN_CANARY,
        "v2 answers 10% of the students now",
    )
    assert waits.move is TrialMove.WAIT
    assert "49 of 50 predictions answered as a canary" in waits.told
    assert over.move is TrialMove.PASS


def test_a_canary_of_an_earlier_day_is_another_trials() -> None:
    former = Canary(
        "v2", "v1", 0.1, CanaryState.STOPPED, START - timedelta(days=1), START, "g", "x"
    )

    step = decide(replace(state(200), canary=former), CANARY, now=at(1))

    assert step.move is TrialMove.BEGIN_CANARY


def test_a_stage_that_the_task_asks_for_no_more_is_passed() -> None:
    assert decide(state(0), PromotionPolicy(), now=at(0.1)).move is TrialMove.PASS


def test_the_ledger_tells_what_a_trial_showed_in_sentences_and_figures() -> None:
    told, figures = findings(state(1_000, more=40).shadow)
    few, _ = findings(state(5).shadow)

    assert told[0].startswith("tried on 1000 predictions beside v1")
    assert "flags 10.0%, v1 6.0%" in told[0]
    assert figures["shadow"]["champion"] == "v1"
    assert few == ("tried on 5 predictions, too few to say anything",)
    assert findings(None) == ((), {})


@pytest.mark.parametrize(
    ("policy", "serving", "becomes"),
    [
        (SHADOW, True, "shadow"),
        (CANARY, True, "shadow"),
        (SHADOW.model_copy(update={"approval": "ask"}), True, "shadow"),
        (SHADOW, False, "promoted"),
        (PromotionPolicy(), True, "promoted"),
    ],
)
def test_a_trial_comes_before_a_person_and_never_without_a_champion(
    policy: PromotionPolicy, serving: bool, becomes: str
) -> None:
    decision = PromotionDecision(DecisionStatus.PROMOTED, ("better",))

    assert gated(decision, policy, serving=serving).status == becomes


@pytest.mark.parametrize(
    "wrong", [{}, {"days": 9, "at_most_days": 8}, {"days": -1}, {"predictions": 5, "sahre": 1}]
)
def test_a_trial_that_waits_for_nothing_or_ends_before_it_may_is_refused(
    wrong: dict[str, int],
) -> None:
    with pytest.raises(ValidationError):
        ShadowPolicy.model_validate(wrong)
