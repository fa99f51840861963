"""A home with a champion of 500 trees, as the benchmark serves and measures it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deployment.settings import load_settings
from deployment.wiring import registry
from model.bundle import load_bundle, pack, sign
from model.student import Features
from preprocessing.cohorts import write_cohorts
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.loading import read_tables
from preprocessing.pairing import paired
from preprocessing.predictor import Predictor
from preprocessing.task import load_task
from tests.api.bundles import Archive, promote, register
from training.candidates import candidate
from training.fit import fit

TREES = 500
FAMILY = "xgboost"
SEED = 7


@dataclass(frozen=True, slots=True)
class Home:
    """Where it is, its champion in memory, and records to score."""

    folder: Path
    predictor: Predictor
    records: tuple[Features, ...]


def prepare(folder: Path) -> Home:
    """Trains on sample cohorts, registers the version and makes it champion."""
    settings = load_settings({"FAROL_HOME": str(folder)})
    task = load_task(settings.task)
    data = _cohorts(folder / "cohorts")
    params = {**candidate(FAMILY).params, "trees": TREES, "max_depth": 4}
    model = fit(data, task, seed=SEED, family=FAMILY, params=params, progress=lambda _: None)
    bundle = folder / "bundle"
    model.write(bundle)
    packed = pack(bundle)
    digest = hashlib.sha256(packed).hexdigest()
    signature = sign(digest, settings.signing_key.get_secret_value())
    with registry(settings) as opened:
        promote(opened, register(opened, Archive(packed, digest, signature, 0.0)))
    return Home(folder, Predictor(load_bundle(bundle)), data.records)


def _cohorts(folder: Path) -> TrainingSet:
    now = datetime.now(UTC)
    task = load_task("pede_lag")
    paths = write_cohorts(folder, seed=SEED)
    tables = [table for path in paths for table in read_tables(path, task, now=now)]
    return training_set(paired(tables), [c.name for c in task.protected])
