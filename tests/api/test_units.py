"""A key for some schools: every route, and no byte of another school's students."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest

from api.access import ALL_UNITS
from database import indexes
from database.driver.client import open_registry
from database.embedded import lifecycle
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.student import Observation
from tests import local
from tests.api import bundles
from tests.api.keys import make_key
from tests.api.server import Server, served, until

RECORD = {"inde": 7.5, "ida": 3.0, "fase": 3}
CALL = Callable[["School"], httpx.Response]


@dataclass(frozen=True, slots=True)
class School:
    """The API with a key for school A, one for A and B, and one for all."""

    server: Server
    keys: dict[str, str]
    label: Callable[[str], list[Any]]

    def ask(self, method: str, path: str, body: object = None, key: str = "a") -> httpx.Response:
        return local.request(
            method,
            self.server.url + path,
            json=body,
            headers={"X-API-Key": self.keys[key]},
            timeout=60,
        )

    def asked_for(self, student: str) -> School:
        """Somebody of school A asked for a prediction of a student, as if it were one of A."""
        sent = RECORD | {"student_id": student, "escola": "Escola A"}
        assert self.ask("POST", "/predict", sent).is_success
        return self

    def bulk(self, table: str, key: str = "a", path: str = "/predict/bulk") -> httpx.Response:
        return local.post(
            f"{self.server.url}{path}",
            content=table.encode(),
            headers={"X-API-Key": self.keys[key], "content-type": "text/csv"},
            timeout=30,
        )


def observed(student: str, school: str, inde: float) -> Observation:
    return Observation(
        student_id=student,
        period="2024",
        features={"inde": inde, "ida": 5.0, "fase": 3.0},
        observed_at=datetime(2024, 12, 1, tzinfo=UTC),
        units={"escola": school} if school else {},
        unit=school.lower(),
    )


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    home = tmp_path_factory.mktemp("city")
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            students = [observed(f"a{n}", "Escola A", 3.0) for n in range(3)]
            students += [observed(f"b{n}", "Escola B", 2.0) for n in range(5)]
            students += [observed("nowhere", "", 2.0)]
            registry.run(StudentRepository().observe(students))
            keys = {
                "a": make_key(home, "--scope", "predict,label,read,act", "--unit", "escola a"),
                "ab": make_key(
                    home,
                    "--scope",
                    "predict,label,read,act",
                    "--unit",
                    "Escola A",
                    "--unit",
                    "Escola B",
                ),
                "all": make_key(home, "--scope", "predict,label,read,act,admin"),
            }

            def labels(student: str) -> list[Any]:
                found = registry.run(LabelRepository().newest(0))
                return [one for one in found if one.student_id == student]

            with served(home, workers=1, auth="keys") as running:
                yield School(running, keys, labels)
    finally:
        lifecycle.stop(home)


WHY = {"reason": "asked by the family"}
RIGHT = WHY | {"period": "2024", "values": {"inde": 3.5}}
OWN = {"escola": "ESCOLA  A"}
OTHER = {"escola": "Escola B"}
BUDGET = {"lane": "new", "top": 3}
SEEN = {"kind": "seen"}
HELP = {"kind": "tutoring", "start": "2025-03-03"}
FILE = "RA,Escola,INDE,Defasagem\na9,Escola A,5,0\nb1,Escola B,7,0\n"
LABEL = {"student_id": "x1", "period": "2024", "outcome": 1}

ROUTES: dict[str, tuple[CALL, int]] = {
    "predict, no unit": (lambda s: s.ask("POST", "/predict", RECORD), 200),
    "predict, own unit": (lambda s: s.ask("POST", "/predict", RECORD | OWN), 200),
    "predict, other unit": (lambda s: s.ask("POST", "/predict", RECORD | OTHER), 404),
    "predict, which of two": (lambda s: s.ask("POST", "/predict", RECORD, "ab"), 422),
    "predict, one of two": (lambda s: s.ask("POST", "/predict", RECORD | OTHER, "ab"), 200),
    "predict_student, own": (lambda s: s.ask("POST", "/predict/a1"), 200),
    "predict_student, other": (lambda s: s.ask("POST", "/predict/b1"), 404),
    "predict_student, unknown unit": (lambda s: s.ask("POST", "/predict/nowhere"), 404),
    "predict_student, nobody": (lambda s: s.ask("POST", "/predict/nobody"), 404),
    "predict_batch": (lambda s: s.ask("POST", "/predict/batch", {"records": [RECORD]}), 200),
    "predict_bulk": (lambda s: s.bulk("inde,escola\n5,Escola A\n6,\n7,Escola B\n"), 200),
    "predict_bulk, which of two": (lambda s: s.bulk("inde\n5\n", "ab"), 200),
    "label": (lambda s: s.ask("POST", "/labels", LABEL), 200),
    "preview_file": (lambda s: s.bulk(FILE, path="/files/preview?period=1998"), 200),
    "keep_file": (lambda s: s.bulk(FILE, path="/files?period=1998"), 200),
    "list_batches": (lambda s: s.ask("GET", "/batches"), 200),
    "list_rejects": (lambda s: s.ask("GET", "/batches/1/rejects"), 404),
    "trace_row, no such file": (lambda s: s.ask("GET", f"/files/{'0' * 64}/rows/1"), 404),
    "trace_student, own": (lambda s: s.ask("GET", "/students/a1/origins"), 200),
    "trace_student, other": (lambda s: s.ask("GET", "/students/b1/origins"), 404),
    "trace_student, nobody": (lambda s: s.ask("GET", "/students/nobody/origins"), 404),
    "list_missing": (lambda s: s.ask("GET", "/outcomes/missing?period=2024"), 200),
    "list_missing, other": (lambda s: s.ask("GET", "/outcomes/missing?unit=Escola%20B"), 404),
    "get_prediction_log": (lambda s: s.ask("GET", "/predictions/log"), 200),
    "get_prediction_log, other": (lambda s: s.ask("GET", "/predictions/log?unit=Escola%20B"), 404),
    "students_at_risk": (lambda s: s.ask("GET", "/students/at-risk"), 200),
    "students_at_risk, other": (lambda s: s.ask("GET", "/students/at-risk?unit=Escola%20B"), 404),
    "students_at_risk, none": (lambda s: s.ask("GET", "/students/at-risk?unit=Escola%20C"), 404),
    "students_at_risk, period": (lambda s: s.ask("GET", "/students/at-risk?period=1999"), 404),
    "students_at_risk_file": (lambda s: s.ask("GET", "/students/at-risk/file"), 200),
    "students_at_risk_file, other": (
        lambda s: s.ask("GET", "/students/at-risk/file?unit=Escola%20B"),
        404,
    ),
    "get_budgets": (lambda s: s.ask("GET", "/budgets"), 200),
    "put_budgets, own": (
        lambda s: s.ask("PUT", "/budgets", {"budgets": [BUDGET | {"unit": "Escola A"}]}),
        200,
    ),
    "put_budgets, other": (
        lambda s: s.ask("PUT", "/budgets", {"budgets": [BUDGET | {"unit": "Escola B"}]}),
        404,
    ),
    "put_budgets, all": (lambda s: s.ask("PUT", "/budgets", {"budgets": [BUDGET]}), 404),
    "publish_list": (lambda s: s.ask("POST", "/lists"), 403),
    "list_published": (lambda s: s.ask("GET", "/lists"), 200),
    "get_published, none": (lambda s: s.ask("GET", "/lists/none"), 404),
    "get_student, own": (lambda s: s.ask("GET", "/students/a1"), 200),
    "get_student, other": (lambda s: s.ask("GET", "/students/b1"), 404),
    "get_student, unknown unit": (lambda s: s.ask("GET", "/students/nowhere"), 404),
    "get_student, nobody": (lambda s: s.ask("GET", "/students/nobody"), 404),
    "assess_student, own": (lambda s: s.ask("GET", "/students/a1/assessment"), 200),
    "assess_student, other": (lambda s: s.ask("GET", "/students/b1/assessment"), 404),
    "assess_student, unknown unit": (lambda s: s.ask("GET", "/students/nowhere/assessment"), 404),
    "assess_student, nobody": (lambda s: s.ask("GET", "/students/nobody/assessment"), 404),
    "get_cohort, own": (lambda s: s.ask("GET", "/cohort"), 200),
    "get_cohort, other": (lambda s: s.ask("GET", "/cohort?unit=Escola%20B"), 404),
    "get_cohort, none": (lambda s: s.ask("GET", "/cohort?unit=Escola%20C"), 404),
    "export_student, own": (lambda s: s.ask("GET", "/students/a1/export"), 200),
    "export_student, other": (lambda s: s.ask("GET", "/students/b1/export"), 404),
    "export_student, unknown unit": (lambda s: s.ask("GET", "/students/nowhere/export"), 404),
    "object_to_scoring, other": (lambda s: s.ask("POST", "/students/b1/objection", WHY), 404),
    "object_to_scoring, nobody": (lambda s: s.ask("POST", "/students/nobody/objection", WHY), 404),
    "object_to_scoring, two": (
        # A prediction of the own unit is no proof that the student is in it.
        lambda s: s.asked_for("b4").ask("POST", "/students/b4/objection", WHY),
        404,
    ),
    "lift_objection": (lambda s: s.ask("DELETE", "/students/a1/objection", WHY), 403),
    "correct_student, own": (lambda s: s.ask("POST", "/students/a0/corrections", RIGHT), 200),
    "correct_student, other": (lambda s: s.ask("POST", "/students/b1/corrections", RIGHT), 404),
    "correct_student, nobody": (
        lambda s: s.ask("POST", "/students/nobody/corrections", RIGHT),
        404,
    ),
    "seen_by": (lambda s: s.ask("GET", "/students/a1/seen-by"), 403),
    "act, own": (lambda s: s.ask("POST", "/actions", SEEN | {"student_id": "a1"}), 200),
    "act, other": (lambda s: s.ask("POST", "/actions", SEEN | {"student_id": "b1"}), 404),
    "act, unknown unit": (
        lambda s: s.ask("POST", "/actions", SEEN | {"student_id": "nowhere"}),
        404,
    ),
    "act, other unit": (
        lambda s: s.ask("POST", "/actions", SEEN | {"student_id": "a1"} | OTHER),
        404,
    ),
    "list_actions": (lambda s: s.ask("GET", "/actions"), 200),
    "list_actions, other": (lambda s: s.ask("GET", "/actions?unit=Escola%20B"), 404),
    "intervene, own": (lambda s: s.ask("POST", "/interventions", HELP | {"student_id": "a1"}), 200),
    "intervene, other": (
        lambda s: s.ask("POST", "/interventions", HELP | {"student_id": "b1"}),
        404,
    ),
    "list_interventions": (lambda s: s.ask("GET", "/interventions"), 200),
    "list_interventions, none": (lambda s: s.ask("GET", "/interventions?unit=Escola%20C"), 404),
    "remove_intervention": (lambda s: s.ask("DELETE", "/interventions/nothing"), 404),
    "assign, own": (lambda s: s.ask("PUT", "/students/a1/assigned", {"person": "Ana"}), 200),
    "assign, other": (lambda s: s.ask("PUT", "/students/b1/assigned", {"person": "Ana"}), 404),
    "to_do": (lambda s: s.ask("GET", "/todo"), 200),
    "summarise_help": (lambda s: s.ask("GET", "/help/summary"), 200),
    "summarise_help, other": (lambda s: s.ask("GET", "/help/summary?unit=Escola%20B"), 404),
    "get_schema": (lambda s: s.ask("GET", "/schema"), 200),
    "list_tasks": (lambda s: s.ask("GET", "/tasks"), 200),
    "get_health": (lambda s: s.ask("GET", "/health"), 200),
    "get_live": (lambda s: s.ask("GET", "/health/live"), 200),
    "get_ready": (lambda s: s.ask("GET", "/health/ready"), 200),
    "get_metrics": (lambda s: s.ask("GET", "/metrics"), 200),
    "get_model": (lambda s: s.ask("GET", "/model"), 403),
    "get_champion": (lambda s: s.ask("GET", "/champion"), 403),
    "get_champion, then": (lambda s: s.ask("GET", "/champion?at=2024-01-01T00:00:00Z"), 403),
    "list_promotions": (lambda s: s.ask("GET", "/promotions"), 403),
    "list_versions": (lambda s: s.ask("GET", "/models"), 403),
    "get_version": (lambda s: s.ask("GET", "/models/v1"), 403),
    "get_card": (lambda s: s.ask("GET", "/models/v1/card"), 403),
    "get_bundle": (lambda s: s.ask("GET", "/models/v1/bundle"), 403),
    "list_runs": (lambda s: s.ask("GET", "/runs"), 403),
    "get_run": (lambda s: s.ask("GET", "/runs/1"), 403),
    "get_run_log": (lambda s: s.ask("GET", "/runs/1/log"), 403),
    "compare": (lambda s: s.ask("POST", "/comparisons", {"a": "v1", "b": "v2"}), 403),
    "list_comparisons": (lambda s: s.ask("GET", "/comparisons"), 403),
    "get_comparison": (lambda s: s.ask("GET", "/comparisons/c1"), 403),
    "list_drift_reports": (lambda s: s.ask("GET", "/drift"), 403),
    "get_alarms": (lambda s: s.ask("GET", "/drift/alarms"), 403),
    "acknowledge_alarm": (
        lambda s: s.ask("POST", "/drift/alarms/inde/acknowledge", {"reason": "x"}),
        403,
    ),
    "list_notices": (lambda s: s.ask("GET", "/notices"), 403),
    "get_drift_report": (lambda s: s.ask("GET", "/drift/1"), 403),
    "get_performance": (lambda s: s.ask("GET", "/performance"), 403),
    "get_effects": (lambda s: s.ask("GET", "/effects"), 403),
    "get_retention": (lambda s: s.ask("GET", "/retention"), 403),
    "list_served_days": (lambda s: s.ask("GET", "/retention/days"), 403),
    "get_drift_page": (lambda s: s.ask("GET", "/drift/1/page"), 403),
    "train": (lambda s: s.ask("POST", "/train", {}), 403),
    "promote": (lambda s: s.ask("POST", "/models/v1/promote", {"reason": "x"}), 403),
    "list_trials": (lambda s: s.ask("GET", "/shadow"), 403),
    "set_canary": (
        lambda s: s.ask("POST", "/models/v1/canary", {"share": 0.1, "reason": "x"}),
        403,
    ),
    "approve": (lambda s: s.ask("POST", "/models/v1/approve", {"reason": "x"}), 403),
    "refuse": (lambda s: s.ask("POST", "/models/v1/refuse", {"reason": "x"}), 403),
    "rollback": (lambda s: s.ask("POST", "/model/rollback", {"reason": "x"}), 403),
    "reload": (lambda s: s.ask("POST", "/model/reload"), 403),
    "sign_in": (lambda s: s.ask("POST", "/sessions", {"name": "b1", "password": "x"}), 401),
    "sign_out": (lambda s: s.ask("DELETE", "/sessions"), 409),
    "get_me": (lambda s: s.ask("GET", "/me"), 200),
    "change_password": (lambda s: s.ask("PUT", "/me/password", {}), 409),
    "accept_invitation": (lambda s: s.ask("POST", "/invitations/b1", {"password": "x"}), 404),
    "list_erasures": (lambda s: s.ask("GET", "/erasures"), 403),
    "erasure_receipt": (lambda s: s.ask("GET", "/erasures/erasure-1"), 403),
    "erase_student": (lambda s: s.ask("DELETE", "/students/a1"), 403),
    "readmit_student": (lambda s: s.ask("POST", "/students/a1/readmit", {"reason": "x"}), 403),
}
"""Every operation of the OpenAPI page, before the first comma, and what it answers to a unit."""


@pytest.mark.parametrize("name", ROUTES)
def test_a_route_answers_a_key_of_one_school(school: School, name: str) -> None:
    call, status = ROUTES[name]

    answer = call(school)

    assert answer.status_code == status, answer.text
    assert not re.search(r"\bb\d\b|Escola B|escola b|nowhere", answer.text) or "two" in name


def test_every_route_has_its_line_in_the_table(school: School) -> None:
    page = local.get(school.server.url + "/openapi.json", timeout=60).json()
    named = {call["operationId"] for path in page["paths"].values() for call in path.values()}

    assert named == {name.split(",")[0] for name in ROUTES}


def test_another_schools_student_is_told_like_one_that_nobody_knows(school: School) -> None:
    other, nobody = school.ask("POST", "/predict/b1"), school.ask("POST", "/predict/nobody")
    foreign = school.ask("GET", "/students/at-risk?unit=Escola%20B")
    none = school.ask("GET", "/students/at-risk?unit=Escola%20C")

    for path in ("", "/export", "/assessment", "/origins"):
        theirs, unknown = (school.ask("GET", f"/students/{who}{path}") for who in ("b1", "nobody"))
        assert theirs.content == unknown.content
    assert other.content == nobody.content
    assert foreign.content == none.content


def test_what_is_about_all_schools_says_why_it_is_closed(school: School) -> None:
    assert school.ask("GET", "/models").json()["detail"] == ALL_UNITS


def test_a_list_holds_the_students_of_the_keys_schools_and_counts_no_others(
    school: School,
) -> None:
    one, two = (school.ask("GET", "/students/at-risk", key=key).json() for key in ("a", "ab"))
    everybody = school.ask("GET", "/students/at-risk", key="all").json()
    named = school.ask("GET", "/students/at-risk?unit=escola%20b", key="all").json()

    assert {s["student_id"][0] for s in one["students"]} <= {"a"}
    assert [sum(t["counts"].values()) for t in (one, two, everybody, named)] == [3, 8, 9, 5]


def test_a_student_is_compared_with_those_of_the_keys_schools_alone(school: School) -> None:
    counted = {
        key: [
            one["students"]
            for one in school.ask("GET", "/cohort", key=key).json()["periods"]
            if one["period"] == "2024"
        ]
        for key in ("a", "ab", "all")
    }
    named = school.ask("GET", "/cohort?unit=escola%20b", key="all").json()["periods"]

    assert counted == {"a": [3], "ab": [8], "all": [9]}
    assert [one["students"] for one in named] == [5]
    # Of fewer than ten students nothing is told.
    assert all(one["features"] == {} for one in named)


def test_a_record_takes_the_school_of_its_key(school: School) -> None:
    made_id = school.ask("POST", "/predict", RECORD | {"student_id": "new-1"}).json()

    until(lambda: _kept(school, made_id["prediction_id"]) is not None)
    kept = _kept(school, made_id["prediction_id"])
    assert kept is not None
    assert (kept.units, kept.unit) == ({"escola": "escola a"}, "escola a")


def test_an_outcome_of_one_school_joins_no_child_of_another(school: School) -> None:
    """Before, the outcome of an unknown student was stored and joined another school's child."""
    foreign = {"student_id": "b1", "period": "2024", "outcome": 1}

    told = school.ask("POST", "/labels", foreign).json()
    again = school.ask("POST", "/labels", foreign | {"outcome": 0}).json()

    assert (told["joined"], told["orphaned"]) == (0, 1)
    assert (again["joined"], again["corrected"]) == (0, 1)
    assert school.label("b1") == []
    assert school.ask("POST", "/labels", foreign, "ab").status_code == 200


