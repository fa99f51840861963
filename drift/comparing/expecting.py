"""What a drift check expects of the cohort's students before their outcomes come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from drift.comparing.judging import judged_records
from drift.performance.expected import ScoredBatch, expected_figures
from drift.performance.held_out import map_of_version
from model.drift import DriftReport
from model.label import Label
from model.student import Features
from model.version import ModelVersion
from model.watch.expected import EstimatedFigures, Unsafe, UnsafeReason
from preprocessing.lanes import operating_cuts
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec


def expect(
    version: ModelVersion,
    predictor: Predictor,
    records: Sequence[Features],
    unseen: Sequence[Label],
    report: DriftReport,
    task: TaskSpec,
    *,
    now: datetime,
    seed: int,
) -> EstimatedFigures | None:
    """The figures to expect of a cohort; None of a numeric outcome, whose scores are no risks.

    Args:
        version: the champion.
        predictor: its own.
        records: the cohort's, at least one.
        unseen: labels of records that it was not trained on.
        report: how the cohort differs from what it was trained on.
        task: the champion's.
        now: aware UTC.
        seed: of what is drawn.
    """
    known = (
        map_of_version(version, predictor.bundle.reference)
        if task.outcome.form.two_valued
        else None
    )
    if known is None:
        return None
    rows = predictor.encoder.encode_many(records)
    batch = ScoredBatch(
        predictor.bundle.score(rows), operating_cuts(predictor.thresholds, records), rows
    )
    return expected_figures(
        batch,
        known,
        judged_records(unseen, predictor, task),
        report.features,
        version=version.version,
        period=report.periods[0],
        now=now,
        seed=seed,
    )


def warning(found: Unsafe) -> str:
    """Why no figure is given, in words.

    >>> warning(Unsafe(UnsafeReason.OVERLAP, 0.7, 0.5, ("ieg",)))
    'no figures are expected before outcomes come: too unlike the training data in ieg (0.70)'
    """
    why = {
        UnsafeReason.FEW: f"only {found.value:.0f} students to go by, {found.limit:.0f} needed",
        UnsafeReason.OVERLAP: "too unlike the training data in "
        f"{', '.join(found.features)} ({found.value:.2f})",
        UnsafeReason.CALIBRATION: "the newest outcomes disagree with the scores "
        f"(calibration error {found.value:.3f})",
    }
    return f"no figures are expected before outcomes come: {why[found.reason]}"
