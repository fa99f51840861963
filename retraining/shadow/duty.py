"""The worker's part in trials: looks at what was predicted, and decides once a trial is over."""

from __future__ import annotations

import time
from datetime import datetime

from database.decisions import approval
from database.decisions.lines import TrialFound
from database.driver.client import SyncRegistry
from database.watch.canaries import CanaryRepository
from model.errors import Conflict
from model.promotion import TRIED, Promotion
from model.watch.canary import Canary, CanaryState
from model.watch.shadow import ShadowRecord
from preprocessing.task.spec import TaskSpec
from retraining.shadow.decision import TrialMove, TrialState, TrialStep, decide, findings
from retraining.shadow.looking import ShadowSubject, look, shadow_subject
from retraining.shadow.scoring import Timer


def follow_trials(
    registry: SyncRegistry,
    task: TaskSpec,
    signing_key: bytes,
    now: datetime,
    *,
    timer: Timer = time.perf_counter,
) -> str:
    """Scores what was predicted since the last look with the challenger, and settles its trial.

    It may be stopped anywhere, and run on two hosts at once: what was begun is finished by the
    next one, and nothing counts twice.

    Args:
        registry: the task's.
        task: as it is now.
        signing_key: the installation's.
        now: aware UTC.
        timer: seconds, from any moment.

    Returns:
        What was done, in a sentence.

    Raises:
        BundleError: the champion's bundle cannot be trusted.
        RegistryError: the registry fails.
    """
    registry.run(approval.settle(task.promotion.approval_days, now=now))
    subject = registry.run(shadow_subject())
    if subject is None:
        return "nobody serves beside whom a version could be tried"
    _end_stray(registry, subject, now)
    if subject.version is None:
        return "no challenger to try"
    try:
        shadow = look(registry, subject, task, signing_key, now=now, timer=timer)
        told = "" if subject.tried is None else _settled(registry, subject, shadow, task, now)
    except Conflict as error:
        return f"{subject.version}: {error}"
    scored = shadow.tally.flags.records if shadow is not None else 0
    fault = f", {shadow.fault}" if shadow is not None and shadow.fault else ""
    said = f"{subject.version} beside {subject.champion.version}: {scored} predictions scored"
    return f"{said}{fault}; {told}" if told else f"{said}{fault}"


def _settled(
    registry: SyncRegistry,
    subject: ShadowSubject,
    shadow: ShadowRecord | None,
    task: TaskSpec,
    now: datetime,
) -> str:
    """Does what is due about the version on trial; gives it in words."""
    tried = subject.tried
    if tried is None:
        return ""
    state = TrialState(tried, shadow, subject.canary, subject.champion.version)
    step = decide(state, task.promotion, now=now)
    match step.move:
        case TrialMove.WAIT:
            return f"waits: {step.told}"
        case TrialMove.BEGIN_CANARY:
            registry.run(CanaryRepository().begin(_canary(tried, task, step.told, now)))
            return step.told
        case TrialMove.REFUSE:
            registry.run(approval.fail_trial(tried, found=_found(shadow, step), now=now))
            outcome = f"refused: {step.told}"
        case TrialMove.PASS:
            ask = task.promotion.approval == "ask"
            found = _found(shadow, step)
            registry.run(approval.pass_trial(tried, ask=ask, found=found, now=now))
            outcome = "waits for approval now" if ask else "serves now"
    ended = CanaryRepository().end(actor=TRIED, reason=outcome, now=now, version=tried.challenger)
    registry.run(ended)
    return outcome


def _found(shadow: ShadowRecord | None, step: TrialStep) -> TrialFound:
    told, figures = findings(shadow)
    return TrialFound((step.told, *told), figures)


def _canary(tried: Promotion, task: TaskSpec, reason: str, now: datetime) -> Canary:
    asked = task.promotion.canary
    if asked is None:
        raise ValueError("the task asks for no canary")
    return Canary(
        version=tried.challenger,
        champion=tried.champion or "",
        share=asked.share,
        state=CanaryState.ON,
        since=now,
        at=now,
        actor=TRIED,
        reason=reason,
    )


def _end_stray(registry: SyncRegistry, subject: ShadowSubject, now: datetime) -> None:
    """Ends a canary that has lost its trial, to a process that died, say, or its champion."""
    canary, tried = subject.answers, subject.tried
    if canary is None:
        return
    if canary.champion != subject.champion.version:
        reason = f"{subject.champion.version} serves now"
    elif canary.actor == TRIED and (tried is None or tried.challenger != canary.version):
        reason = "its trial is over"
    else:
        return
    registry.run(
        CanaryRepository().end(actor=TRIED, reason=reason, now=now, version=canary.version)
    )