def test_a_student_of_two_schools_is_told_to_each_by_its_own_records(school: School) -> None:
    """School A asks about an id of school B's: each reads what it knows, joined within it."""
    mine = RECORD | {"student_id": "b2", "period": "2024"}
    label = {"student_id": "b2", "period": "2024", "outcome": 1}
    nobody = {"student_id": "b-nobody"}
    for who in ({}, nobody):
        made = school.ask("POST", "/predict", mine | who).json()["prediction_id"]
        until(partial(_is_kept, school, made))
        assert school.ask("POST", "/labels", label | who).json()["joined"] == 1

    one, none = (told(school, who) for who in ("b2", "b-nobody"))
    both = told(school, "b2", "ab")

    assert shape(one) == shape(none)
    assert [len(one[part]) for part in PARTS] == [0, 1, 1, 1, 0]
    assert [len(both[part]) for part in PARTS] == [1, 1, 1, 1, 0]
    assert {record["units"]["escola"] for record in both["records"]} == {"Escola B"}
    assert one["labels"][0]["unit"] == "escola a"


PARTS = ("records", "predictions", "outcomes", "labels", "orphans")


def told(school: School, student: str, key: str = "a") -> Any:
    return school.ask("GET", f"/students/{student}", key=key).json()["tasks"]["pede_lag"]


