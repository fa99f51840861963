"""One drift report against the champion's profile: `python -m drift.check [--json]`."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
from rich.console import Console

from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.students import PeriodRepository, StudentRepository
from database.unit_history import UnitHistoryRepository
from database.versions import ModelVersionRepository
from deployment.exit_codes import ExitCode, failed
from deployment.wiring import add_task_option, registry, settings_from_environment
from drift.by_unit import UnitCohort, drift_by_unit
from drift.cohort import CohortRule, choose_cohort, counts_of, latest_of_each, unfiled
from drift.judged_labels import JudgedLabels
from drift.performance import disagreements
from drift.policy import DriftPolicy, policy_of
from drift.report import drift_report, nothing_compared
from drift.table import nothing_yet, write
from model.archive import unpack
from model.bundle import load_signed
from model.drift import DriftReport, LeftOut
from model.errors import FarolError, NotEnoughData
from model.label import Label
from model.student import Features, Units
from model.units.named import spellings
from model.version import ModelVersion, Window
from preprocessing.dataset import record_id
from preprocessing.lanes import new_cases, operating_cuts
from preprocessing.longitudinal import recalled_labels, recalled_observations
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec, load_task

RECENT_PREDICTIONS = 5_000
RECENT_LABELS = 5_000
RECENT_LABELS_BY_UNIT = 50_000
"""Of 200 units 5,000 labels would be 25 each."""


@dataclass(frozen=True, slots=True)
class Recent:
    """The records to compare, one per student, and what is to be said about the choice.

    Attributes:
        period: empty where no period holds a cohort; then there are no records either.
        units: the unit of each record, folded, and its units as written.
    """

    records: tuple[Features, ...]
    period: str
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    units: tuple[tuple[str, Units], ...] = ()


@dataclass(frozen=True, slots=True)
class _Gathered:
    version: ModelVersion
    archive: bytes
    recent: Recent
    unseen_labels: tuple[Label, ...]
    labelled_units: frozenset[str]


def run_drift_check(
    opened: SyncRegistry,
    task: TaskSpec,
    *,
    now: datetime,
    signing_key: bytes,
    seed: int = 0,
) -> DriftReport:
    """Compares the newest cohort with the champion's training profile and stores the report.

    Where the task has units, it also counts what there is of each (`database.unit_history`).

    Args:
        opened: the registry.
        task: the champion's task.
        now: aware UTC; outcomes that arrived later are not looked at.
        signing_key: the installation's key; the champion must be signed with it.
        seed: of the tests that draw.

    Returns:
        The stored report; its `compared` is False where no period holds a cohort.

    Raises:
        ConfigurationError: the task asks for a drift test that there is not.
        NotEnoughData: there is no champion yet.
        BundleError: the champion's bundle cannot be trusted or read.
        RegistryError: the registry fails.
    """
    policy = policy_of(task.drift)
    gathered = opened.run(_gather(task, now, signing_key))
    version, recent = gathered.version, gathered.recent
    report = (
        _compared(gathered, task, now, signing_key, policy, seed)
        if recent.records
        else nothing_compared(
            report_id=_report_id(version, now),
            now=now,
            model_version=version.version,
            left_out=recent.left_out,
        )
    )
    opened.run(DriftReportRepository().add(report))
    if task.unit:
        column = task.unit[0].name
        names = spellings(column, recent.units)
        opened.run(UnitHistoryRepository().recount(column, names, now=now))
    return report


def _compared(
    gathered: _Gathered,
    task: TaskSpec,
    now: datetime,
    signing_key: bytes,
    policy: DriftPolicy,
    seed: int,
) -> DriftReport:
    version, recent = gathered.version, gathered.recent
    with tempfile.TemporaryDirectory(prefix="farol-drift-") as folder:
        unpack(gathered.archive, Path(folder))
        bundle = load_signed(Path(folder), version.statement, version.signature, signing_key)
        predictor = Predictor(bundle)
        binary = task.outcome.form.two_valued
        judged = _judged(gathered.unseen_labels if binary else (), predictor, task)
        realised = judged.performance()
        scores = predictor.score_many(recent.records)
        report = drift_report(
            bundle.reference,
            recent.records,
            scores,
            report_id=_report_id(version, now),
            now=now,
            model_version=version.version,
            periods=(recent.period,),
            policy=policy,
            seed=seed,
            threshold=operating_cuts(bundle.thresholds, recent.records) if binary else None,
            realised=realised,
            notes=(*recent.notes, *disagreements(realised, version.metrics)),
            left_out=recent.left_out,
        )
        if not task.unit:
            return report
        cohort = UnitCohort(
            column=task.unit[0].name,
            of_records=np.array([unit for unit, _ in recent.units], dtype=np.str_),
            names=spellings(task.unit[0].name, recent.units),
            labelled=gathered.labelled_units,
            outcomes=judged.by_unit(),
            needed=task.drift.min_records,
        )
        found = drift_by_unit(cohort, bundle.reference, recent.records, scores, policy, seed)
        return replace(report, by_unit=found)


def _gather(task: TaskSpec, now: datetime, key: bytes) -> Op[_Gathered]:
    plan = task.longitudinal
    champion = yield from AliasRepository().find(CHAMPION)
    if champion is None:
        raise NotEnoughData("there is no champion yet; train one: python -m retraining.pipeline")
    version = yield from ModelVersionRepository().get(champion.version)
    version.verify(key)
    archive = yield from ArtifactRepository().get(version.artifact)
    recent = yield from _recent(task, version, now)
    limit = RECENT_LABELS_BY_UNIT if task.unit else RECENT_LABELS
    arrived = yield from LabelRepository().window(arrived_until=now, limit=limit)
    counted = (yield from LabelRepository().count_by_unit()) if task.unit else {}
    if plan is not None:
        known = yield from StudentRepository().get_many([label.student_id for label in arrived])
        arrived = recalled_labels(plan, arrived, known)
    trained_on = _ids((yield from ArtifactRepository().get(version.trained_on)))
    return _Gathered(
        version=version,
        archive=archive,
        recent=recent,
        unseen_labels=tuple(
            label
            for label in arrived
            if record_id(label.student_id, label.period) not in trained_on
        ),
        labelled_units=frozenset(unit for unit, _ in counted if unit),
    )


def _recent(task: TaskSpec, version: ModelVersion, now: datetime) -> Op[Recent]:
    """The newest cohort's records: those of school files before served ones."""
    filed: dict[str, int] = {}
    for period in (yield from PeriodRepository().all()):
        filed[period] = yield from StudentRepository().count_in_period(period)
    served = latest_of_each((yield from PredictionRepository().newest(RECENT_PREDICTIONS)))
    window = version.window
    rule = CohortRule(
        min_records=task.drift.min_records,
        min_share=task.drift.min_share,
        trained=window.rows / max(len(window.periods), 1),
        year=now.year,
        most_served=RECENT_PREDICTIONS,
    )
    cohort = choose_cohort(counts_of(filed, served), rule)
    if cohort.period is None:
        return Recent((), "", (), cohort.left_out)
    of_period = served.get(cohort.period, {})
    if not cohort.from_files:
        records = tuple(prediction.features for prediction in of_period.values())
        notes = _choice_notes(records, "students predictions were asked for", cohort.period, window)
        units = tuple((prediction.unit, prediction.units) for prediction in of_period.values())
        return Recent(records, cohort.period, notes, cohort.left_out, units)
    observations = yield from StudentRepository().in_period(cohort.period)
    if task.longitudinal is not None:
        known = yield from StudentRepository().get_many([o.student_id for o in observations])
        observations = recalled_observations(task.longitudinal, observations, known)
    records = tuple(o.features for o in observations)
    return Recent(
        records,
        cohort.period,
        _choice_notes(records, "students in the feature store", cohort.period, window),
        (
            *cohort.left_out,
            *unfiled(cohort.period, of_period, [o.student_id for o in observations]),
        ),
        tuple((o.unit, o.units) for o in observations),
    )


