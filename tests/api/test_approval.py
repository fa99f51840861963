"""A version that waits is answered over HTTP; every decision is listed with its promise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from database.aliases import CHAMPION, AliasRepository
from database.decisions import approval
from database.decisions.realised import RealisedGainRepository
from database.driver.client import SyncRegistry
from model.decisions.realised import RealisedGain
from model.promotion import DecisionStatus, Promise, Promotion
from tests.api import bundles
from tests.api.conftest import World
from tests.api.server import Server, served, until
from tests.trail import entries, settled

REASON = {"reason": "seen by the council"}
PROMISE = Promise(0.036, 0.003, 0.078, "2023", "measured")


@pytest.fixture(scope="module")
def school(world: World) -> Iterator[Server]:
    for offset in (1.0, 2.0, 3.0, 4.0, 5.0):
        bundles.register(world.registry, bundles.archive(offset))
    with served(world.home, workers=1) as server:
        until(lambda: all(w["version"] for w in server.workers()))
        yield server


def champion(registry: SyncRegistry) -> str:
    return registry.run(AliasRepository().get(CHAMPION)).version


def stage(registry: SyncRegistry, version: str, *, ago: timedelta = timedelta(hours=1)) -> None:
    """Lets a version wait to replace whoever serves."""
    registry.run(approval.stage(Promotion(
        f"run of {version}", datetime.now(UTC) - ago, "pipeline", "train", DecisionStatus.STAGED,
        version, champion(registry), ("better",), promise=PROMISE,
    )))  # fmt: skip


def test_an_approved_version_serves_and_is_audited_and_its_promise_is_listed(
    school: Server, world: World
) -> None:
    registry, former = world.registry, champion(world.registry)
    stage(registry, "v2")
    part = school.get("/health").json()["parts"]["approval"]

    done = school.post("/models/v2/approve", REASON)

    assert (part["state"], part["version"]) == ("ok", "v2")
    assert part["detail"].startswith("v2 waits for approval until ")
    assert done.json() == {
        "model_version": "v2", "version": "v2", "former": former, "revision": 2,
        "reason": "seen by the council",
    }  # fmt: skip
    until(lambda: school.get("/model").json()["version"] == "v2")
    settled(school.home)
    told = registry.run(entries())
    event = next(one for one in told if one.action == "approve")
    assert (event.action, event.subject, event.actor) == ("approve", "v2", "local")
    listed = school.get("/promotions?limit=3").json()
    assert [one["status"] for one in listed["promotions"]] == ["promoted", "approved", "staged"]
    assert listed["promotions"][0]["promise"]["gain"] == 0.036
    assert listed["track_record"] == {
        "kept": 0, "broken": 0, "open": 1, "mean_promised": None, "mean_came": None,
    }  # fmt: skip


def test_what_came_stands_beside_what_was_promised(school: Server, world: World) -> None:
    registry = world.registry
    stage(registry, "v3")
    school.post("/models/v3/approve", REASON)
    came = RealisedGain(
        "run of v3.promoted", datetime.now(UTC), "2024", "v3", "v2", 300, 90, 90,
        0.019, -0.01, 0.05, "d",
    )  # fmt: skip
    registry.run(RealisedGainRepository().put(came))

    listed = school.get("/tasks/pede_lag/promotions?limit=1").json()

    (made,) = listed["promotions"]
    assert (made["promise"]["gain"], made["came"]["gain"], made["kept"]) == (0.036, 0.019, True)
    assert (made["came"]["period"], made["challenger"]) == ("2024", "v3")
    assert listed["track_record"]["kept"] == 1
    assert listed["track_record"]["mean_came"] == 0.019


def test_pages_of_the_ledger_join_without_a_gap(school: Server) -> None:
    whole = school.get("/promotions?limit=200").json()
    pages = [school.get(f"/promotions?limit=2&offset={n}").json() for n in (0, 2, 4)]

    assert whole["total"] == len(whole["promotions"])
    joined = [one["promotion_id"] for page in pages for one in page["promotions"]]
    assert joined == [one["promotion_id"] for one in whole["promotions"]][:6]


def test_a_refused_version_does_not_serve_and_is_told_why(school: Server, world: World) -> None:
    serving = champion(world.registry)
    stage(world.registry, "v4")

    done = school.post("/models/v4/refuse", {"reason": "finds fewer girls"})
    again = school.post("/models/v4/approve", REASON)

    assert done.json() == {
        "version": "v4", "model_version": serving, "status": "refused",
        "reason": "finds fewer girls",
    }  # fmt: skip
    assert again.status_code == 409
    assert "refused by local (finds fewer girls)" in again.json()["detail"]
    assert champion(world.registry) == serving


def test_a_version_that_waited_too_long_is_refused_by_the_clock(
    school: Server, world: World
) -> None:
    serving = champion(world.registry)
    stage(world.registry, "v5", ago=timedelta(days=15))

    part = school.get("/health").json()["parts"]["approval"]
    late = school.post("/models/v5/approve", REASON)

    assert part == {"state": "ok"}
    assert late.status_code == 409
    assert "refused by expired (nobody approved or refused it within 14" in late.json()["detail"]
    assert champion(world.registry) == serving


def test_a_version_compared_with_another_champion_is_a_conflict_in_words(
    school: Server, world: World
) -> None:
    stage(world.registry, "v6")
    former = champion(world.registry)
    school.post("/models/v1/promote", REASON)

    done = school.post("/models/v6/approve", REASON)

    assert done.status_code == 409
    assert f"v6 was compared with {former}, and v1 serves now" in done.json()["detail"]


def test_an_answer_needs_a_reason_and_a_version_that_there_is(school: Server) -> None:
    assert school.post("/models/v1/approve", {}).status_code == 422
    assert school.post("/models/v1/refuse", {"reason": " "}).status_code == 422
    assert school.post("/models/v99/approve", REASON).status_code == 404
    never = school.post("/models/v1/refuse", REASON)
    assert never.status_code == 409
    assert "v1 was never staged" in never.json()["detail"]
