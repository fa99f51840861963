"""A home with champions of 500 trees, as the benchmark serves and measures it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deployment.settings import load_settings
from deployment.wiring import registry
from model.archive import pack
from model.bundle import load_bundle
from model.student import Features
from preprocessing.cohorts.write import write_cohorts
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import read_tables
from preprocessing.pairing import paired
from preprocessing.predictor import Predictor
from preprocessing.task.spec import load_task
from tests.api.bundles import Archive, promote, register
from training.candidates import candidate
from training.train import fit

TREES = 500
FAMILY = "xgboost"
SEED = 7
USUAL = "lightgbm"


@dataclass(frozen=True, slots=True)
class Home:
    """Where it is, its versions in memory (the first is champion), and records to score.

    Attributes:
        usual: a model as training makes it by default, with no version.
    """

    folder: Path
    versions: dict[str, Predictor]
    usual: Predictor
    records: tuple[Features, ...]

    @property
    def predictor(self) -> Predictor:
        """The champion's."""
        return next(iter(self.versions.values()))


def prepare(folder: Path, *, versions: int = 1) -> Home:
    """Trains on sample cohorts, registers the versions and makes the first one champion."""
    data = school_years(folder / "cohorts")
    made = dict(_version(folder, data, SEED + i) for i in range(versions))
    settings = load_settings({"FAROL_HOME": str(folder)})
    with registry(settings) as opened:
        promote(opened, next(iter(made)))
    usual = fit(data, load_task(settings.task), seed=SEED, family=USUAL, progress=lambda _: None)
    usual.write(folder / "usual")
    return Home(folder, made, Predictor(load_bundle(folder / "usual")), data.records)


def _version(folder: Path, data: TrainingSet, seed: int) -> tuple[str, Predictor]:
    settings = load_settings({"FAROL_HOME": str(folder)})
    params = {**candidate(FAMILY).params, "trees": TREES, "max_depth": 4}
    model = fit(
        data, load_task(settings.task), seed=seed, family=FAMILY, params=params,
        progress=lambda _: None,
    )  # fmt: skip
    bundle = folder / f"bundle-{seed}"
    model.write(bundle)
    packed = pack(bundle)
    key = settings.signing_key.get_secret_value()
    with registry(settings) as opened:
        name = register(opened, Archive(packed, key=key))
    return name, Predictor(load_bundle(bundle))


def school_years(folder: Path) -> TrainingSet:
    """Labelled records of sample cohorts, which are written into the folder."""
    now = datetime.now(UTC)
    task = load_task("pede_lag")
    paths = write_cohorts(folder, seed=SEED)
    tables = [table for path in paths for table in read_tables(path, task, now=now)]
    return training_set(paired(tables), [c.name for c in task.protected])
