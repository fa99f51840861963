"""Measures how the champion does, and whether it has become worse than it promised."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.rights.objections import without_objecting
from database.students import StudentRepository
from database.versions import ModelVersionRepository
from database.watch.statistics import EstimateRepository, PerformanceRepository
from drift.comparing.gathering import learned_from
from drift.comparing.judging import judged_records
from drift.performance.degradation import degraded, next_look, told
from drift.performance.held_out import map_of_version
from drift.performance.intervals import promised_figures
from drift.performance.over_time import JudgedRecords, over_time
from model.label import Label
from model.version import ModelVersion
from model.watch.performance import SUBJECT, LabelledShare, PerformanceRecord
from preprocessing.dataset import record_id
from preprocessing.longitudinal import recalled_labels
from preprocessing.task.spec import TaskSpec
from retraining.helping.helped import help_given, helped_labels
from retraining.measuring.labelled import due, labelled_shares
from retraining.measuring.served_hours import measure_hours
from retraining.run.champion import load_predictor

RECENT_LABELS = 5_000
"""Outcomes that are looked at, the newest."""
KEPT_LOOKS = 120
"""Two years of them and more."""
RECENT_PREDICTIONS = 200
"""They tell which periods predictions are asked for."""


def watch_performance(
    registry: SyncRegistry, task: TaskSpec, signing_key: bytes, now: datetime
) -> str:
    """Measures what is new: predictions by the hour, and outcomes.

    Where nothing came since the last time, a few documents are read and nothing is measured.

    Args:
        registry: of the task.
        task: its outcome must be two-valued for figures of outcomes.
        signing_key: of the installation; the champion must be signed with it.
        now: aware UTC.

    Returns:
        What was done, in a sentence.

    Raises:
        BundleError: the champion cannot be trusted or read.
        RegistryError: the registry fails.
    """
    hours = registry.run(measure_hours(task.feature_names, now=now))
    counted = f"{len(hours)} hours of predictions were summed up"
    if not task.outcome.form.two_valued:
        return f"{counted}; a numeric outcome has no recall"
    alias = registry.run(AliasRepository().find(CHAMPION))
    if alias is None:
        return f"{counted}; there is no champion yet"
    former = registry.run(PerformanceRepository().current())
    newest = registry.run(_newest_label())
    same = former is not None and former.model_version == alias.version
    if same and former is not None and former.newest_label == newest:
        if not due(former, now):
            return f"{counted}; no outcome is new"
        shares = registry.run(_shares(former))
        kept = replace(former, labelled_shares=shares, labelled_shares_at=now)
        registry.run(PerformanceRepository().put(kept))
        return f"{counted}; no outcome is new, labelled predictions were counted again"
    version = registry.run(ModelVersionRepository().get(alias.version))
    unseen = registry.run(_unseen(task, version, now))
    with tempfile.TemporaryDirectory(prefix="farol-performance-") as folder:
        predictor = load_predictor(registry, version, Path(folder), signing_key)
        told = partial(helped_labels, given=registry.run(help_given()))
        judged = judged_records(unseen, predictor, task, told)
    signed = replace(version, reference=predictor.bundle.reference)
    measured = measured_record(signed, judged, former, newest=newest, now=now)
    shares = registry.run(_shares(measured))
    measured = replace(measured, labelled_shares=shares, labelled_shares_at=now)
    registry.run(PerformanceRepository().put(measured))
    registry.run(_compare(measured))
    return f"{counted}; {_summary(measured)}"


def measured_record(
    version: ModelVersion,
    judged: JudgedRecords | None,
    former: PerformanceRecord | None,
    *,
    newest: datetime | None,
    now: datetime,
) -> PerformanceRecord:
    """What is to be kept of the champion on these outcomes; pure.

    Args:
        version: the champion, with the reference profile of its signed bundle.
        judged: outcomes of records that it did not learn from; None without any.
        former: what was measured before, of this version or another.
        newest: when the last label arrived or changed.
        now: aware UTC.
    """
    looks = former.looks if former else ()
    same = former is not None and former.model_version == version.version
    before = former.degradations if former and same else ()
    record = PerformanceRecord(
        subject=SUBJECT,
        model_version=version.version,
        at=now,
        newest_label=newest,
        labelled=0 if judged is None else len(judged),
        promised=promised_figures(version.metrics),
        looks=looks,
        degradations=before,
    )
    if judged is None:
        return record
    rows = over_time(judged)
    record = replace(record, last=rows.last, periods=rows.periods, days=rows.days, hours=rows.hours)
    look = next_look(looks, judged.newest, version=version.version, now=now)
    if look is None:
        return record
    found = degraded(
        version.metrics, judged.newest, look, map_of_version(version, version.reference), before
    )
    return replace(record, looks=(*looks, look)[-KEPT_LOOKS:], degradations=found)


def _newest_label() -> Op[datetime | None]:
    found = yield from LabelRepository().newest(1)
    return found[0].arrived_at if found else None


def _unseen(task: TaskSpec, version: ModelVersion, now: datetime) -> Op[tuple[Label, ...]]:
    """The newest labels of records that the version was not trained or calibrated on."""
    labels = yield from LabelRepository().window(arrived_until=now, limit=RECENT_LABELS)
    arrived = yield from without_objecting(labels)
    if task.longitudinal is not None:
        known = yield from StudentRepository().get_many([label.student_id for label in arrived])
        arrived = recalled_labels(task.longitudinal, arrived, known)
    learned = yield from learned_from(version)
    return tuple(
        label for label in arrived if record_id(label.student_id, label.period) not in learned
    )


def _shares(measured: PerformanceRecord) -> Op[tuple[LabelledShare, ...]]:
    recent = yield from PredictionRepository().page_of_scores(skip=0, limit=RECENT_PREDICTIONS)
    known = {one.period for one in recent}
    known |= {row.name for row in measured.periods}
    known |= {share.period for share in measured.labelled_shares}
    return (yield from labelled_shares(known))


def _compare(measured: PerformanceRecord) -> Op[None]:
    """Keeps what came beside what was expected of each period."""
    for row in measured.periods:
        if row.n is not None:
            yield from EstimateRepository().compare(f"{measured.model_version} {row.name}", row)


def _summary(measured: PerformanceRecord) -> str:
    if measured.last is None:
        return "no outcome is of a record that the champion did not learn from"
    said = f"{measured.model_version} was measured on {measured.labelled} outcomes"
    worse = "; ".join(told(found) for found in measured.degradations)
    return f"{said}: {worse}" if worse else said
