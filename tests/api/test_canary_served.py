"""A canary over HTTP, with real workers: begun, answered by, guarded, and ended by a move."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.canary.chosen import is_chosen, number_of
from api.records.asked import Asked
from database.predictions import PredictionRepository
from database.watch.canaries import CanaryRepository
from model.watch.canary import CanaryState
from tests import local
from tests.api import bundles
from tests.api.conftest import World
from tests.api.server import Server, served, until
from tests.trail import entries, settled

REASON = {"reason": "a look"}


@pytest.fixture(scope="module")
def school(world: World) -> Iterator[Server]:
    """v1 serves; v2 flags a little more, v3 nearly everybody, and v4 is somebody else's."""
    for packed in (
        bundles.archive(0.2), bundles.archive(9.0), bundles.archive(1.0, key=b"another key"),
    ):  # fmt: skip
        bundles.register(world.registry, packed)
    with served(world.home, workers=2) as server:
        until(lambda: len(server.workers()) == 2 and all(w["version"] for w in server.workers()))
        yield server


def ask(client: httpx.Client, student: int) -> str:
    """Which version answers about a student."""
    said = client.post("/predict", json={"student_id": f"S{student}", "inde": 3.0 + student % 7})
    return str(said.json()["model_version"])


def chosen(version: str, student: int, share: float) -> bool:
    return is_chosen(number_of(version, Asked(f"S{student}", "2024", {})), share)


def begin(school: Server, version: str, share: float) -> httpx.Response:
    return school.post(f"/models/{version}/canary", REASON | {"share": share})


def state(world: World, version: str) -> CanaryState:
    return world.registry.run(CanaryRepository().get(version)).state


def test_a_canary_answers_its_students_on_every_worker_until_a_move_by_hand_ends_it(
    school: Server, world: World
) -> None:
    mine, others = (
        [i for i in range(200) if chosen("v2", i, 0.5) is wanted][:15] for wanted in (True, False)
    )
    with local.client(base_url=school.url, timeout=10) as client:
        before = {ask(client, i) for i in mine}
        done = begin(school, "v2", 0.5)
        until(lambda: all(ask(client, i) == "v2" for i in mine for _ in range(3)))
        rest = {ask(client, i) for i in others}
        batch = client.post(
            "/predict/batch", json={"records": [{"student_id": f"S{i}", "ida": 5} for i in mine]}
        ).json()
        kept = world.registry.run(PredictionRepository().of_student(f"S{mine[0]}", limit=50))
        told = client.get("/shadow").json()["canary"]
        school.post("/models/v3/promote", REASON)
        until(lambda: all(ask(client, i) == "v3" for i in mine for _ in range(3)))

    assert before == rest == {"v1"}
    assert (done.status_code, done.json()["model_version"], done.json()["state"]) == (
        200, "v1", "on",
    )  # fmt: skip
    assert {one["model_version"] for one in batch["predictions"]} == {"v1"}
    assert {one.model_version for one in kept} == {"v1", "v2"}
    assert (told["version"], told["champion"], told["share"]) == ("v2", "v1", 0.5)
    ended = world.registry.run(CanaryRepository().get("v2"))
    assert (ended.state, ended.reason) == (
        CanaryState.ENDED, "v3 was put into service by hand",
    )  # fmt: skip
    settled(world.home)
    actions = [event.action for event in world.registry.run(entries())]
    assert "canary" in actions
    school.post("/model/rollback", REASON)
    until(lambda: school.get("/model").json()["version"] == "v1")


def test_the_guard_stops_one_that_flags_nearly_everybody_while_calls_go_on(
    school: Server, world: World
) -> None:
    until(lambda: all(w["version"] == "v1" for w in school.workers()))
    begin(school, "v3", 0.3)

    with local.client(base_url=school.url, timeout=10) as client:
        for student in range(4_000):
            ask(client, student)
            if student % 50 == 0 and state(world, "v3") is not CanaryState.ON:
                break
        until(lambda: {ask(client, i) for i in range(40)} == {"v1"})

    stopped = world.registry.run(CanaryRepository().get("v3"))
    assert (stopped.state, stopped.actor) == (CanaryState.STOPPED, "guard")
    assert "of the" in stopped.reason and "records it answered, the champion" in stopped.reason


def test_a_version_that_cannot_be_trusted_is_stopped_and_the_champion_is_well(
    school: Server, world: World
) -> None:
    begin(school, "v4", 0.5)

    until(lambda: state(world, "v4") is CanaryState.STOPPED)

    part = school.get("/health").json()["parts"]["champion"]
    assert (part["state"], part["version"]) == ("ok", "v1")
    assert "sign" in school.get("/shadow").json()["canary"]["reason"]


def test_health_tells_of_a_canary_whose_answers_cannot_be_counted(
    school: Server, world: World
) -> None:
    begin(school, "v2", 0.5)
    with local.client(base_url=school.url, timeout=10) as client:
        until(lambda: "v2" in {ask(client, i) for i in range(20)})
        until(lambda: any(world.home.rglob("canary/slot-*.json")))
        counted = next(world.home.rglob("canary/slot-*.json")).parent
        counted.rename(counted.with_name("canary-away"))
        counted.write_bytes(b"in the way")
        for student in range(40):
            ask(client, student)

        until(lambda: _worker(school)["state"] == "degraded")
        until(lambda: "the canary's files cannot be kept" in _worker(school).get("detail", ""))
        # The other worker may not have tried yet to leave its counts.
        until(lambda: {ask(client, i) for i in range(40)} == {"v1"})
        counted.unlink()
        until(lambda: "v2" in {ask(client, i) for i in range(20)})
        until(lambda: all(_worker(school)["state"] == "ok" for _ in range(12)))
    begin(school, "v2", 0)


def _worker(school: Server) -> dict[str, str]:
    part: dict[str, str] = school.get("/health").json()["parts"]["worker"]
    return part


def test_what_cannot_be_a_canary_is_refused_in_words(school: Server) -> None:
    champion = begin(school, "v1", 0.1)
    nobody = begin(school, "v2", 0)

    assert (champion.status_code, nobody.status_code) == (409, 409)
    assert "v1 is the champion" in champion.json()["detail"]
    assert "there is no canary to end" in nobody.json()["detail"]
    assert begin(school, "v2", 0.51).status_code == 422
    assert begin(school, "v99", 0.1).status_code == 404
