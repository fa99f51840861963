"""What is measured of a job: one declaration, from which each figure becomes a metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from model.watch.job import JobState


@dataclass(frozen=True, slots=True)
class JobFigure:
    """One figure of a job, told as `farol_job_<name>` with the labels `task` and `duty`.

    Attributes:
        help: what it is, in a sentence.
        of: gives it; None where there is none yet.
    """

    name: str
    help: str
    of: Callable[[JobState], float | None]


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


FIGURES: tuple[JobFigure, ...] = (
    JobFigure(
        "ok",
        "1 if the job did what it is for when it ended last, 0 if it failed.",
        lambda job: None if job.ok is None else float(job.ok),
    ),
    JobFigure("failures", "How often the job has failed in a row.", lambda job: job.failures),
    JobFigure(
        "running", "1 while the job is under way, or its worker died over it.", lambda j: j.running
    ),
    JobFigure(
        "started_timestamp_seconds",
        "When the job was begun last.",
        lambda job: _seconds(job.started_at),
    ),
    JobFigure(
        "finished_timestamp_seconds",
        "When the job ended last.",
        lambda job: _seconds(job.finished_at),
    ),
    JobFigure(
        "next_timestamp_seconds",
        "When the job is due next, by its schedule or to be tried again.",
        lambda job: _seconds(job.next_at),
    ),
)


def figures_of(job: JobState) -> Mapping[str, float]:
    """Name of each figure that there is of a job, to it.

    >>> figures_of(JobState("drift", failures=2, ok=False))
    {'ok': 0.0, 'failures': 2.0, 'running': 0.0}
    """
    found = {figure.name: figure.of(job) for figure in FIGURES}
    return {name: float(value) for name, value in found.items() if value is not None}
