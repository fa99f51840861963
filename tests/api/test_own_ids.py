"""Schools that number their own students, served by one task: the id alone names nobody."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from api.security import Client
from api.students.reach import among_served
from database import indexes
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.student import Observation
from preprocessing.task.spec import load_task, task_text
from tests import local
from tests.api import bundles
from tests.api.server import Server, served, until

RECORD = {"inde": 7.5, "ida": 3.0, "fase": 3}
KEYS = ("escola a:17", "escola b:17")


@dataclass(frozen=True, slots=True)
class City:
    """One task of schools with ids of their own."""

    registry: SyncRegistry
    server: Server


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    home = tmp_path_factory.mktemp("city")
    path = task_file(tmp_path_factory.mktemp("tasks"))
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            packed = bundles.archive(task=load_task(str(path)))
            bundles.promote(registry, bundles.register(registry, packed))
            with served(home, workers=1, env={"FAROL_TASK": str(path)}) as server:
                until(lambda: server.get("/health/ready").status_code == 200)
                yield City(registry, server)
    finally:
        lifecycle.stop(home)


def task_file(folder: Path) -> Path:
    """The default task, with ids that are unique within a school."""
    path = folder / "city.yaml"
    text = task_text("pede_lag").replace("name: pede_lag", "name: city", 1)
    path.write_text(text.replace("id:\n", "id:\n  unique_within: unit\n", 1), "utf-8")
    return path


def test_one_id_in_two_schools_is_two_children_from_prediction_to_erasure(city: City) -> None:
    server, registry = city.server, city.registry
    for school in ("Escola A", "Escola B"):
        record = {**RECORD, "student_id": "17", "period": "2024", "escola": school, "turma": "8A"}
        assert server.post("/predict", record).json()["student_id"] == "17"
    until(lambda: len(registry.run(PredictionRepository().of_students(KEYS, ["2024"]))) == 2)

    label = {"student_id": "17", "period": "2024", "escola": "ESCOLA  B", "outcome": 1}
    assert server.post("/labels", label).json()["joined"] == 1
    (joined,) = registry.run(LabelRepository().newest())
    receipt = delete(server, "/students/17?unit=escola+a").json()

    assert (joined.student_id, joined.unit) == ("escola b:17", "escola b")
    assert joined.units == {"escola": "Escola B", "turma": "8A"}
    assert (receipt["student_id"], receipt["unit"]) == ("17", "escola a")
    assert receipt["deleted"]["predictions"] == 1
    assert [p.unit for p in registry.run(PredictionRepository().newest(0))] == ["escola b"]
    again = {**RECORD, "student_id": "17", "escola": "Escola A"}
    until(lambda: server.post("/predict", again).status_code == 410, 10)
    assert server.post("/predict", again | {"escola": "Escola B"}).status_code == 200
    readmitted = server.post("/students/17/readmit?unit=Escola A", {"reason": "came back"})
    assert readmitted.json()["student_id"] == "17"


def test_what_is_known_is_of_the_child_of_the_named_school_and_shows_the_id_as_sent(
    city: City,
) -> None:
    for school in ("Escola D", "Escola E"):
        record = {**RECORD, "student_id": "31", "period": "2024", "escola": school}
        city.server.post("/predict", record)
    keys = ["escola d:31", "escola e:31"]
    until(lambda: len(city.registry.run(PredictionRepository().of_students(keys, ["2024"]))) == 2)

    for rest in ("", "/export"):
        known = city.server.get(f"/students/31{rest}?unit=ESCOLA  d").json()
        unnamed = city.server.get(f"/students/31{rest}")
        nobody = city.server.get(f"/students/31{rest}?unit=Escola F")

        (told,) = known["tasks"]["city"]["predictions"]
        assert (known["student_id"], known["unit"]) == ("31", "ESCOLA  d")
        assert told["units"] == {"escola": "Escola D"}
        assert "escola d:31" not in str(known)
        assert unnamed.json()["errors"][0]["field"] == "unit"
        assert nobody.status_code == 404


def test_the_list_and_a_known_students_score_show_the_id_as_it_was_sent(city: City) -> None:
    units = {"escola": "Escola C", "turma": "9"}
    seen = Observation("escola c:23", "2024", {"inde": 1.0, "ida": 1.0}, bundles.NOW, units=units,
                       unit="escola c")  # fmt: skip
    city.registry.run(StudentRepository().observe([seen]))

    listed = [
        row
        for status in ("critical", "alert", "expected", "insufficient")
        for row in city.server.get(f"/students/at-risk?status={status}").json()["students"]
    ]
    scored = city.server.post("/predict/23?unit=escola c", {}).json()

    assert [(row["student_id"], row["units"]) for row in listed] == [("23", units)]
    assert scored["student_id"] == "23"
    (kept,) = city.registry.run(PredictionRepository().of_students(["escola c:23"], ["2024"]))
    assert (kept.units, kept.unit) == (units, "escola c")


def test_a_student_without_a_school_is_refused_by_the_fields_name(city: City) -> None:
    named = {**RECORD, "student_id": "17"}
    refused = {
        "escola": city.server.post("/predict", named),
        "unit": city.server.post("/predict/17", {}),
    }
    batch = city.server.post("/predict/batch", {"records": [dict(RECORD), named]}).json()
    label = {"student_id": "17", "period": "2024", "outcome": 1}
    labels = city.server.post("/labels", label).json()
    erasure = delete(city.server, "/students/17")

    for field, answer in refused.items():
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert [error["field"] for error in erasure.json()["errors"]] == ["unit"]
    assert len(batch["predictions"]) == 1
    assert [(error["index"], error["field"]) for error in batch["errors"]] == [(1, "escola")]
    assert labels["rejected"][0]["reason"].startswith("escola: is missing")


def test_the_schema_lists_the_units_apart_from_the_features(city: City) -> None:
    schema = city.server.get("/schema").json()

    assert [unit["name"] for unit in schema["units"]] == ["escola", "turma"]
    assert {"escola", "turma"}.isdisjoint(feature["name"] for feature in schema["features"])


def test_what_is_done_for_an_id_is_done_for_the_child_of_the_school_that_is_named(
    city: City,
) -> None:
    server = city.server
    for school in ("Escola A", "Escola B"):
        record = {**RECORD, "student_id": "88", "period": "2024", "escola": school}
        server.post("/predict", record)
    said = {"student_id": "88", "kind": "acted"}

    nobodys = server.post("/actions", said)
    done = server.post("/actions", said | {"escola": "ESCOLA  B"}).json()
    put = local.put(
        f"{server.url}/students/88/assigned?unit=Escola%20B", json={"person": "Ana"}, timeout=10
    )

    assert (nobodys.status_code, nobodys.json()["errors"][0]["field"]) == (422, "escola")
    assert (done["student_id"], done["unit"]) == ("88", "escola b")
    assert (put.json()["student_id"], put.json()["unit"]) == ("88", "escola b")
    theirs, others = (
        server.get(f"/actions?student_id=88&unit=Escola%20{school}").json()["total"]
        for school in ("B", "A")
    )
    assert (theirs, others) == (1, 0)


def delete(server: Server, path: str) -> httpx.Response:
    return local.delete(server.url + path, timeout=10)


def test_a_task_that_means_other_children_by_the_same_ids_is_named_as_not_reached() -> None:
    spec = load_task("pede_lag")
    schools_own = spec.model_copy(
        update={"id": spec.id.model_copy(update={"unique_within": "unit"})}
    )
    tasks = {"lag": stub(task=spec), "night": stub(task=spec), "own": stub(task=schools_own)}

    found = among_served(tasks, tasks["lag"], Client("city", frozenset()))

    assert (list(found.tasks), found.not_reached) == (["lag", "night"], ("own",))


def test_a_key_of_one_school_reaches_no_task_that_tells_no_schools() -> None:
    spec = load_task("pede_lag")
    tasks = {
        "lag": stub(task=spec),
        "bare": stub(task=spec.model_copy(update={"name": "bare", "unit": ()})),
    }

    found = among_served(tasks, tasks["lag"], Client("a", frozenset(), units=("Escola A",)))

    assert (list(found.tasks), found.not_reached) == (["lag"], ("bare",))


def stub(**fields: Any) -> Any:
    return SimpleNamespace(**fields)


def test_a_file_tells_whose_pupil_each_row_is_about(city: City) -> None:
    answer = local.post(
        city.server.url + "/predict/bulk",
        content=b"ra,escola,inde\n17,Escola A,7\n18,,7\n",
        headers={"Content-Type": "text/csv"},
        timeout=30,
    )

    good, bad = csv.DictReader(io.StringIO(answer.text))

    assert (good["student_id"], good["error_field"]) == ("17", "")
    assert (bad["error_field"], bad["prediction_id"]) == ("escola", "")
