"""A stored student is scored with what earlier periods add, on a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from database import indexes
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.student import Observation
from preprocessing.events.aggregating import Event
from preprocessing.events.reading import EventTable
from preprocessing.ingesting.events import ingest_events
from preprocessing.task.spec import load_task, parse_task
from tests.api import bundles
from tests.api.server import Server, served, until

PEDE = Path(__file__).parents[2] / "preprocessing" / "tasks" / "pede_lag.yaml"
LOOKING_BACK = {
    "longitudinal": {"features": ["ida"], "values": ["previous", "seen"]},
    "events": {"date": {"name": "day"}, "as_of": "06-30", "aggregates": [{"name": "absent"}]},
}


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, SyncRegistry]]:
    home = tmp_path_factory.mktemp("farol")
    task = home / "task.yaml"
    task.write_text(yaml.safe_dump(looking_back(), allow_unicode=True), encoding="utf-8")
    uri = lifecycle.ensure_running(home)
    try:
        with (
            pytest.MonkeyPatch.context() as patch,
            open_registry(uri, "farol") as registry,
        ):
            patch.setenv("FAROL_TASK", str(task))
            registry.run(indexes.ensure_indexes())
            made = bundles.archive(task=load_task(str(task)))
            bundles.promote(registry, bundles.register(registry, made))
            with served(home, workers=1) as server:
                until(lambda: all(w["version"] for w in server.workers()))
                yield server, registry
    finally:
        lifecycle.stop(home)


def test_a_stored_student_is_scored_with_earlier_periods_and_they_are_logged(
    school: tuple[Server, SyncRegistry],
) -> None:
    server, registry = school
    seen = [
        Observation("RA-7", "2022", {"ida": 2.5}, bundles.NOW),
        Observation("RA-7", "2023", {"ida": 8.0, "fase": 3.0}, bundles.NOW),
    ]
    registry.run(StudentRepository().observe(seen))
    expected = {"ida": 8.0, "fase": 3.0, "ida_previous": 2.5, "ida_seen": 1.0}

    body = server.post("/predict/RA-7").json()

    kept = registry.run(PredictionRepository().get(body["prediction_id"]))
    assert dict(kept.features) == expected
    assert not {"ida_previous", "ida_seen"} & set(body["imputed"])
    assert server.post("/predict", expected).json()["risk_score"] == body["risk_score"]


def test_a_stored_student_is_scored_with_what_events_told_up_to_the_day_of_prediction(
    school: tuple[Server, SyncRegistry],
) -> None:
    server, registry = school
    task = parse_task(yaml.safe_dump(looking_back()), source="test")
    registry.run(
        StudentRepository().observe([Observation("RA-9", "2023", {"ida": 8.0}, bundles.NOW)])
    )
    days = [date(2023, 2, 1), date(2023, 6, 20), date(2023, 6, 30), date(2023, 7, 1)]
    table = EventTable("attendance", 4, {"RA-9": [Event(day) for day in days]}, {})

    registry.run(ingest_events(table, task, now=bundles.NOW))
    body = server.post("/predict/RA-9").json()

    kept = registry.run(PredictionRepository().get(body["prediction_id"]))
    told = {"absent_count_30d": 2.0, "absent_count_period": 3.0}
    assert {name: kept.features.get(name) for name in told} == told
    assert not told.keys() & set(body["imputed"])
    sent = server.post("/predict", dict(kept.features)).json()
    assert sent["risk_score"] == body["risk_score"]


def looking_back() -> dict[str, Any]:
    """The shipped task and what is added to it."""
    shipped: dict[str, Any] = yaml.safe_load(PEDE.read_text(encoding="utf-8"))
    return shipped | LOOKING_BACK


def test_a_plain_request_may_leave_them_out_and_is_told_so(
    school: tuple[Server, SyncRegistry],
) -> None:
    server, _ = school

    body = server.post("/predict", {"ida": 8.0, "fase": 3}).json()

    assert {"ida_previous", "ida_seen"} <= set(body["imputed"])
    named = {f["name"]: f for f in server.get("/schema").json()["features"]}
    assert (named["ida_previous"]["low"], named["ida_previous"]["high"]) == (0, 10)


def test_the_list_of_students_at_risk_is_scored_the_same_way(
    school: tuple[Server, SyncRegistry],
) -> None:
    server, registry = school
    seen = [
        Observation("RA-8", "2022", {"ida": 9.5}, bundles.NOW),
        Observation("RA-8", "2023", {"ida": 1.0, "inde": 2.0}, bundles.NOW),
    ]
    registry.run(StudentRepository().observe(seen))

    score = server.post("/predict/RA-8").json()
    listed = {
        student["student_id"]: student["risk_score"]
        for status in ("critical", "alert", "expected")
        for student in server.get(f"/students/at-risk?period=2023&status={status}").json()[
            "students"
        ]
    }

    assert listed["RA-8"] == score["risk_score"]


def test_the_task_of_these_tests_differs_from_the_shipped_one_in_nothing_else() -> None:
    shipped = load_task("pede_lag")

    task = parse_task(yaml.safe_dump(looking_back()), source="test")

    assert task.reported == shipped.features
