"""Runs, their steps and how far they are, as table rows and sentences: pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from dashboard.reading.retold import retold
from dashboard.reading.took import took
from dashboard.texts import Language, Texts
from model.decisions.cause import RunCause
from model.decisions.looks import Look
from model.run import STEPS, Run, RunStatus

OPEN = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})
WHOLE = frozenset({RunStatus.PROMOTED, RunStatus.KEPT, RunStatus.STAGED, RunStatus.SHADOW})
"""How runs end that came to a decision."""


def run_rows(recent: Sequence[Run], texts: Texts) -> list[dict[str, Any]]:
    """One table row a run, in the given order."""
    return [
        {
            texts("history.at"): texts.moment(run.requested_at),
            texts("history.status"): texts(f"run.{run.status.value}"),
            texts("history.challenger"): run.challenger or "",
            texts("history.actor"): run.requested_by,
            texts("history.cause"): cause_told(run.cause, texts),
            texts("runs.reason"): run.reason,
            texts("history.step"): step_name(run.steps[-1].name, texts) if run.steps else "",
            texts("history.took"): took(run.started_at, run.finished_at, texts),
            texts("history.error"): run.error or "",
            texts("history.look"): look_told(run.look, texts),
            texts("history.run"): run.run_id,
        }
        for run in recent
    ]


def step_rows(run: Run, texts: Texts) -> list[dict[str, Any]]:
    """One table row a finished step: when, how long it took since the one before, what it found."""
    before = run.started_at or run.requested_at
    rows = []
    for step in run.steps:
        rows.append(
            {
                texts("runs.step"): step_name(step.name, texts),
                texts("history.at"): texts.moment(step.at),
                texts("history.took"): took(before, step.at, texts),
                texts("runs.detail"): retold(step.detail, texts),
            }
        )
        before = step.at
    return rows


def progress_of(run: Run) -> float:
    """How far a run is, 0 to 1, by the steps that it may take; 1 once it has ended.

    >>> from model.run import RunStep
    >>> at = datetime(2026, 1, 1)
    >>> begun = Run("r", RunStatus.RUNNING, "cli", at, at, steps=(RunStep("trained", at),))
    >>> round(progress_of(begun), 2)
    0.5
    """
    if run.status not in OPEN:
        return 1.0
    if run.status is RunStatus.QUEUED:
        return 0.0
    before_the_end = STEPS.index("recalibration")
    done = [STEPS.index(step.name) + 1 for step in run.steps if step.name in STEPS]
    return min(0.95, max(done, default=0) / (before_the_end + 1))


def progress_line(run: Run, usual: timedelta | None, now: datetime, texts: Texts) -> str:
    """How far a run is, in a sentence."""
    if run.status is RunStatus.QUEUED:
        return texts("runs.queued", at=texts.moment(run.requested_at))
    if run.status is not RunStatus.RUNNING:
        return texts("runs.ended", status=texts(f"run.{run.status.value}"))
    since = took(run.started_at or run.requested_at, now, texts)
    last = step_name(run.steps[-1].name, texts) if run.steps else texts("runs.no_step")
    line = texts("runs.running", took=since, step=last)
    if usual is None:
        return line
    return " ".join((line, texts("runs.usual", took=texts.duration(usual.total_seconds()))))


def usual_time(recent: Sequence[Run]) -> timedelta | None:
    """How long a run that came to a decision took, in the middle; None before any did."""
    known = [
        (run.finished_at - run.started_at).total_seconds()
        for run in recent
        if run.status in WHOLE and run.started_at is not None and run.finished_at is not None
    ]
    return timedelta(seconds=median(known)) if known else None


def step_name(name: str, texts: Texts) -> str:
    """What a step is called; one that no release knows keeps its name."""
    key = name.replace(" ", "_")
    return texts.or_name(f"step.{key}", texts.or_name(f"run.{key}", name))


def cause_told(cause: RunCause | None, texts: Texts) -> str:
    """Which trigger started a run, with its sentence; empty of a run of before it was kept."""
    if cause is None:
        return ""
    sentence = cause.pt if texts.language is Language.PT else cause.en
    kind = texts(f"trigger.{cause.trigger.value}")
    return f"{kind}: {sentence}"


def look_told(look: Look | None, texts: Texts) -> str:
    """What a run's look cost of its period's error budget; empty where there was none."""
    if look is None:
        return ""
    return texts(
        "history.looked" if look.alpha else "history.not_looked",
        period=look.period,
        number=look.number,
        alpha=_percent(look.alpha, texts),
        spent=_percent(look.spent, texts),
        budget=_percent(look.budget, texts),
    )


def _percent(probability: float, texts: Texts) -> str:
    return f"{texts.number(100 * probability)} %"
