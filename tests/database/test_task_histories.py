"""Histories of two tasks told at once, through the connections of one registry."""

from __future__ import annotations

import threading
from uuid import uuid4

from hypothesis import HealthCheck, given, settings

from database.driver.client import SyncRegistry
from database.indexes import ensure_indexes
from model.label import Label
from tests.database.drivers import MongomockRegistry
from tests.database.histories import History, histories, plainly, wildly, without_repeats


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
    found: dict[int, list[Label]] = {}

    def tell(task: int, history: History) -> None:
        name = f"t{uuid4().hex[:12]}"
        own = registry.on(name)
        try:
            own.run(ensure_indexes())
            found[task] = wildly(own.execute, own.run, history)
        finally:
            registry._client.drop_database(name)

    tellers = [threading.Thread(target=tell, args=pair) for pair in enumerate((first, second))]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()

    for task, history in enumerate((first, second)):
        alone = MongomockRegistry("farol")
        alone.run(ensure_indexes())
        assert found[task] == plainly(alone.run, history)
