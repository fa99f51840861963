"""Histories of two tasks told at once, through the connections of one registry."""

from __future__ import annotations

from uuid import uuid4

from hypothesis import HealthCheck, given, settings

from database.driver.client import SyncRegistry
from database.indexes import ensure_indexes
from tests.database.drivers import MongomockRegistry
from tests.database.histories import History, at_once, histories, plainly, without_repeats


@settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(histories(without_repeats), histories(without_repeats))
def test_two_tasks_at_once_end_in_the_labels_of_each_alone(
    registry: SyncRegistry, first: History, second: History
) -> None:
    tasks = [registry.on(f"t{uuid4().hex[:12]}") for _ in range(2)]
    try:
        for task in tasks:
            task.run(ensure_indexes())
        found = at_once([*zip(tasks, (first, second), strict=True)])
    finally:
        for task in tasks:
            registry._client.drop_database(task._db)

    for labels, history in zip(found, (first, second), strict=True):
        alone = MongomockRegistry("farol")
        alone.run(ensure_indexes())
        assert labels == plainly(alone.run, history)
