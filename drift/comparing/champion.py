"""The newest cohort compared with the profile in the champion's own bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from drift.alarms.digest import digest_of
from drift.by_unit import UnitCohort, drift_by_unit
from drift.comparing.expecting import expect, warning
from drift.comparing.gathering import CohortAndChampion
from drift.comparing.present import present_state
from drift.findings import profile_now
from drift.judged_labels import JudgedLabels
from drift.page.picture import picture_of
from drift.page.task_words import words_of
from drift.performance import disagreements, estimated_performance
from drift.performance.page_hinkley import excess_errors, page_hinkley, rise_sentence
from drift.policy import DriftPolicy
from drift.report import report_of_profiles, with_state
from model.archive import unpack
from model.bundle import load_signed
from model.drift import DriftReport
from model.label import Label
from model.profile import read_profile
from model.units.named import spellings
from model.watch.expected import EstimatedFigures
from model.watch.picture import DriftPicture
from preprocessing.lanes import new_cases, operating_cuts
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec

ONLINE = "online_"
"""How the names of families begin that learn outcome after outcome (`training/families`)."""


@dataclass(frozen=True, slots=True)
class ComparedCohort:
    """What a check of a cohort found.

    Attributes:
        report: how it differs from what the champion was trained on.
        estimated: what is expected of its students; None of a numeric outcome.
        picture: what the report's page draws.
    """

    report: DriftReport
    estimated: EstimatedFigures | None
    picture: DriftPicture


def compare_with_champion(
    gathered: CohortAndChampion,
    task: TaskSpec,
    policy: DriftPolicy,
    *,
    report_id: str,
    now: datetime,
    signing_key: bytes,
    seed: int,
) -> ComparedCohort:
    """The report of a cohort against what the champion was trained on.

    Args:
        gathered: a champion and a cohort that holds records.
        task: the champion's.
        policy: which tests run, and what counts as drift.
        report_id: the report's id.
        now: aware UTC.
        signing_key: the installation's; the champion must be signed with it.
        seed: of the tests that draw.

    Raises:
        BundleError: the champion's bundle cannot be trusted or read.
    """
    version, recent = gathered.version, gathered.recent
    with tempfile.TemporaryDirectory(prefix="farol-drift-") as folder:
        unpack(gathered.archive, Path(folder))
        bundle = load_signed(Path(folder), version.statement, version.signature, signing_key)
        predictor = Predictor(bundle)
        binary = task.outcome.form.two_valued
        judged = _judged(gathered.unseen_labels if binary else (), predictor, task)
        realised = judged.performance()
        watched = task.events is not None or version.family.startswith(ONLINE)
        rising = _rising(judged, gathered.unseen_labels) if watched and binary else ()
        scores = predictor.score_many(recent.records)
        threshold = operating_cuts(bundle.thresholds, recent.records) if binary else None
        reference, present = read_profile(bundle.reference), present_state(task)
        profiles = profile_now(reference, recent.records, scores)
        report = report_of_profiles(
            reference,
            profiles,
            rows=len(recent.records),
            report_id=report_id,
            now=now,
            model_version=version.version,
            periods=(recent.period,),
            policy=policy,
            seed=seed,
            estimated=None if threshold is None else estimated_performance(scores, threshold),
            realised=realised,
            notes=(*recent.notes, *disagreements(realised, version.metrics), *rising),
            left_out=recent.left_out,
            present=present,
            records=recent.records,
        )
        picture = picture_of(
            with_state(present, reference), with_state(present, profiles), words_of(task),
            report_id=report_id, now=now,
        )  # fmt: skip
        report = replace(report, digest=digest_of(recent.records, policy), whole=recent.whole)
        estimated = expect(
            version, predictor, recent.records, gathered.unseen_labels, report, task,
            now=now, seed=seed,
        )  # fmt: skip
        if estimated is not None:
            warnings = [warning(reason) for reason in estimated.withdrawn]
            report = replace(report, estimated=estimated.named(), notes=(*report.notes, *warnings))
        if not task.unit:
            return ComparedCohort(report, estimated, picture)
        cohort = UnitCohort(
            column=task.unit[0].name,
            of_records=np.array([unit for unit, _ in recent.units], dtype=np.str_),
            names=spellings(task.unit[0].name, recent.units),
            labelled=gathered.labelled_units,
            outcomes=judged.by_unit(),
            needed=task.drift.min_records,
        )
        found = drift_by_unit(cohort, bundle.reference, recent.records, scores, policy, seed)
        return ComparedCohort(replace(report, by_unit=found), estimated, picture)


def _rising(judged: JudgedLabels, labels: Sequence[Label]) -> tuple[str, ...]:
    """What is told where errors have risen in the order in which outcomes came."""
    days = [f"{label.first_arrived_at:%Y-%m-%d}" for label in labels]
    found = page_hinkley(excess_errors(judged.outcomes, judged.scores), days)
    return () if found is None or not found.told else (rise_sentence(found),)


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
