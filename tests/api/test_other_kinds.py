"""A numeric task through ingest, training and four doors of a real worker."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import yaml

from database import indexes
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from model.options import RunOptions
from model.prediction import RiskStatus, Scale
from model.promotion import DecisionStatus
from preprocessing.ingesting.files import ingest_file
from preprocessing.task.spec import load_task
from retraining.run.execution import execute
from retraining.run.plan import RunPlan
from tests.api.bundles import KEY
from tests.api.server import Server, served, until
from tests.api.strict import StrictPage

EXAMS = Path(__file__).parents[2] / "preprocessing" / "tasks" / "exam_scores.yaml"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LUNCH = {"standard": 8.0, "free/reduced": -8.0}
COURSE = {"completed": 6.0, "none": 0.0}

School = tuple[Server, SyncRegistry]


def write_exams(path: Path, n: int = 300) -> None:
    """Made-up pupils whose score follows lunch and course."""
    random = np.random.default_rng(0)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["gender", "lunch", "test preparation course", "math score"])
        for _ in range(n):
            lunch, course = random.choice([*LUNCH]), random.choice([*COURSE])
            score = 62 + LUNCH[lunch] + COURSE[course] + random.normal(0, 6)
            row = [random.choice(["female", "male"]), lunch, course, int(np.clip(score, 0, 100))]
            table.writerow(row)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    home = tmp_path_factory.mktemp("farol")
    raw = yaml.safe_load(EXAMS.read_text("utf-8")) | {"training": {"candidates": ["ridge"]}}
    path = home / "exams.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
    task = load_task(str(path))
    write_exams(home / "exams.csv")
    uri = lifecycle.ensure_running(home)
    try:
        with pytest.MonkeyPatch.context() as patch, open_registry(uri, "farol") as registry:
            patch.setenv("FAROL_TASK", str(path))
            registry.run(indexes.ensure_indexes())
            ingest_file(registry, home / "exams.csv", task, now=NOW, period="2024")
            plan = RunPlan("run-1", task, RunOptions(), home, KEY, "test", "test")
            result = execute(registry, plan, clock=lambda: NOW, say=lambda _: None)
            assert result.status is DecisionStatus.PROMOTED, result.reasons
            with served(home, workers=1) as server:
                until(lambda: all(w["version"] for w in server.workers()))
                yield server, registry
    finally:
        lifecycle.stop(home)


WEAK = {"lunch": "free_or_reduced", "test_preparation_course": "none"}
STRONG = {"lunch": "standard", "test_preparation_course": "completed"}


def test_a_numeric_task_answers_a_value_with_its_interval(school: School) -> None:
    server, registry = school

    strong, weak = (server.post("/predict", record).json() for record in (STRONG, WEAK))

    assert "risk_score" not in strong
    assert strong["predicted"] > 70 > 60 > weak["predicted"]
    for said in (strong, weak):
        low, high = said["interval"]
        assert 0 <= low < said["predicted"] < high <= 100
        assert said["threshold"] == 60
    assert (strong["status"], strong["risk_label"]) == ("expected", "low")
    assert (weak["status"], weak["risk_label"]) == ("alert", "high")
    kept = registry.run(PredictionRepository().get(weak["prediction_id"]))
    assert (kept.scale, kept.risk_score) == (Scale.VALUE_LOW, weak["predicted"])
    assert kept.interval == tuple(weak["interval"])


def test_reasons_of_a_numeric_task_add_up_to_the_value(school: School) -> None:
    said = school[0].post("/predict?explain=true", WEAK).json()

    total = said["base_value"] + sum(reason["contribution"] for reason in said["reasons"])
    assert total == pytest.approx(said["predicted"])


def test_the_list_of_a_numeric_task_begins_with_the_weakest(school: School) -> None:
    body = school[0].get("/students/at-risk?limit=1000").json()

    found = [student["predicted"] for student in body["students"]]
    assert found == sorted(found)
    assert 0 < body["total"] == len(found) < 300
    assert max(found) < 60
    assert body["scale"] == "value_low"
    assert sum(body["counts"].values()) == 300
    assert body["counts"]["expected"] == 300 - body["total"]


def test_the_openapi_page_of_a_numeric_task_speaks_of_values(school: School) -> None:
    schemas = school[0].get("/openapi.json").json()["components"]["schemas"]

    for name in ("PredictionAnswer", "ListedStudent", "StudentPrediction"):
        fields = schemas[name]["properties"]
        assert "risk_score" not in fields
        assert "maximum" not in fields["predicted"]
        interval = fields["interval"]["anyOf"][0]
        assert (interval["minItems"], interval["maxItems"]) == (2, 2)
    assert "Log-odds" not in schemas["Reason"]["properties"]["contribution"]["description"]


def test_answers_of_a_numeric_task_are_what_its_page_declares(school: School) -> None:
    server = school[0]
    page = StrictPage(server.get("/openapi.json").json())
    server.post("/predict", WEAK | {"student_id": "told"})
    until(lambda: server.get("/students/told").status_code == 200)

    answers = {
        "get_student": [server.get("/students/told")],
        "export_student": [server.get("/students/told/export")],
        "predict": [server.post("/predict", WEAK), server.post("/predict?explain=true", WEAK)],
        "predict_batch": [server.post("/predict/batch", {"records": [WEAK, STRONG, 3]})],
        "students_at_risk": [server.get("/students/at-risk?limit=3")],
        "get_schema": [server.get("/schema")],
        "get_model": [server.get("/model")],
        "list_versions": [server.get("/models")],
        "get_version": [server.get("/models/v1")],
        "list_runs": [server.get("/runs")],
    }

    answered = [(name, one) for name, several in answers.items() for one in several]
    assert [fault for name, one in answered for fault in page.faults(name, one)] == []


def test_an_insufficient_prediction_is_kept_labelled_and_counted(school: School) -> None:
    server, registry = school
    asked = {"gender": "female", "student_id": "little", "period": "2025"}

    said = server.post("/predict", asked).json()
    label = server.post("/labels", {"prediction_id": said["prediction_id"], "outcome": 55}).json()

    assert said["status"] == "insufficient"
    assert (
        registry.run(PredictionRepository().get(said["prediction_id"])).status
        is RiskStatus.INSUFFICIENT
    )
    assert label["joined"] == 1
    window = registry.run(
        LabelRepository().window(arrived_until=datetime(2100, 1, 1, tzinfo=UTC), limit=10)
    )
    assert ("little", 55.0) in [(found.student_id, found.outcome) for found in window]
    counted = 'status="insufficient"'
    until(lambda: counted in server.get("/metrics").text, 5)
