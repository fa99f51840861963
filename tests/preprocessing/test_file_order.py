"""School files may come in any order: 2024 before 2023 makes the labels of 2023 before 2024."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from database.driver.client import SyncRegistry, open_registry
from database.indexes import ensure_indexes
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from model.student import Value
from preprocessing.cohorts.write import write_cohorts
from preprocessing.ingesting.files import ingest_file
from preprocessing.task.columns import Longitudinal
from preprocessing.task.spec import TaskSpec
from retraining.run import training_labels
from tests.database.builders import prediction
from tests.preprocessing.conftest import NOW, YEARS

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
ORDERS = (("2022", "2023", "2024"), ("2024", "2023", "2022"), ("2023", "2024", "2022"))

Labelled = list[tuple[str, str, float, dict[str, Value], dict[str, str]]]


@pytest.fixture
def registries(registry_uri: str) -> Iterator[list[SyncRegistry]]:
    """One registry an order."""
    opened = [open_registry(registry_uri, f"t{uuid4().hex[:12]}") for _ in ORDERS]
    for registry in opened:
        registry.run(ensure_indexes())
    yield opened
    for registry in opened:
        registry.close()


@pytest.fixture
def looks_back(pede: TaskSpec) -> TaskSpec:
    plan = Longitudinal(features=("inde", "ida"), values=("previous", "seen"))
    return pede.model_copy(update={"longitudinal": plan})


def ingested(registry: SyncRegistry, paths: Sequence[Path], task: TaskSpec) -> Labelled:
    """Files ingested a day apart, and the labels as a run reads them."""
    for day, path in enumerate(paths):
        ingest_file(registry, path, task, now=NOW + day * DAY)
    found = registry.run(training_labels.window(task, arrived_until=NOW + 9 * DAY, limit=0))
    rows = [(x.period, x.student_id, x.outcome, dict(x.features), dict(x.protected)) for x in found]
    return sorted(rows, key=lambda row: row[:2])


def test_the_published_years_in_any_order_make_the_same_labels(
    registries: list[SyncRegistry], real_data: Path, looks_back: TaskSpec
) -> None:
    found = [
        ingested(registry, [real_data / f"pede_{year}.csv" for year in order], looks_back)
        for registry, order in zip(registries, ORDERS, strict=True)
    ]

    assert len(found[0]) == 600 + 765
    assert found[1] == found[0]
    assert found[2] == found[0]


def test_synthetic_years_in_any_order_make_the_same_labels(
    registries: list[SyncRegistry], tmp_path: Path, looks_back: TaskSpec
) -> None:
    written = dict(zip(YEARS, write_cohorts(tmp_path), strict=True))

    found = [
        ingested(registry, [written[year] for year in order], looks_back)
        for registry, order in zip(registries, ORDERS, strict=True)
    ]

    assert found[0]
    assert found[1] == found[0]
    assert found[2] == found[0]


@pytest.mark.parametrize("order", [("2023", "2024"), ("2024", "2023")])
def test_a_prediction_made_after_the_outcomes_period_is_not_joined_by_a_later_file(
    registry: SyncRegistry, real_data: Path, pede: TaskSpec, order: tuple[str, str]
) -> None:
    ingest_file(registry, real_data / f"pede_{order[0]}.csv", pede, now=NOW)
    # Made in 2025 for 2023: what happened in 2024 may be in it.
    served = prediction("p1", "RA-861", "2023", NOW + DAY, {"inde": 1.5})
    registry.run(PredictionRepository().add_many([served]))
    ingest_file(registry, real_data / f"pede_{order[1]}.csv", pede, now=NOW + 2 * DAY)

    label = registry.run(LabelRepository().of("RA-861", "2023"))

    assert label.prediction_id is None
    assert label.observed_at.year == 2024
