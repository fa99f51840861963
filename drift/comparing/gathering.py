"""What a drift check reads of the registry: the champion, the newest cohort and its outcomes."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.driver.commands import Op
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.rights.objections import ObjectionRepository
from database.students import PeriodRepository, StudentRepository
from database.versions import ModelVersionRepository
from drift.cohort import (
    CohortRule,
    choose_cohort,
    counts_of,
    fewest,
    latest_of_each,
    unfiled,
    usual_size,
)
from model.drift import LeftOut
from model.errors import NotEnoughData
from model.label import Label
from model.rights.objection import without
from model.student import Features, Units
from model.version import ModelVersion, Window
from preprocessing.dataset import record_id
from preprocessing.longitudinal import recalled_labels, recalled_observations
from preprocessing.task.spec import TaskSpec

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
        fewest: students that make a cohort of that period.
        usual: students of the usual cohort.
        whole: the records are of school files, with as many students as make a complete cohort.
    """

    records: tuple[Features, ...]
    period: str
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    units: tuple[tuple[str, Units], ...] = ()
    fewest: int = 0
    usual: float = 0.0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class CohortAndChampion:
    """All that one check compares.

    Attributes:
        version: the champion.
        archive: its packed bundle, not verified yet.
        recent: the newest cohort.
        unseen_labels: outcomes of records it was not trained or calibrated on.
        labelled_units: units with any label.
    """

    version: ModelVersion
    archive: bytes
    recent: Recent
    unseen_labels: tuple[Label, ...]
    labelled_units: frozenset[str]


def gather(task: TaskSpec, now: datetime, key: bytes) -> Op[CohortAndChampion]:
    """Reads what a check of the champion against the newest cohort needs.

    Raises:
        NotEnoughData: there is no champion yet.
        BundleError: the champion's signature is not the installation's.
        RegistryError: the registry fails.
    """
    plan = task.longitudinal
    champion = yield from AliasRepository().find(CHAMPION)
    if champion is None:
        raise NotEnoughData("there is no champion yet; train one: python -m retraining.pipeline")
    version = yield from ModelVersionRepository().get(champion.version)
    version.verify(key)
    archive = yield from ArtifactRepository().get(version.artifact)
    objecting = yield from ObjectionRepository().students()
    recent = yield from _recent(task, version, now, objecting)
    limit = RECENT_LABELS_BY_UNIT if task.unit else RECENT_LABELS
    labels = yield from LabelRepository().window(arrived_until=now, limit=limit)
    arrived = without(objecting, labels)
    counted = (yield from LabelRepository().count_by_unit()) if task.unit else {}
    if plan is not None:
        known = yield from StudentRepository().get_many([label.student_id for label in arrived])
        arrived = recalled_labels(plan, arrived, known)
    learned = yield from learned_from(version)
    return CohortAndChampion(
        version=version,
        archive=archive,
        recent=recent,
        unseen_labels=tuple(
            label for label in arrived if record_id(label.student_id, label.period) not in learned
        ),
        labelled_units=frozenset(unit for unit, _ in counted if unit),
    )


def _recent(
    task: TaskSpec, version: ModelVersion, now: datetime, objecting: Set[str]
) -> Op[Recent]:
    """The newest cohort's records: those of school files before served ones.

    Of whom objects no record is compared; such students count where it is asked how many there are.
    """
    filed: dict[str, int] = {}
    for period in (yield from PeriodRepository().all()):
        filed[period] = yield from StudentRepository().count_in_period(period)
    newest = yield from PredictionRepository().newest(RECENT_PREDICTIONS)
    served = latest_of_each(without(objecting, newest))
    window = version.window
    rule = CohortRule(
        min_records=task.drift.min_records,
        min_share=task.drift.min_share,
        trained=window.rows / max(len(window.periods), 1),
        year=now.year,
        most_served=RECENT_PREDICTIONS,
    )
    counts = counts_of(filed, served)
    cohort = choose_cohort(counts, rule)
    if cohort.period is None:
        return Recent((), "", (), cohort.left_out)
    usual = usual_size(counts, cohort.period, rule)
    needed = fewest(usual, rule)
    of_period = served.get(cohort.period, {})
    if not cohort.from_files:
        records = tuple(prediction.features for prediction in of_period.values())
        notes = _choice_notes(records, "students predictions were asked for", cohort.period, window)
        units = tuple((prediction.unit, prediction.units) for prediction in of_period.values())
        return Recent(records, cohort.period, notes, cohort.left_out, units, needed, usual)
    filed_now = yield from StudentRepository().in_period(cohort.period)
    observations = without(objecting, filed_now)
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
        needed,
        usual,
        whole=len(records) >= task.drift.complete_share * usual,
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


def learned_from(version: ModelVersion) -> Op[frozenset[str]]:
    """The ids of the records that a version was trained or calibrated on.

    Raises:
        RegistryError: the registry fails.
    """
    learned: set[str] = set()
    for digest in filter(None, (version.trained_on, version.calibrated_on)):
        learned |= {*(yield from ArtifactRepository().get(digest)).decode("ascii").splitlines()}
    return frozenset(learned)
