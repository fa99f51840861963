"""The worker publishes a list when whom it shows would be another by our doing, and only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from database.driver.client import SyncRegistry
from database.lists.budgets import BudgetRepository
from database.lists.published import ListedRowRepository, PublishedListRepository
from database.students import StudentRepository
from model.lists.budget import SUBJECT, BudgetSettings
from model.lists.published import Lane, ListBudget, PublishedList
from model.student import Observation
from preprocessing.task.spec import load_task
from retraining.lists.duty import ABANDONED, BY, publish_lists
from tests.api import bundles
from tests.database.drivers import MongomockRegistry
from tests.database.lists.builders import listed, published

TASK = load_task("pede_lag")
START = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


@pytest.fixture
def registry() -> SyncRegistry:
    return cast(SyncRegistry, MongomockRegistry("lists"))


def observe(registry: SyncRegistry, period: str = "2025", number: int = 6) -> None:
    registry.run(StudentRepository().observe([
        Observation(f"{unit}{n}", period, features, bundles.NOW, units={"escola": unit}, unit=unit)
        for unit in ("a", "b")
        for n, features in enumerate(bundles.records(number, seed=3))
    ]))  # fmt: skip


def publish(registry: SyncRegistry, hours: float = 0) -> str:
    now = START + timedelta(hours=hours)
    return publish_lists(registry, TASK, bundles.KEY, now)


def lists(registry: SyncRegistry) -> list[PublishedList]:
    return registry.run(PublishedListRepository().newest())


def test_what_is_not_there_yet_is_said(registry: SyncRegistry) -> None:
    assert publish(registry) == "there is no champion yet"
    bundles.promote(registry, bundles.register(registry, bundles.archive()))
    assert publish(registry) == "nothing is known of any student yet"


def test_a_list_is_published_when_champion_period_or_budgets_change(
    registry: SyncRegistry,
) -> None:
    bundles.promote(registry, bundles.register(registry, bundles.archive()))
    observe(registry)
    assert publish(registry) == "the list of 2025 was published: 12 students, v1"
    assert publish(registry, 1) == "nothing has changed since 2026-03-02"

    budgets = (ListBudget(Lane.NEW, top=2),)
    registry.run(BudgetRepository().put(BudgetSettings(SUBJECT, budgets, START, "Ana")))
    publish(registry, 2)
    bundles.promote(registry, bundles.register(registry, bundles.archive(1.0)))
    publish(registry, 3)
    observe(registry, "2026", 3)
    publish(registry, 4)

    told = [(one.period, one.version, one.budgets) for one in lists(registry)]
    assert told == [
        ("2026", "v2", budgets), ("2025", "v2", budgets), ("2025", "v1", budgets),
        ("2025", "v1", ()),
    ]  # fmt: skip
    newest = lists(registry)[0]
    rows = registry.run(ListedRowRepository().of_list(newest.list_id))
    assert (len(rows), sum(row.listed for row in rows)) == (6, 4)
    assert (newest.by, newest.complete, newest.drawn) == (BY, True, False)
    assert {room.unit: room.within for room in newest.lanes} == {"a": 2, "b": 2}


def test_a_draw_stands_until_a_person_publishes_another(registry: SyncRegistry) -> None:
    bundles.promote(registry, bundles.register(registry, bundles.archive()))
    observe(registry)
    drawn = published("drawn", "2025", START, band=0.2, seed=5, complete=True)
    registry.run(PublishedListRepository().announce(drawn))

    assert publish(registry) == "the draw of 2026-03-02 stands for 2025"

    assert [one.list_id for one in lists(registry)] == ["drawn"]


def test_a_list_that_a_dead_process_began_is_removed_with_its_rows(registry: SyncRegistry) -> None:
    bundles.promote(registry, bundles.register(registry, bundles.archive()))
    observe(registry)
    begun = replace(published("begun", "2025", START), version="v1")
    registry.run(PublishedListRepository().announce(begun))
    registry.run(ListedRowRepository().add_many([listed("begun", "a1")]))

    publish(registry, 0.5)
    assert "begun" in [one.list_id for one in lists(registry)]
    publish(registry, ABANDONED / timedelta(hours=1) + 0.1)

    assert [one.list_id for one in lists(registry) if not one.complete] == []
    assert registry.run(ListedRowRepository().of_list("begun")) == []
