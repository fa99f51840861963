"""All that is known of a student, to look at and to hand out: whole, and of nobody else."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from api.answers import dossiers, helping
from api.durability.outbox import Outbox
from api.durability.shipment_gate import Gate
from api.students.export import PAGE, exported_columns
from api.students.reading import StudentReader
from database.dossier import SECTIONS, Dossier, KeptDocument
from database.driver.commands import Op
from database.labelling.recording import record_outcomes
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.audit.entry import pseudonym
from model.helping.action import Action
from model.helping.intervention import Assignment, Intervention
from model.label import Label, OrphanLabel, Outcome
from model.labels.facts import Report
from model.prediction import Prediction
from model.student import Observation
from model.trust.tombstone import TombstoneKey
from preprocessing.task.columns import Column
from preprocessing.task.spec import load_task
from tests import local
from tests.api.conftest import World
from tests.api.keys import make_key
from tests.api.server import Server, served, until
from tests.api.test_prediction_log import prediction
from tests.trail import entries, settled

START = datetime(2025, 2, 1, tzinfo=UTC)
WHO = "RA-77"
T = TypeVar("T")


@pytest.fixture(scope="module")
def one(world: World) -> Iterator[Server]:
    """A server whose registry knows a student by everything there is, and another student."""
    for student in (WHO, "RA-other"):
        seen = [
            Observation(student, period, {"inde": 6.5}, START, {"genero": "F"}, "file-1")
            for period in ("2023", "2024")
        ]
        world.registry.run(StudentRepository().observe(seen))
        world.registry.run(PredictionRepository().add_many(made(student, 7)))
        for value, day in ((1.0, 20), (0.0, 30)):
            reported = Outcome(
                value, later(day), student_id=student, period="2024", source="school"
            )
            world.registry.run(record_outcomes([reported], now=later(day + 1)))
        early = Outcome(1.0, later(40), student_id=student, period="2021", source="school")
        world.registry.run(record_outcomes([early], now=later(41)))
    with served(world.home, workers=1) as server:
        until(lambda: all(w["version"] for w in server.workers()))
        yield server


def later(days: float) -> datetime:
    return START + timedelta(days=days)


def made(student: str, number: int) -> list[Prediction]:
    return [
        replace(
            prediction(student),
            prediction_id=f"{student}-{n:05}",
            period="2024",
            created_at=later(n / 1_000),
        )
        for n in range(number)
    ]


def test_a_student_is_told_by_task_with_all_that_is_known(one: Server) -> None:
    answer = one.get(f"/students/{WHO}").json()
    known = answer["tasks"]["pede_lag"]

    assert (answer["student_id"], answer["unit"], answer["not_reached"]) == (WHO, None, [])
    assert [(r["period"], r["features"], r["protected"]) for r in known["records"]] == [
        (period, {"inde": 6.5}, {"genero": "F"}) for period in ("2023", "2024")
    ]
    assert known["more"] is False
    assert [p["prediction_id"] for p in known["predictions"]] == [
        f"{WHO}-{n:05}" for n in reversed(range(7))
    ]
    assert {(p["model_version"], p["waiting"]) for p in known["predictions"]} == {("v1", False)}
    assert [(o["value"], o["source"]) for o in known["outcomes"]] == [
        (1.0, "school"), (0.0, "school"), (1.0, "school"),
    ]  # fmt: skip
    (label,), (orphan,) = known["labels"], known["orphans"]
    assert (label["outcome"], [h["former"] for h in label["history"]]) == (0.0, [1.0])
    assert label["prediction_id"] == f"{WHO}-00006"
    assert orphan["period"] == "2021"
    assert "RA-other" not in str(answer)


def test_predictions_and_outcomes_come_in_pages(one: Server) -> None:
    first, second, beyond = (
        one.get(f"/students/{WHO}?limit=2&offset={offset}").json()["tasks"]["pede_lag"]
        for offset in (0, 2, 50)
    )

    ids = [p["prediction_id"][-1] for page in (first, second) for p in page["predictions"]]
    assert ids == ["6", "5", "4", "3"]
    assert [len(page["outcomes"]) for page in (first, second, beyond)] == [2, 1, 0]
    assert beyond["predictions"] == []
    assert [page["more"] for page in (first, second, beyond)] == [True, True, False]
    assert len(beyond["records"]) == 2


def test_what_is_acknowledged_and_not_shipped_is_told_as_waiting(one: Server, world: World) -> None:
    """The outbox of a worker that died; nothing is shipped while the gate is closed."""
    folder = world.home / "tasks/pede_lag/outbox"
    waiting = replace(prediction("RA-waits"), prediction_id="p-waits", created_at=later(1))
    with Gate(folder).closed():
        box = Outbox(folder / "slot-9.sqlite")
        box.put([waiting, replace(prediction("RA-else"), prediction_id="p-else")])
        box.close()
        there = one.get("/students/RA-waits").json()["tasks"]["pede_lag"]
        file = one.get("/students/RA-waits/export").json()["tasks"]["pede_lag"]
    until(lambda: world.registry.run(PredictionRepository().find("p-waits")) is not None, 20)
    shipped = one.get("/students/RA-waits").json()["tasks"]["pede_lag"]

    for known, still in ((there, True), (file, True), (shipped, False)):
        assert [(p["prediction_id"], p["waiting"]) for p in known["predictions"]] == [
            ("p-waits", still)
        ]


def test_the_file_holds_what_the_page_shows_and_says_what_each_column_means(one: Server) -> None:
    page = one.get(f"/students/{WHO}?limit=1000").json()
    answer = one.get(f"/students/{WHO}/export")
    file = answer.json()
    known = file["tasks"]["pede_lag"]
    means = {
        c["name"]: (c["role"], c["description"], c["description_pt"]) for c in known["columns"]
    }

    assert {part: known[part] for part in SECTIONS.values()} | {"more": False} == (
        page["tasks"]["pede_lag"]
    )
    assert means["inde"][0] == "feature"
    assert all(means["inde"])
    named = {name for r in known["records"] for name in {**r["features"], **r["protected"]}}
    assert named <= means.keys()


def test_the_files_name_tells_no_student_and_no_cache_keeps_it(one: Server) -> None:
    answer = one.get(f"/students/{WHO}/export")

    disposition = answer.headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="farol-student-\d{4}-\d\d-\d\d.json"', disposition)
    assert answer.headers["cache-control"] == "no-store"


def test_that_a_file_was_handed_out_is_in_the_audit_trail_and_about_whom_by_a_pseudonym(
    one: Server, world: World
) -> None:
    one.get(f"/students/{WHO}/export")

    settled(world.home)
    event = next(e for e in world.registry.run(entries()) if e.action == "export")

    key = TombstoneKey((world.home / "data.key").read_bytes())
    assert (event.subject, event.detail) == (pseudonym(WHO, key), "pede_lag")
    assert WHO not in str(event)


@pytest.mark.parametrize("path", ["", "/export"])
@pytest.mark.parametrize("word", ["at-risk", "batch", "bulk"])
def test_a_word_of_a_route_is_no_student(one: Server, word: str, path: str) -> None:
    answer = one.get(f"/students/{word}{path}")

    if (word, path) == ("at-risk", ""):
        assert "students" in answer.json()
    else:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "student_id"


def test_an_erased_student_is_gone_at_once_and_on_every_worker(world: World) -> None:
    mine = replace(prediction("RA-leaver"), prediction_id="p-leaver")
    world.registry.run(PredictionRepository().add_many([mine]))
    with served(world.home, workers=2) as server:
        assert server.get("/students/RA-leaver").status_code == 200
        local.delete(f"{server.url}/students/RA-leaver", timeout=20).raise_for_status()

        answers = [server.get(f"/students/RA-leaver{p}") for p in ("", "/export") for _ in range(6)]

    assert {answer.status_code for answer in answers} == {410}
    assert all("RA-leaver" not in answer.text for answer in answers)


def test_a_student_of_many_predictions_is_handed_out_whole(one: Server, world: World) -> None:
    number = 2 * PAGE + 3
    world.registry.run(PredictionRepository().add_many(made("RA-many", number)))

    known = one.get("/students/RA-many/export").json()["tasks"]["pede_lag"]

    assert [p["prediction_id"] for p in known["predictions"]] == [
        f"RA-many-{n:05}" for n in reversed(range(number))
    ]


def test_a_file_is_written_page_by_page_however_long_it_is(one: Server, world: World) -> None:
    """One page is in memory at a time; what is shipped meanwhile makes none told twice."""
    number, size = 25, 4
    rows = made("RA-long", number)
    world.registry.run(PredictionRepository().add_many(rows))
    waiting = KeptDocument(rows[3].prediction_id, rows[3].created_at, "2024", "")
    known = StudentReader(
        here(world), "RA-long", None, Dossier(predictions=True, waiting=(waiting,))
    )
    late = [replace(row, prediction_id=f"{row.prediction_id}-late") for row in rows[-3:]]

    def shipped(page: int) -> None:
        if page == 2:
            world.registry.run(PredictionRepository().add_many(late))

    pages = asyncio.run(drained(known, size, shipped))

    assert max(map(len, pages)) <= size
    ids = [row["prediction_id"] for page in pages for row in page]
    assert len(ids) == len(set(ids))
    assert {row.prediction_id for row in rows} <= set(ids)
    assert ids[0] == "RA-long-00003"


def here(world: World) -> Any:
    """The services of a task, as far as a page needs them."""

    class Direct:
        async def run(self, op: Op[T]) -> T:
            return world.registry.run(op)

    folders = SimpleNamespace(outbox=world.home / "tasks/pede_lag/outbox")
    return SimpleNamespace(registry=Direct(), folders=folders)


async def drained(
    known: StudentReader, size: int, meanwhile: Callable[[int], None]
) -> list[list[dossiers.StudentPrediction]]:
    pages: list[list[dossiers.StudentPrediction]] = []
    async for page in known.every_prediction(size):
        meanwhile(len(pages))
        pages.append(page)
    return pages


TOLD_ELSEWHERE = {
    Observation: {"student_id", "unit"},
    Prediction: {"student_id", "unit", "scale"},
    Label: {"student_id", "risk_score"},
    OrphanLabel: {"student_id"},
    Report: {"position", "horizon"},
    Action: {"student_id"},
    Intervention: {"student_id"},
    Assignment: {"student_id"},
}
"""Fields that an answer tells by another name, or that say nothing of a student."""

ROWS = {
    Observation: dossiers.StudentRecord,
    Prediction: dossiers.StudentPrediction,
    Label: dossiers.StudentLabel,
    OrphanLabel: dossiers.StudentOrphan,
    Report: dossiers.StudentOutcome,
    Action: helping.ActionFields,
    Intervention: helping.InterventionFields,
    Assignment: dossiers.StudentAssignment,
}


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_every_field_that_is_kept_of_a_student_is_told(kind: Any) -> None:
    untold = {field.name for field in fields(kind)} - ROWS[kind].__annotations__.keys()

    assert untold == TOLD_ELSEWHERE[kind], f"{ROWS[kind].__name__} of api/answers"


def test_every_part_of_a_dossier_has_its_place_in_the_answer() -> None:
    assert {*dossiers.TaskDossier.__annotations__} == {*SECTIONS.values()}


@pytest.mark.parametrize("name", ["pede_lag", "uci_student", "exam_scores"])
def test_every_column_that_a_task_reads_is_explained_in_the_file(name: str) -> None:
    task = load_task(name)
    read = {column.name for column in columns_in(task)} | {c.name for c in task.features}

    explained = list(exported_columns(task))

    assert {column["name"] for column in explained} == read


def columns_in(part: Any) -> Iterator[Column]:
    """Every column that a part of a task names, however deep."""
    if isinstance(part, Column):
        yield part
    elif isinstance(part, tuple):
        for inner in part:
            yield from columns_in(inner)
    elif hasattr(part, "model_fields_set"):
        for field in type(part).model_fields:
            yield from columns_in(getattr(part, field))


def test_no_log_names_the_student(world: World) -> None:
    world.registry.run(PredictionRepository().add_many(made("RA-never-logged", 1)))
    key = make_key(world.home, "--scope", "read")
    with served(
        world.home, workers=1, auth="keys", access_log=True, env={"FAROL_LOG_LEVEL": "DEBUG"}
    ) as server:
        done = [
            server.get(f"/students/RA-never-logged{rest}", **{"X-API-Key": key})
            for rest in ("", "/export", "?limit=3", "-2")
        ]
        time.sleep(0.5)
    log = (world.home / "server.log").read_text()

    assert [answer.status_code for answer in done] == [200, 200, 200, 404]
    assert "GET /students/* HTTP" in log
    assert "RA-never-logged" not in log
