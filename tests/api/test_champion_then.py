"""Who served when, as the ledger tells it: `GET /champion?at=`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from database.aliases import CHAMPION, AliasRepository
from database.promotions import PromotionRepository
from model.promotion import DecisionStatus, Promotion
from tests.api import bundles
from tests.api.bundles import NOW
from tests.api.conftest import World
from tests.api.server import Server, served

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def history(world: World) -> Iterator[Server]:
    """v1 from `NOW` on, v2 for an hour, provisionally, and v1 again by hand."""
    registry = world.registry
    bundles.register(registry, bundles.archive(1.0))
    for revision, (version, champion, provisional) in enumerate(
        [("v2", "v1", True), ("v1", "v2", False)], start=1
    ):
        moved = Promotion(
            f"move-{revision}", NOW + revision * HOUR, f"person {revision}", "promote",
            DecisionStatus.PROMOTED, version, champion, ("a test",), provisional=provisional,
        )  # fmt: skip
        registry.run(PromotionRepository().promote(moved, expected_revision=revision))
    with served(world.home, workers=1) as server:
        yield server


def ask(server: Server, moment: datetime | str, before: str = "") -> dict[str, object]:
    text = moment if isinstance(moment, str) else moment.isoformat().replace("+00:00", "Z")
    found: dict[str, object] = server.get(f"{before}/champion?at={text}").json()
    return found


def test_the_version_that_served_then_is_told_with_who_decided_and_until_when(
    history: Server,
) -> None:
    told = ask(history, NOW + HOUR)

    assert (told["version"], told["model_version"], told["provisional"]) == ("v2", "v2", True)
    assert (told["actor"], told["decision"], told["reasons"]) == ("person 1", "move-1", ["a test"])
    assert told["since"] == "2024-03-01T01:00:00+00:00"
    assert told["until"] == "2024-03-01T02:00:00+00:00"


def test_a_moment_before_and_after_a_move_belongs_to_two_versions(history: Server) -> None:
    moment = timedelta(milliseconds=1)

    assert ask(history, NOW + HOUR - moment)["version"] == "v1"
    assert ask(history, NOW + 2 * HOUR - moment)["version"] == "v2"
    assert ask(history, NOW + 2 * HOUR)["version"] == "v1"


def test_without_a_time_it_is_now_and_who_serves_has_no_end(history: Server) -> None:
    told = history.get("/champion").json()

    assert (told["version"], told["until"], told["provisional"]) == ("v1", None, False)


def test_before_the_first_champion_nobody_served(history: Server) -> None:
    told = ask(history, NOW - HOUR)

    assert {name: value for name, value in told.items() if value} == {"at": told["at"]}


def test_a_zone_is_read_and_its_plus_sign_need_not_be_escaped(history: Server) -> None:
    assert ask(history, "2024-03-01T04:30:00+03:00")["version"] == "v2"
    assert ask(history, "2024-02-29T22:30:00-03:00")["version"] == "v2"


def test_it_is_told_under_the_path_of_a_task_too(history: Server) -> None:
    assert ask(history, NOW + HOUR, "/tasks/pede_lag")["version"] == "v2"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("last year", "must be an ISO 8601 time"),
        ("", "must be an ISO 8601 time"),
        ("2024-03-01T00:30:00", "has no zone"),
        ("2999-01-01T00:00:00Z", "is in the future"),
    ],
)
def test_what_is_no_moment_of_the_past_is_refused_with_the_field(
    history: Server, text: str, why: str
) -> None:
    answer = history.get(f"/champion?at={text}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "at"
    assert why in answer.json()["errors"][0]["detail"]


def test_a_version_that_was_provisional_is_so_again_when_somebody_puts_it_back(
    history: Server, world: World
) -> None:
    alias = world.registry.run(AliasRepository().get(CHAMPION))
    assert alias.version == "v1"

    moved = history.post("/models/v2/promote", {"reason": "a test"})

    assert moved.status_code == 200
    assert history.get("/champion").json()["provisional"] is True