def _choice_notes(
    records: Sequence[Features], source: str, period: str, window: Window
) -> tuple[str, ...]:
    compared = f"compared: {len(records)} {source}, period {period}"
    if period not in window.periods:
        return (compared,)
    return (
        compared,
        f"the champion was trained on {period} as well, so little drift is to be expected",
    )


def _ids(artifact: bytes) -> frozenset[str]:
    """The record ids in the artifact that `ModelVersion.trained_on` names, one a line."""
    return frozenset(artifact.decode("ascii").splitlines())


def _judged(unseen: Sequence[Label], predictor: Predictor, task: TaskSpec) -> JudgedLabels:
    """The champion on outcomes of records it was not trained on."""
    features = [label.features for label in unseen]
    return JudgedLabels(
        units=np.array([label.unit for label in unseen], dtype=np.str_),
        outcomes=np.array([label.outcome for label in unseen], dtype=np.float64),
        scores=predictor.score_many(features) if features else np.zeros(0),
        threshold=operating_cuts(predictor.bundle.thresholds, features),
        new=new_cases(features, task),
    )


def _report_id(version: ModelVersion, now: datetime) -> str:
    """The same check of the same moment has the same id, so it is stored once."""
    return hashlib.sha256(f"{version.version}\x1f{now.isoformat()}".encode()).hexdigest()[:16]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command: 0 done (drifted or not), 2 usage, 3 nothing to compare yet, 1 failure."""
    parser = argparse.ArgumentParser(prog="python -m drift.check", description=__doc__)
    add_task_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--seed", type=int, default=0, help="of the tests that draw (default 0)")
    given = parser.parse_args(arguments)
    try:
        settings = settings_from_environment(given.task)
        task = load_task(settings.task)
        with registry(settings) as opened:
            report = run_drift_check(
                opened,
                task,
                now=datetime.now(UTC),
                signing_key=settings.signing_key.get_secret_value(),
                seed=given.seed,
            )
    except FarolError as error:
        return failed("drift", error)
    if given.json:
        sys.stdout.write(orjson.dumps(report, option=orjson.OPT_UTC_Z).decode() + "\n")
    elif report.compared:
        write(report, Console())
    if not report.compared:
        sys.stderr.write(f"drift: {nothing_yet(report)}\n")
        return ExitCode.NOT_ENOUGH_DATA
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(main())
