"""Everything that is wrong with a body is told at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.server import Server

WORKERS = 1
WRONG = {"inde": 99, "ida": "many", "pedra": "marble", "shoe": 41, "period": "soon"}
FIELDS = {"inde", "ida", "pedra", "shoe", "period"}


def fields(problem: dict[str, Any]) -> list[str]:
    return [error["field"] for error in problem["errors"]]


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/predict", WRONG, FIELDS),
        ("/predict", WRONG | {"student_id": ""}, FIELDS | {"student_id"}),
        ("/predict", {"student_id": "", "escola": 5, "ida": 99}, {"student_id", "escola", "ida"}),
        ("/train", {"seed": -1, "sed": 3, "window": "all"}, {"seed", "sed", "window"}),
    ],
)
def test_every_field_that_is_wrong_is_named(
    server: Server, path: str, body: dict[str, Any], wrong: set[str]
) -> None:
    answer = server.post(path, body)

    assert answer.status_code == 422
    problem = answer.json()
    assert sorted(fields(problem)) == sorted(wrong)
    assert all(f"{e['field']}: {e['detail']}" in problem["detail"] for e in problem["errors"])


def test_of_a_student_who_is_known_every_field_that_is_wrong_is_named(server: Server) -> None:
    server.post("/predict", {"student_id": "RA-known", "inde": 5})
    action = {"student_id": "RA-known", "kind": "helped", "next_on": "soon", "action_id": "?"}
    help_ = {"student_id": "RA-known", "kind": "tutoring", "start": "x", "dose": -1, "shoe": 1}

    acted = server.post("/actions", action).json()
    helped = server.post("/interventions", help_).json()
    empty = server.post("/interventions", {"student_id": "RA-known"}).json()

    assert sorted(fields(acted)) == ["action_id", "kind", "next_on"]
    assert sorted(fields(helped)) == ["dose", "shoe", "start"]
    assert sorted(fields(empty)) == ["kind", "start"]


def test_each_record_of_a_batch_tells_all_of_its_own_beside_the_first(server: Server) -> None:
    answer = server.post("/predict/batch", {"records": [WRONG, {"inde": 5}, {"inde": 99}]}).json()

    assert [error["index"] for error in answer["errors"]] == [0, 2]
    first = answer["errors"][0]
    assert {error["field"] for error in first["errors"]} == FIELDS
    assert {"field": first["field"], "detail": first["detail"]} == first["errors"][0]


def test_each_outcome_tells_all_of_its_own(server: Server) -> None:
    wrong = {"student_id": "RA-1", "outcome": "yes", "observed_at": "soon", "shoe": 41}

    (rejected,) = server.post("/labels", wrong).json()["rejected"]

    for field in ("shoe", "outcome", "observed_at", "period"):
        assert f"{field}: " in rejected["reason"]


def test_an_outcome_tells_of_everything_that_says_whose_it_is(server: Server) -> None:
    wrong = {"prediction_id": "?", "student_id": "", "period": "soon", "outcome": 1}

    (rejected,) = server.post("/labels", wrong).json()["rejected"]

    for field in ("prediction_id", "student_id", "period"):
        assert f"{field}: " in rejected["reason"]


def test_a_body_of_thousands_of_unknown_fields_is_told_of_some_of_them(server: Server) -> None:
    answer = server.post("/predict", {f"f{number}": 1 for number in range(3_000)})

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 20
