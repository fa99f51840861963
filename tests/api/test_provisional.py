"""A champion that serves provisionally says so wherever somebody asks which one serves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from database.aliases import CHAMPION, AliasRepository
from tests.api import bundles
from tests.api.conftest import World
from tests.api.server import Server, served, until

GAUGE = 'farol_champion_provisional{task="pede_lag"}'


@pytest.fixture(scope="module")
def alone(world: World) -> Iterator[Server]:
    with served(world.home, workers=1) as running:
        until(lambda: all(w["version"] for w in running.workers()))
        yield running


def test_a_provisional_champion_is_told_until_a_proper_one_replaces_it(
    alone: Server, world: World
) -> None:
    registry = world.registry
    second = bundles.register(registry, bundles.archive(1.0))
    third = bundles.register(registry, bundles.archive(2.0))
    bundles.promote(registry, second, provisional=True)
    until(lambda: alone.get("/model").json()["version"] == second)

    assert alone.get("/model").json()["provisional"] is True
    assert alone.get("/health").json()["parts"]["champion"]["provisional"] is True
    assert f"{GAUGE} 1.0" in alone.get("/metrics").text
    told = {m["version"]: m["provisional"] for m in alone.get("/models").json()["models"]}
    assert told == {"v1": False, second: True, third: False}
    one = alone.get(f"/models/{second}").json()
    assert one["provisional"] is True and one["decision"]["provisional"] is True

    bundles.promote(registry, third)
    until(lambda: alone.get("/model").json()["version"] == third)

    assert alone.get("/model").json()["provisional"] is False
    assert alone.get("/health").json()["parts"]["champion"]["provisional"] is False
    assert f"{GAUGE} 0.0" in alone.get("/metrics").text
    assert alone.get(f"/models/{second}").json()["provisional"] is False


def test_a_provisional_champion_that_is_put_back_by_hand_stays_provisional(
    alone: Server, world: World
) -> None:
    rolled = alone.post("/model/rollback", {"reason": "a test"}).json()
    back = world.registry.run(AliasRepository().get(CHAMPION))
    alone.post("/models/v1/promote", {"reason": "a test"})
    alone.post(f"/models/{rolled['version']}/promote", {"reason": "we answer for it"})
    by_hand = world.registry.run(AliasRepository().get(CHAMPION))

    assert (back.version, back.provisional) == ("v2", True)
    assert (by_hand.version, by_hand.provisional) == ("v2", True)
