"""Whether a version that is tried beside the champion may serve: a pure decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from model.promotion import Promotion
from model.watch.canary import Canary, CanaryState
from model.watch.shadow import LEAST_RECORDS, FlagTally, ShadowRecord
from model.watch.shadow_figures import shadow_figures
from preprocessing.task.policies import PromotionPolicy
from preprocessing.task.trial_policies import CanaryPolicy, ShadowPolicy

SURE = 2.326
"""Normal quantile of 99 %, one-sided: there is one look, at the end of the trial."""


class TrialMove(StrEnum):
    """What is done next about a version on trial."""

    WAIT = "wait"
    BEGIN_CANARY = "begin canary"
    PASS = "pass"  # noqa: S105  no password
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class TrialStep:
    """What is done next, and why."""

    move: TrialMove
    told: str


@dataclass(frozen=True, slots=True)
class TrialState:
    """What is known of a version on trial.

    Attributes:
        tried: the decision that waits for it.
        shadow: what was counted; None before the first look.
        canary: that of the version, as it was begun last; None where it never was.
        champion: who serves.
    """

    tried: Promotion
    shadow: ShadowRecord | None
    canary: Canary | None
    champion: str | None


def decide(state: TrialState, policy: PromotionPolicy, *, now: datetime) -> TrialStep:
    """What is done next about a version on trial.

    Args:
        state: what is known of it.
        policy: its `shadow` and `canary`; a stage that the task asks for no more is passed.
        now: aware UTC.
    """
    tried, canary = state.tried, _canary_of(state)
    told = _objection(state, canary)
    if told:
        return TrialStep(TrialMove.REFUSE, told)
    tally = state.shadow.tally if state.shadow is not None else None
    if policy.shadow is not None:
        seen = tally.flags.records if tally is not None else 0
        step = _waited(policy.shadow, tried.at, seen, now, "scored in shadow")
        if step is not None:
            return step
        if told := _flags_otherwise(tried, tally.flags if tally else FlagTally(), policy.shadow):
            return TrialStep(TrialMove.REFUSE, told)
    if policy.canary is not None:
        if canary is None:
            share = f"{policy.canary.share:.0%} of the students"
            return TrialStep(TrialMove.BEGIN_CANARY, f"{tried.challenger} answers {share} now")
        answered = tally.answered if tally is not None else 0
        step = _waited(policy.canary, canary.since, answered, now, "answered as a canary")
        if step is not None:
            return step
    return TrialStep(TrialMove.PASS, "the trial is over, and nothing objects")


def findings(shadow: ShadowRecord | None) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """What a trial showed, in sentences and as figures for the ledger."""
    if shadow is None:
        return (), {}
    found = shadow_figures(shadow)
    mapping = {"champion": shadow.champion, "since": shadow.since.isoformat(), **asdict(found)}
    if found.records < LEAST_RECORDS:
        return (f"tried on {found.records} predictions, too few to say anything",), {
            "shadow": mapping
        }
    theirs, ours = shadow.champion, shadow.version
    told = [
        f"tried on {found.records} predictions beside {theirs}: the same status in "
        f"{_percent(found.same_status)}; flags {_percent(found.challenger_flagged)}, {theirs} "
        f"{_percent(found.champion_flagged)}; {_percent(found.overlap_listed)} of its list is "
        f"{theirs}'s too"
    ]
    if found.challenger_recall is not None:
        recall = (
            f"by the mean of both models' scores it finds {_percent(found.challenger_recall)} of "
            f"those at risk, {theirs} {_percent(found.champion_recall)}"
        )
        if found.challenger_new_recall is not None:
            recall += (
                f"; of new cases {_percent(found.challenger_new_recall)}, {theirs} "
                f"{_percent(found.champion_new_recall)}"
            )
        told.append(recall)
    if found.challenger_micros is not None and found.champion_micros is not None:
        told.append(
            f"{ours} takes {found.challenger_micros:.0f} µs a record, {theirs} "
            f"{found.champion_micros:.0f} µs"
        )
    return tuple(told), {"shadow": mapping}


def _canary_of(state: TrialState) -> Canary | None:
    """The canary of this very trial; one of an earlier day is another trial's."""
    canary = state.canary
    return None if canary is None or canary.since < state.tried.at else canary


def _objection(state: TrialState, canary: Canary | None) -> str:
    """What ends the trial at once; empty where nothing does."""
    tried, shadow = state.tried, state.shadow
    if state.champion != tried.champion:
        return (
            f"it was compared with {tried.champion or 'nobody'}, and "
            f"{state.champion or 'nobody'} serves now; the next run compares anew"
        )
    if shadow is not None and shadow.fault:
        return f"it cannot be tried: {shadow.fault}"
    if shadow is not None and (errors := shadow.tally.challenger_errors):
        scored = shadow.tally.flags.records
        return f"{errors} records it could not score, beside {scored} that it could"
    if canary is not None and canary.state is CanaryState.STOPPED:
        return f"its canary was stopped: {canary.reason}"
    if canary is not None and canary.state is CanaryState.ENDED:
        return f"its canary was ended by {canary.actor}: {canary.reason}"
    return ""


def _waited(
    policy: ShadowPolicy | CanaryPolicy, since: datetime, seen: int, now: datetime, what: str
) -> TrialStep | None:
    """The step while a stage lasts, or where it took too long; None once it is over."""
    days = (now - since) / timedelta(days=1)
    if days >= policy.days and seen >= policy.predictions:
        return None
    told = f"{seen} of {policy.predictions} predictions {what}"
    if seen < policy.predictions and days >= policy.at_most_days:
        return TrialStep(TrialMove.REFUSE, f"only {told} within {policy.at_most_days} days")
    asked = [f"{max(days, 0.0):.1f} of {policy.days} days"] if policy.days else []
    asked += [told] if policy.predictions else [f"{seen} predictions {what}"]
    return TrialStep(TrialMove.WAIT, ", ".join(asked))


def _flags_otherwise(tried: Promotion, flags: FlagTally, policy: ShadowPolicy) -> str:
    """Why it flags another share than its evidence said, beyond chance; empty where it does not.

    The champion, on the same records, tells what the records of now are like: what is compared is
    how much more the challenger flags than the champion, here and in the evidence.
    """
    if flags.records < LEAST_RECORDS:
        return ""
    expected = _expected_move(tried.evidence)
    off = flags.moved() - expected
    if abs(off) - policy.max_flagged_shift <= SURE * flags.moved_error():
        return ""
    theirs, ours = flags.flagged() or (0.0, 0.0)
    return (
        f"it flags {ours:.1%} of {flags.records} predictions and {tried.champion} {theirs:.1%}: "
        f"{off * 100:+.1f} points from the {expected * 100:+.1f} of its evidence, more than "
        f"{policy.max_flagged_shift * 100:.0f} and chance"
    )


def _expected_move(evidence: Mapping[str, Any]) -> float:
    """Share flagged by the challenger less the champion's, in the evidence; 0 if it tells none."""
    ours, theirs = (
        (evidence.get(name) or {}).get("flagged") for name in ("challenger", "champion")
    )
    return 0.0 if ours is None or theirs is None else float(ours) - float(theirs)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
