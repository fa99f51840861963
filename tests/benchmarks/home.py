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
        trees: one of 500 trees.
        usual: a model as training makes it by default, which is a version where that was asked for.
    """

    folder: Path
    versions: dict[str, Predictor]
    trees: Predictor
    usual: Predictor
    records: tuple[Features, ...]


def prepare(folder: Path, *, versions: int = 1, usual: bool = False) -> Home:
    """Trains on sample cohorts, registers the versions and makes the first one champion.

    Args:
        folder: of the home.
        versions: of 500 trees.
        usual: the first version is one as training makes it by default.
    """
    data = school_years(folder / "cohorts")
    task = load_task(load_settings({"FAROL_HOME": str(folder)}).task)
    plain = fit(data, task, seed=SEED, family=USUAL, progress=lambda _: None)
    plain.write(folder / "usual")
    made: dict[str, Predictor] = {}
    if usual:
        made |= _registered(folder, folder / "usual")
    params = {**candidate(FAMILY).params, "trees": TREES, "max_depth": 4}
    for seed in range(SEED, SEED + versions):
        bundle = folder / f"bundle-{seed}"
        fit(
            data, task, seed=seed, family=FAMILY, params=params, progress=lambda _: None
        ).write(bundle)  # fmt: skip
        made |= _registered(folder, bundle)
    with registry(load_settings({"FAROL_HOME": str(folder)})) as opened:
        promote(opened, next(iter(made)))
    trees = Predictor(load_bundle(folder / f"bundle-{SEED}"))
    return Home(folder, made, trees, Predictor(load_bundle(folder / "usual")), data.records)


def _registered(folder: Path, bundle: Path) -> dict[str, Predictor]:
    settings = load_settings({"FAROL_HOME": str(folder)})
    key = settings.signing_key.get_secret_value()
    with registry(settings) as opened:
        name = register(opened, Archive(pack(bundle), key=key))
    return {name: Predictor(load_bundle(bundle))}


def school_years(folder: Path) -> TrainingSet:
    """Labelled records of sample cohorts, which are written into the folder."""
    now = datetime.now(UTC)
    task = load_task("pede_lag")
    paths = write_cohorts(folder, seed=SEED)
    tables = [table for path in paths for table in read_tables(path, task, now=now)]
    return training_set(paired(tables), [c.name for c in task.protected])
