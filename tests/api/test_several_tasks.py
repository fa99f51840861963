"""Several tasks served by the same workers: each with its champion, its records and its keys."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from database import indexes
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.tasks import TaskRepository
from preprocessing.task.spec import load_task
from tests import local
from tests.api import bundles
from tests.api.keys import keys
from tests.api.server import Server, served, until
from tests.api.tasks import task_file
from tests.api.test_prediction_log import prediction

RECORD = {"inde": 7.5, "ida": 3.0, "fase": 3}


@dataclass(frozen=True, slots=True)
class City:
    """Two tasks of one register of ids, and a third with ids of its own."""

    home: Path
    env: dict[str, str]
    lag: SyncRegistry
    night: SyncRegistry

    def key(self, name: str, scopes: str, task: str) -> str:
        """The secret of a new key of that task."""
        limits = ("--name", name, "--scope", scopes, "--task", task)
        return keys(self.home, "create", *limits, env=self.env)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    home, files = tmp_path_factory.mktemp("city"), tmp_path_factory.mktemp("tasks")
    paths = [task_file(files, "night_school"), task_file(files, "other_city", "other")]
    uri = lifecycle.ensure_running(home)
    env = {"FAROL_HOME": str(home), "FAROL_TASKS": f"pede_lag,{paths[0]},{paths[1]}"}
    try:
        with open_registry(uri, "farol") as lag:
            night = lag.on("farol_night_school")
            for registry, offset, name in ((lag, 0.0, "pede_lag"), (night, 1.0, str(paths[0]))):
                registry.run(indexes.ensure_indexes())
                packed = bundles.archive(offset, task=load_task(name))
                bundles.promote(registry, bundles.register(registry, packed))
            yield City(home, env, lag, night)
    finally:
        lifecycle.stop(home)


@pytest.fixture(scope="module")
def server(city: City) -> Iterator[Server]:
    with served(city.home, workers=2, env=city.env) as running:
        until(lambda: running.get("/tasks/night_school/health/ready").status_code == 200)
        yield running


@pytest.fixture(scope="module")
def guarded(city: City) -> Iterator[Server]:
    """The same tasks, for those who have a key."""
    with served(city.home, workers=1, auth="keys", env=city.env) as running:
        until(lambda: running.get("/health/ready").status_code == 200)
        yield running


def test_every_task_is_listed_with_the_path_of_its_calls(server: Server) -> None:
    listed = server.get("/tasks").json()["tasks"]

    assert [(t["task"], t["default"], t["model_version"]) for t in listed] == [
        ("pede_lag", True, "v1"),
        ("night_school", False, "v1"),
        ("other_city", False, None),
    ]
    for task in listed:
        assert server.get(f"{task['path']}/schema").json()["task"] == task["task"]


def test_each_task_answers_with_its_own_champion(server: Server) -> None:
    default = server.post("/predict", RECORD).json()
    named = server.post("/tasks/pede_lag/predict", RECORD).json()
    other = server.post("/tasks/night_school/predict", RECORD).json()
    none = server.post("/tasks/other_city/predict", RECORD)

    assert default["risk_score"] == named["risk_score"] != other["risk_score"]
    assert none.status_code == 503
    assert "no champion serves yet" in none.json()["detail"]


def test_a_record_and_its_outcome_stay_within_the_task(server: Server, city: City) -> None:
    record = RECORD | {"student_id": "in-both", "period": "2024"}
    label = {"student_id": "in-both", "period": "2024", "outcome": 1}
    for path in ("", "/tasks/night_school"):
        assert server.post(f"{path}/predict", record).status_code == 200

    until(lambda: city.night.run(PredictionRepository().of_students(["in-both"], ["2024"])) != [])
    counts = server.post("/tasks/night_school/labels", label).json()

    assert (counts["joined"], counts["orphaned"]) == (1, 0)
    assert city.night.run(LabelRepository().count()) == 1
    assert city.lag.run(LabelRepository().count()) == 0


def test_a_prediction_of_one_task_is_unknown_to_the_other(server: Server) -> None:
    made = server.post("/predict", RECORD).json()["prediction_id"]

    counts = server.post("/tasks/night_school/labels", {"prediction_id": made, "outcome": 1})

    assert counts.json()["orphaned"] == 1


def test_an_unknown_task_is_404_and_says_where_to_look(server: Server) -> None:
    answer = server.post("/tasks/nowhere/predict", RECORD)

    assert answer.status_code == 404
    assert "GET /tasks" in answer.json()["detail"]


def test_health_tells_each_task_in_short_and_one_task_in_full(server: Server) -> None:
    whole = server.get("/health").json()
    one = server.get("/tasks/other_city/health")

    assert (whole["ready"], whole["status"]) == (True, "degraded")
    assert whole["tasks"]["other_city"] == {"status": "down", "ready": False, "model_version": None}
    assert one.status_code == 503
    assert "tasks" not in one.json()


def test_metrics_say_which_task_they_are_about(server: Server) -> None:
    server.post("/tasks/night_school/predict", RECORD)

    def counted() -> bool:
        page = server.get("/metrics").text
        return all(
            f'farol_champion_info{{model_version="v1",task="{task}"}} 2.0' in page
            for task in ("pede_lag", "night_school")
        )

    until(counted)


def test_each_task_has_an_openapi_page_of_its_own(server: Server) -> None:
    page = server.get("/tasks/night_school/openapi.json").json()

    assert page["servers"][0]["url"] == "/tasks/night_school"
    assert "/tasks/night_school/openapi.json" in server.get("/tasks/night_school/docs").text


def test_an_erasure_reaches_the_tasks_of_the_same_register_and_no_other(
    server: Server, city: City
) -> None:
    record = RECORD | {"student_id": "leaver", "period": "2024"}
    for path in ("", "/tasks/night_school"):
        server.post(f"{path}/predict", record)
    until(lambda: city.lag.run(PredictionRepository().of_students(["leaver"], ["2024"])) != [])
    until(lambda: city.night.run(PredictionRepository().of_students(["leaver"], ["2024"])) != [])

    receipt = _delete(server, "/tasks/night_school/students/leaver")

    assert set(receipt["tasks"]) == {"pede_lag", "night_school"}
    assert receipt["deleted"]["predictions"] == 2
    until(lambda: server.post("/predict", record).status_code == 410, 10)
    assert city.lag.run(PredictionRepository().of_students(["leaver"], ["2024"])) == []


def test_an_erasure_names_the_tasks_of_the_register_that_this_host_does_not_serve(
    server: Server, city: City, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    for name, namespace in (("elsewhere", "passos_magicos"), ("unrelated", "another")):
        spec = task_file(tmp_path, name, namespace).read_text("utf-8")
        city.lag.run(TaskRepository().put(name, spec, now))
    server.post("/predict", RECORD | {"student_id": "mover", "period": "2024"})
    until(lambda: city.lag.run(PredictionRepository().of_students(["mover"], ["2024"])) != [])

    receipt = _delete(server, "/students/mover")

    assert receipt["not_reached"] == ["elsewhere"]


def test_what_is_known_of_a_student_is_told_by_task_over_the_same_register(
    server: Server, city: City
) -> None:
    record = RECORD | {"student_id": "both", "period": "2024"}
    for path in ("", "/tasks/night_school", "/tasks/other_city"):
        server.post(f"{path}/predict", record)
    for registry in (city.lag, city.night):
        until(partial(_predicted, registry, "both"))

    known, file = (
        server.get(f"/tasks/night_school/students/both{p}").json() for p in ("", "/export")
    )
    alone = server.get("/tasks/other_city/students/both")

    for told in (known, file):
        assert {name: len(one["predictions"]) for name, one in told["tasks"].items()} == {
            "pede_lag": 1, "night_school": 1,
        }  # fmt: skip
        assert (told["student_id"], told["erased"]) == ("both", [])
    assert alone.status_code == 404


def test_a_student_erased_in_one_task_is_told_where_something_is_left(
    server: Server, guarded: Server, city: City
) -> None:
    for registry in (city.lag, city.night):
        mine = replace(prediction("half"), prediction_id="p-half")
        registry.run(PredictionRepository().add_many([mine]))
    night = {"X-API-Key": city.key("n", "admin", "night_school")}
    path = "/tasks/night_school/students/half"
    gone = local.delete(guarded.url + path, headers=night).json()
    own = guarded.get(path, **night)
    rest = server.get("/tasks/night_school/students/half").json()

    assert "pede_lag" in gone["not_reached"]
    assert own.status_code == 410
    assert (list(rest["tasks"]), rest["erased"]) == (["pede_lag"], ["night_school"])


def test_what_a_key_of_one_task_reads_names_the_tasks_it_does_not_reach(
    guarded: Server, city: City
) -> None:
    mine = replace(prediction("visitor"), prediction_id="p-visitor")
    for registry in (city.lag, city.night):
        registry.run(PredictionRepository().add_many([mine]))
    secret = city.key("r", "read", "night_school")

    own = guarded.get("/tasks/night_school/students/visitor", **{"X-API-Key": secret}).json()

    assert list(own["tasks"]) == ["night_school"]
    assert "pede_lag" in own["not_reached"]


def test_a_key_of_one_task_opens_no_other(guarded: Server, city: City) -> None:
    bearer = {"Authorization": f"Bearer {city.key('night', 'predict,read', 'night_school')}"}

    own = guarded.post("/tasks/night_school/predict", RECORD, **bearer)
    others = [
        guarded.post("/predict", RECORD, **bearer),
        guarded.get("/tasks/pede_lag/models", **bearer),
        guarded.get("/students/at-risk", **bearer),
    ]
    listed = guarded.get("/tasks", **bearer).json()["tasks"]

    assert own.status_code == 200
    assert [answer.status_code for answer in others] == [403] * 3
    assert [task["task"] for task in listed] == ["night_school"]


def test_a_key_for_a_task_that_is_not_here_is_refused(city: City) -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        city.key("slip", "read", "nigth_school")

    assert "known are pede_lag, night_school, other_city" in raised.value.stderr


def _predicted(registry: SyncRegistry, student: str) -> bool:
    return registry.run(PredictionRepository().of_students([student], ["2024"])) != []


def _delete(server: Server, path: str) -> dict[str, Any]:
    answer = local.delete(server.url + path, timeout=10)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_swap_in_one_task_fails_no_request_and_moves_no_other_task(
    server: Server, city: City
) -> None:
    packed = bundles.archive(2.0, task=load_task(city.env["FAROL_TASKS"].split(",")[1]))
    failed: list[object] = []
    versions: dict[str, set[str]] = {"": set(), "/tasks/night_school": set()}
    stop = threading.Event()

    def ask(path: str) -> None:
        with local.client(base_url=server.url) as client:
            while not stop.is_set():
                answer = client.post(f"{path}/predict", json=RECORD)
                if answer.status_code == 200:
                    versions[path].add(answer.json()["model_version"])
                else:
                    failed.append(answer.text)

    askers = [threading.Thread(target=ask, args=(path,)) for path in versions for _ in range(2)]
    for asker in askers:
        asker.start()
    try:
        until(lambda: all(versions.values()))
        bundles.promote(city.night, bundles.register(city.night, packed))
        until(lambda: _serving(server, "/tasks/night_school") == {"v2"})
    finally:
        stop.set()
        for asker in askers:
            asker.join()

    assert failed == []
    assert versions == {"": {"v1"}, "/tasks/night_school": {"v1", "v2"}}


def _serving(server: Server, path: str) -> set[str]:
    return {str(worker["version"]) for worker in server.get(f"{path}/health").json()["workers"]}


def test_health_says_why_a_task_is_refused_and_not_that_the_registry_is_away(city: City) -> None:
    now = datetime.now(UTC)
    recorded = city.lag.run(TaskRepository().find("other_city"))
    assert recorded is not None
    city.lag.run(TaskRepository().retire("other_city", now))
    try:
        with served(city.home, workers=1, env=city.env) as running:
            until(lambda: running.get("/tasks/other_city/health").status_code == 503)
            part = running.get("/tasks/other_city/health").json()["parts"]["registry"]
            default = running.get("/tasks/pede_lag/health").json()["parts"]["registry"]
    finally:
        city.lag.run(TaskRepository().put("other_city", recorded.spec, now))

    assert (part["state"], default["state"]) == ("failed", "ok")
    assert "was retired on" in part["detail"]
