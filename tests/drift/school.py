"""A small school system in a registry: students, outcomes, a champion with a real bundle."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.labelling.recording import record_outcomes
from database.predictions import PredictionRepository
from database.promotions import PromotionRepository
from database.students import StudentRepository
from database.versions import ModelVersionRepository
from model.archive import bundle_digest, pack
from model.bundle import BundleParts, Golden, load_bundle, write_bundle
from model.calibration import Calibration
from model.erasing.record_ids import record_id
from model.label import Outcome
from model.prediction import Prediction, Thresholds
from model.profile import build_profile
from model.promotion import DecisionStatus, Guard, Promotion
from model.scorers.linear import LinearScorer
from model.student import Features, Observation
from model.version import Lineage, ModelVersion, Window, resign
from preprocessing.encoder import FeatureEncoder
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec, parse_task

KEY = b"the installation's key"
NOW = datetime(2025, 3, 1, 6, tzinfo=UTC)

TASK = """
name: little
title: A little task
id: {name: ra}
features:
  - {name: ieg, low: 0, high: 10}
  - {name: ida, low: 0, high: 10}
  - {name: stone, kind: category, categories: {quartzo: [], agata: [], ametista: []}}
outcome:
  column: {name: defasagem}
  below: 0
"""
WEIGHTS = {"ieg": -1.5, "ida": -0.8, "stone": 0.0}


@dataclass(frozen=True, slots=True)
class School:
    """What was written."""

    task: TaskSpec
    version: ModelVersion
    predictor: Predictor


def little_task() -> TaskSpec:
    return parse_task(TASK, source="little")


def cohort(n: int, period: str, seed: int, *, shift: float = 0.0) -> list[Observation]:
    """n students of one period; `shift` is added to everybody's engagement."""
    random = np.random.default_rng(seed)
    ieg = np.clip(random.normal(6.5 + shift, 1.5, size=n), 0, 10).round(1)
    ida = np.clip(random.normal(6.0, 1.8, size=n), 0, 10).round(1)
    stones = random.choice(["quartzo", "agata", "ametista"], p=[0.2, 0.5, 0.3], size=n)
    return [
        Observation(
            student_id=f"RA-{i}",
            period=period,
            features={"ieg": float(ieg[i]), "ida": float(ida[i]), "stone": str(stones[i])},
            observed_at=datetime(int(period), 12, 1, tzinfo=UTC),
        )
        for i in range(n)
    ]


def make_predictor(task: TaskSpec, records: list[Features], folder: Path) -> Predictor:
    """A linear model of the records' task, written and read back as a bundle."""
    encoder = FeatureEncoder.fit(task, records)
    scorer = LinearScorer(np.array([WEIGHTS[c] for c in encoder.columns]), 0.2)
    calibration = Calibration.sigmoid(1.0, 0.0)
    rows = encoder.encode_many(records[:3])
    scores = calibration.score(scorer.margin(rows)).tolist()
    parts = BundleParts(
        task=task.name,
        family="logistic_regression",
        feature_names=task.feature_names,
        encoder=encoder.spec(),
        scorer=scorer,
        calibration=calibration,
        thresholds=Thresholds(0.5, 0.5, 0.8),
        reference=build_profile(
            records,
            {c.name: c.kind.value for c in task.features},
            calibration.score(scorer.margin(encoder.encode_many(records))),
        ),
        golden=tuple(Golden(r, s) for r, s in zip(records[:3], scores, strict=True)),
    )
    write_bundle(folder, parts)
    return Predictor(load_bundle(folder))


def found_school(opened: SyncRegistry, *, n: int = 300) -> School:
    """Students of 2023, and v1 trained on them and promoted."""
    task = little_task()
    trained = cohort(n, "2023", seed=1)
    records = [o.features for o in trained]
    opened.run(StudentRepository().observe(trained))
    with tempfile.TemporaryDirectory(prefix="farol-school-") as folder:
        predictor = make_predictor(task, records, Path(folder))
        version = _register(opened, 1, task, trained, predictor, Path(folder))
    _promote(opened, version)
    return School(task, version, predictor)


def serve(opened: SyncRegistry, school: School, seen: list[Observation], *, at: datetime) -> None:
    """Logs a prediction a student, one a minute."""
    scores = school.predictor.score_many([o.features for o in seen]).tolist()
    cuts = school.version.thresholds
    served = [
        Prediction(
            prediction_id=f"p-{o.student_id}-{o.period}",
            student_id=o.student_id,
            period=o.period,
            features=o.features,
            imputed=(),
            risk_score=score,
            risk_label=cuts.label(score),
            status=cuts.status(score),
            threshold=cuts.operating,
            model_version=school.version.version,
            created_at=at + timedelta(minutes=i),
        )
        for i, (o, score) in enumerate(zip(seen, scores, strict=True))
    ]
    opened.run(PredictionRepository().add_many(served))


def graduate(
    opened: SyncRegistry, school: School, seen: list[Observation], *, seed: int, now: datetime
) -> None:
    """Reports what became of the students, drawn from the risks the model gives them."""
    random = np.random.default_rng(seed)
    scores = school.predictor.score_many([o.features for o in seen])
    drawn = (random.random(len(seen)) < scores).astype(float).tolist()
    outcomes = [
        Outcome(value=v, observed_at=now, student_id=o.student_id, period=o.period)
        for o, v in zip(seen, drawn, strict=True)
    ]
    opened.run(record_outcomes(outcomes, now=now))


def _register(
    opened: SyncRegistry,
    number: int,
    task: TaskSpec,
    trained: list[Observation],
    predictor: Predictor,
    folder: Path,
) -> ModelVersion:
    ids = sorted(record_id(o.student_id, o.period) for o in trained)
    packed = pack(folder)
    artifact = opened.run(ArtifactRepository().put(packed))
    version = ModelVersion(
        version=f"v{number}",
        number=number,
        task=task.name,
        family="logistic_regression",
        created_at=NOW - timedelta(days=60),
        params={},
        metrics={
            "recall": 0.74,
            "precision": 0.66,
            "flagged": 0.51,
            "auc": 0.82,
            "n": 300.0,
            "positives": 160.0,
        },
        metrics_on="300 students of 2023, out of fold",
        thresholds=Thresholds(0.5, 0.5, 0.8),
        window=Window(("2023",), len(ids), 160, "0" * 64, NOW - timedelta(days=60)),
        lineage=Lineage("run-1", 1, None, "0.1.0", {}),
        features=task.feature_names,
        reference=predictor.bundle.reference,
        artifact=artifact,
        trained_on=opened.run(ArtifactRepository().put("\n".join(ids).encode())),
        signature="",
    )
    version = resign(version, task.name, KEY, bundle=bundle_digest(packed))
    opened.run(ModelVersionRepository().add(version))
    return version


def _promote(opened: SyncRegistry, version: ModelVersion) -> Promotion:
    gate = Guard("first_auc", True, "AUC 0.820, at least 0.650 is asked for", 0.82, 0.65)
    promotion = Promotion(
        promotion_id="run-1",
        at=version.created_at,
        actor="pipeline",
        action="train",
        status=DecisionStatus.PROMOTED,
        challenger=version.version,
        champion=None,
        reasons=("The first champion: it beats the dummy and the persistence rule.",),
        guards=(gate,),
    )
    return opened.run(PromotionRepository().promote(promotion, expected_revision=0))
