"""A registry of an older release is read, rewritten and copied in the newest schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import DeleteMany, Document, Find, InsertMany
from database.labelling.recording import record_outcomes
from database.mapping import schema
from database.predictions import PredictionRepository
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.students import StudentRepository
from database.versions import ModelVersionRepository
from deployment.registry_copy import COLLECTIONS, compare, copy
from model.errors import RegistryError
from model.run import RunStep
from tests.database import builders
from tests.database.builders import START, at, model_version, observation, outcome, prediction

WITHOUT_SCHEMA = {"artifacts", "periods", "pending_joins", "students"}
"""Bytes, keys and notes; a student's schema is written with each period."""


def renamed_client(old: Mapping[str, Any]) -> Document:
    """A made-up step: an older release called the client `caller`."""
    return {("client" if name == "caller" else name): value for name, value in old.items()}


@pytest.fixture
def old_prediction(registry: SyncRegistry, monkeypatch: pytest.MonkeyPatch) -> SyncRegistry:
    """A registry whose one prediction was written before the step existed."""
    registry.run(PredictionRepository().add_many([prediction("p1")]))
    (written,) = registry.execute(Find("predictions", {}))
    written["caller"] = written.pop("client")
    _rewrite(registry, written)
    monkeypatch.setattr(schema, "STEPS", {"Prediction": (renamed_client,)})
    return registry


def test_every_kind_of_record_says_its_schema(registry: SyncRegistry) -> None:
    registry.run(StudentRepository().observe([observation("RA-1")]))
    registry.run(PredictionRepository().add_many([prediction("p1")]))
    reported = [outcome(student_id="RA-1"), outcome(student_id="RA-unknown")]
    registry.run(record_outcomes(reported, now=at(2)))
    registry.run(ModelVersionRepository().add(model_version(1)))
    registry.run(PromotionRepository().promote(builders.promotion(), expected_revision=0))
    registry.run(RunRepository().start(builders.run()))

    for collection in set(COLLECTIONS) - WITHOUT_SCHEMA:
        for document in registry.execute(Find(collection, {})):
            assert document[schema.FIELD] == 1, collection
    (student,) = registry.execute(Find("students", {}))
    assert student["periods"]["2023"][schema.FIELD] == 1


def test_an_older_document_is_read_in_the_newest_schema(old_prediction: SyncRegistry) -> None:
    assert old_prediction.run(PredictionRepository().get("p1")) == prediction("p1")


def test_a_document_is_stored_in_the_newest_schema_when_it_is_next_written(
    registry: SyncRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.run(RunRepository().start(builders.run()))
    monkeypatch.setattr(schema, "STEPS", {"Run": (dict,)})

    registry.run(RunRepository().step("run-1", RunStep("window", START)))

    (stored,) = registry.execute(Find("runs", {}))
    assert stored[schema.FIELD] == 2


def test_a_copy_is_in_the_newest_schema_and_complete(
    old_prediction: SyncRegistry, embedded_uri: str, db: str
) -> None:
    with open_registry(embedded_uri, f"{db}-copy") as target:
        copy(old_prediction, target, lambda _: None)

        (copied,) = target.execute(Find("predictions", {}))
        assert (copied["client"], copied[schema.FIELD]) == ("school", 2)
        assert "caller" not in copied
        assert all(one.complete for one in compare(old_prediction, target))


def test_a_document_of_a_newer_release_is_not_copied(
    old_prediction: SyncRegistry, embedded_uri: str, db: str
) -> None:
    (stored,) = old_prediction.execute(Find("predictions", {}))
    _rewrite(old_prediction, stored | {schema.FIELD: 3})

    with (
        open_registry(embedded_uri, f"{db}-copy") as target,
        pytest.raises(RegistryError, match="schema 3"),
    ):
        copy(old_prediction, target, lambda _: None)


def _rewrite(registry: SyncRegistry, document: Document) -> None:
    registry.execute(DeleteMany("predictions", {"_id": document["_id"]}))
    registry.execute(InsertMany("predictions", [document]))
