"""One retraining run, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from model.decisions.cause import RunCause, TriggerKind
from model.decisions.looks import Look


class RunStatus(StrEnum):
    """How far a run came."""

    QUEUED = "queued"
    RUNNING = "running"
    PROMOTED = "promoted"
    KEPT = "kept"
    STAGED = "staged"
    """The challenger waits for a person to approve it."""

    SHADOW = "shadow"
    """The challenger is tried beside the champion first."""

    DECIDED = "decided"
    """A dry run that came to its end; the champion is as it was."""

    NOT_ENOUGH_DATA = "not_enough_data"
    FAILED = "failed"
    ABANDONED = "abandoned"


STEPS = (
    "repaired",
    "window",
    "champion",
    "promises",
    "cluster",
    "leakage",
    "trained",
    "tuned",
    "look",
    "origins",
    "decided",
    "registered",
    "recalibration",
    "dry run",
    *(status.value for status in RunStatus if status not in {RunStatus.QUEUED, RunStatus.RUNNING}),
)
"""The steps that a run may finish, in their order; the last is how it ended."""


@dataclass(frozen=True, slots=True)
class RunStep:
    """One finished step of a run."""

    name: str
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A retraining run.

    Attributes:
        run_id: its id, also the id of its promotion.
        requested_by: `cli`, the trigger's name, or the API client's name.
        token: the fencing token of the lease it holds; None while queued.
        error: what went wrong, without personal data.
        look: what its look at the labels cost of the period's error budget, and how much is spent;
            None without a champion, and before it was decided.
        cause: what started it; None of a run of before this was kept.
        reason: why somebody asked for it, in that person's words; "" where none was given.
    """

    run_id: str
    status: RunStatus
    requested_by: str
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    token: int | None = None
    steps: tuple[RunStep, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    challenger: str | None = None
    champion: str | None = None
    reasons: tuple[str, ...] = ()
    error: str | None = None
    look: Look | None = None
    cause: RunCause | None = None
    reason: str = ""


AGAIN = "waits again"
"""The step of a run that was asked for and that its worker did not live to end."""


def stopped(run: Run, now: datetime, why: str) -> Run:
    """A running run that was ended from outside: abandoned, or waiting for its second turn.

    A job of the worker's begins its run again by itself. One that somebody asked for by its id has
    nobody who would, so it goes back to the queue, once.

    Args:
        run: with the steps it had finished.
        now: aware UTC.
        why: it was ended.
    """
    asked = run.cause is not None and run.cause.trigger is TriggerKind.REQUEST
    if asked and all(step.name != AGAIN for step in run.steps):
        steps = (*run.steps, RunStep(AGAIN, now, why))
        return replace(run, status=RunStatus.QUEUED, started_at=None, token=None, steps=steps)
    return replace(run, status=RunStatus.ABANDONED, finished_at=now, error=why)


@dataclass(frozen=True, slots=True)
class RunOutline:
    """How a run ended, or how far it is, and nothing else of it."""

    run_id: str
    status: RunStatus
    requested_by: str
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a result until `expires_at`; `token` only ever grows.

    Attributes:
        detail: why its holder does not use it, though nobody else holds it; empty while it is held.
    """

    name: str
    holder: str
    token: int
    expires_at: datetime
    detail: str = ""
