"""A run and the worker believe what was signed, not what the version's document says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Replace, ReplaceMany
from database.mapping.documents import to_document
from database.versions import ModelVersionRepository
from model.errors import BundleError
from model.prediction import Thresholds
from model.version import ModelVersion
from retraining.run.champion import load_champion, training_ids
from retraining.worker.runs import retrain_if_called_for
from tests.retraining.school import KEY, READING, run, teach
from tests.retraining.working import at_work


@pytest.fixture
def first(registry: SyncRegistry, home: Path) -> ModelVersion:
    teach(registry, "2022", READING)
    run(registry, home)
    return registry.run(ModelVersionRepository().get("v1"))


def put(registry: SyncRegistry, version: ModelVersion) -> None:
    document = to_document(version, key="version")
    registry.execute(
        ReplaceMany(ModelVersionRepository.collection, [Replace({"_id": "v1"}, document)])
    )


def test_a_run_signs_what_it_registers(first: ModelVersion) -> None:
    first.verify(KEY)


def test_a_changed_training_list_is_refused(
    registry: SyncRegistry, first: ModelVersion, tmp_path: Path
) -> None:
    nothing = registry.run(ArtifactRepository().put(b""))
    put(registry, replace(first, trained_on=nothing))
    changed = registry.run(ModelVersionRepository().get("v1"))

    with pytest.raises(BundleError, match=r"deployment\.restore --re-sign"):
        training_ids(registry, changed, KEY)
    with pytest.raises(BundleError):
        load_champion(registry, tmp_path, KEY)
    with pytest.raises(BundleError):
        retrain_if_called_for(at_work(registry))


def test_a_threshold_changed_in_the_document_decides_nothing(
    registry: SyncRegistry, first: ModelVersion, tmp_path: Path
) -> None:
    put(registry, replace(first, thresholds=Thresholds(0.99, 0.99, 0.999)))

    champion = load_champion(registry, tmp_path, KEY)

    assert champion is not None
    assert champion.version.thresholds.operating == 0.99
    assert champion.predictor.bundle.thresholds == first.thresholds
