"""One drift report against the champion's profile: `python -m drift.check [--json]`."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
from rich.console import Console

from database import aliases, artifacts, drift_reports, labels, predictions, students, versions
from database.client import SyncRegistry
from database.operations import Op
from deployment.wiring import registry, settings_from_environment
from drift.performance import disagreements, realised_performance
from drift.report import drift_report
from drift.table import render
from model.archive import unpack
from model.bundle import load_bundle
from model.drift import DriftReport
from model.errors import ConfigurationError, FarolError, NotEnoughData
from model.label import Label
from model.prediction import Prediction
from model.signature import verify
from model.student import Features, Observation
from model.version import ModelVersion
from preprocessing.dataset import record_id
from preprocessing.fields import Longitudinal
from preprocessing.longitudinal import recalled_labels, recalled_observations
from preprocessing.predictor import Predictor
from preprocessing.task import TaskSpec, load_task

RECENT_PREDICTIONS = 5_000
RECENT_LABELS = 5_000


@dataclass(frozen=True, slots=True)
class Recent:
    """The records to compare, one a student, and how they were chosen."""

    records: tuple[Features, ...]
    period: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Gathered:
    version: ModelVersion
    archive: bytes
    recent: Recent
    unseen_labels: tuple[Label, ...]


def run_drift_check(
    opened: SyncRegistry, task: TaskSpec, *, now: datetime, signing_key: bytes | None = None
) -> DriftReport:
    """Compares the newest records with the champion's training profile and stores the report.

    Args:
        opened: the registry.
        task: the champion's task.
        now: aware UTC; outcomes that arrived later are not looked at.
        signing_key: the installation's key; the champion's signature is checked if it is given.

    Raises:
        NotEnoughData: there is no champion yet, or nothing to compare with it.
        BundleError: the champion's bundle cannot be trusted or read.
        RegistryError: the registry fails.
    """
    gathered = opened.run(_gather(task.longitudinal, now))
    version = gathered.version
    if signing_key is not None:
        verify(version.artifact, version.signature, signing_key)
    with tempfile.TemporaryDirectory(prefix="farol-drift-") as folder:
        unpack(gathered.archive, Path(folder))
        predictor = Predictor(load_bundle(Path(folder)))
        binary = task.outcome.kind == "binary"
        realised = _realised(gathered.unseen_labels, predictor, version) if binary else {}
        report = drift_report(
            version.reference,
            gathered.recent.records,
            predictor.score_many(gathered.recent.records),
            report_id=_report_id(version, now),
            now=now,
            model_version=version.version,
            periods=(gathered.recent.period,),
            threshold=version.thresholds.operating if binary else None,
            realised=realised,
            notes=(*gathered.recent.notes, *disagreements(realised, version.metrics)),
        )
    opened.run(drift_reports.add(report))
    return report


def choose_recent(
    observations: Sequence[Observation], served: Sequence[Prediction], trained: Sequence[str]
) -> Recent:
    """The newest period's records: whole cohorts from the feature store before served requests.

    Predictions count only when they are of a newer period than anything in the feature store; of
    a student predicted more than once the latest counts, for a record asked for ten times is no
    ten students.

    Args:
        observations: the feature store's newest period.
        served: predictions, newest first.
        trained: the periods the champion was trained on.

    Raises:
        NotEnoughData: neither holds a record.
    """
    in_store = observations[0].period if observations else ""
    served_period = max((p.period for p in served), default="")
    period = max(in_store, served_period)
    if not period:
        raise NotEnoughData(
            "nothing to compare yet: read a school file (python -m preprocessing.ingest FILE) or "
            "ask for predictions first"
        )
    if in_store == period:
        records = tuple(o.features for o in observations)
        source = "students in the feature store"
    else:
        newest = {
            p.student_id or p.prediction_id: p for p in reversed(served) if p.period == period
        }
        records = tuple(p.features for p in newest.values())
        source = "students predictions were asked for"
    return Recent(records, period, tuple(_choice_notes(len(records), source, period, trained)))


def _choice_notes(n: int, source: str, period: str, trained: Sequence[str]) -> Iterator[str]:
    yield f"compared: {n} {source}, period {period}"
    if period in trained:
        yield f"the champion was trained on {period} as well, so little drift is to be expected"


def _gather(plan: Longitudinal | None, now: datetime) -> Op[_Gathered]:
    champion = yield from aliases.get("champion")
    if champion is None:
        raise NotEnoughData("there is no champion yet; train one: python -m retraining.pipeline")
    version = yield from versions.get(champion.version)
    archive = yield from artifacts.get(version.artifact)
    periods = yield from students.periods()
    observations = (yield from students.in_period(periods[-1])) if periods else []
    if plan is not None:
        known = yield from students.get_many([o.student_id for o in observations])
        observations = recalled_observations(plan, observations, known)
    served = yield from predictions.recent(RECENT_PREDICTIONS)
    arrived = yield from labels.window(arrived_until=now, limit=RECENT_LABELS)
    if plan is not None:
        known = yield from students.get_many([label.student_id for label in arrived])
        arrived = recalled_labels(plan, arrived, known)
    trained_on = _ids((yield from artifacts.get(version.trained_on)))
    return _Gathered(
        version=version,
        archive=archive,
        recent=choose_recent(observations, served, version.window.periods),
        unseen_labels=tuple(
            label
            for label in arrived
            if record_id(label.student_id, label.period) not in trained_on
        ),
    )


def _ids(artifact: bytes) -> frozenset[str]:
    """The record ids in the artifact that `ModelVersion.trained_on` names, one a line."""
    return frozenset(artifact.decode("ascii").splitlines())


def _realised(
    unseen: Sequence[Label], predictor: Predictor, version: ModelVersion
) -> Mapping[str, float]:
    """The champion on outcomes of records it was not trained on."""
    if not unseen:
        return {}
    outcomes = np.array([label.outcome for label in unseen], dtype=np.float64)
    scores = predictor.score_many([label.features for label in unseen])
    return realised_performance(outcomes, scores, version.thresholds.operating)


def _report_id(version: ModelVersion, now: datetime) -> str:
    """The same check of the same moment has the same id, so it is stored once."""
    return hashlib.sha256(f"{version.version}\x1f{now.isoformat()}".encode()).hexdigest()[:16]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command: 0 done (drifted or not), 2 usage, 3 nothing to compare yet, 1 failure."""
    parser = argparse.ArgumentParser(prog="python -m drift.check", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    given = parser.parse_args(arguments)
    try:
        settings = settings_from_environment()
        task = load_task(settings.task)
        with registry(settings) as opened:
            report = run_drift_check(
                opened,
                task,
                now=datetime.now(UTC),
                signing_key=settings.signing_key.get_secret_value(),
            )
    except FarolError as error:
        sys.stderr.write(f"drift: {error}\n")
        if isinstance(error, ConfigurationError):
            return 2
        return 3 if isinstance(error, NotEnoughData) else 1
    if given.json:
        sys.stdout.write(orjson.dumps(report, option=orjson.OPT_UTC_Z).decode() + "\n")
    else:
        Console().print(render(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