def shape(dossier: Any) -> str:
    """A dossier without ids and moments."""
    text = re.sub(r"'[0-9a-f]{32}'", "ID", repr(dossier))
    return re.sub(r"'\d{4}-\d\d-\d\dT[^']*'", "MOMENT", text)


def test_a_batch_serves_the_own_rows_and_names_the_others(school: School) -> None:
    rows = [RECORD, RECORD | OTHER, RECORD | OWN]

    answer = school.ask("POST", "/predict/batch", {"records": rows}).json()

    assert [p["index"] for p in answer["predictions"]] == [0, 2]
    assert [(e["index"], e["field"]) for e in answer["errors"]] == [(1, "escola")]


def test_a_file_scores_the_own_rows_and_refuses_the_others(school: School) -> None:
    table = "inde,escola\n5,escola  A\n6,\n7,Escola B\n"

    one = list(csv.DictReader(io.StringIO(school.bulk(table).text)))
    two = list(csv.DictReader(io.StringIO(school.bulk(table, "ab").text)))

    assert [row["error_field"] for row in one] == ["", "", "escola"]
    assert [row["error_field"] for row in two] == ["", "escola", ""]
    until(lambda: all(_kept(school, row["prediction_id"]) for row in one[:2]))
    assert {_kept(school, row["prediction_id"]).unit for row in one[:2]} == {"escola a"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--scope", "admin", "--unit", "A"), "what an admin does is about all units"),
        (("--scope", "read", "--unit", "A", "--task", "exam_scores"), "no task of this host"),
    ],
)
def test_a_key_whose_limit_would_not_hold_is_not_made(
    school: School, arguments: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        make_key(school.server.home, *arguments)

    assert reason in raised.value.stderr


def _is_kept(school: School, prediction_id: str) -> bool:
    return _kept(school, prediction_id) is not None


def _kept(school: School, prediction_id: str) -> Any:
    with open_registry(lifecycle.ensure_running(school.server.home), "farol") as registry:
        return registry.run(PredictionRepository().find(prediction_id))
