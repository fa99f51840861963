"""The calls the dashboard makes, against a transport that answers as the API does."""

from __future__ import annotations

import json

import httpx
import pytest

from dashboard.api_client import ApiFailure, FarolApi


def api(answer: httpx.Response | Exception, seen: list[httpx.Request]) -> FarolApi:
    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return FarolApi("http://farol/", "secret", transport=httpx.MockTransport(respond))


def test_the_list_is_asked_for_with_the_key_and_only_the_filters_given() -> None:
    seen: list[httpx.Request] = []

    answer = api(httpx.Response(200, json={"students": []}), seen).get(
        "/students/at-risk", {"status": "critical", "unit": None, "limit": 200}
    )

    assert answer == {"students": []}
    assert str(seen[0].url) == "http://farol/students/at-risk?status=critical&limit=200"
    assert seen[0].headers["authorization"] == "Bearer secret"


def test_an_alarm_is_acknowledged_under_the_features_name_with_a_reason() -> None:
    seen: list[httpx.Request] = []

    api(httpx.Response(200, json={"alarmed": []}), seen).acknowledge("faltas/ano", "a new survey")

    assert seen[0].url.raw_path == b"/drift/alarms/faltas%2Fano/acknowledge"
    assert json.loads(seen[0].content) == {"reason": "a new survey"}


def test_a_promotion_sends_its_reason_and_gives_the_version_that_serves() -> None:
    seen: list[httpx.Request] = []

    now = api(httpx.Response(200, json={"version": "v2"}), seen).promote("v2", "better for phase 8")

    assert now == "v2"
    assert (seen[0].method, seen[0].url.path) == ("POST", "/models/v2/promote")
    assert json.loads(seen[0].content) == {"reason": "better for phase 8"}


def test_a_problem_document_becomes_a_failure_with_its_detail() -> None:
    problem = httpx.Response(409, json={"title": "Conflict", "detail": "No version before."})

    with pytest.raises(ApiFailure, match="No version before") as caught:
        api(problem, []).rollback("x")

    assert (caught.value.unreachable, caught.value.needs_key) == (False, False)


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_or_weak_key_is_told_from_other_refusals(status: int) -> None:
    with pytest.raises(ApiFailure) as caught:
        api(httpx.Response(status, json={"detail": "key"}), []).train()

    assert caught.value.needs_key


def test_nobody_answering_is_told_from_a_refusal() -> None:
    with pytest.raises(ApiFailure) as caught:
        api(httpx.ConnectError("refused"), []).train()

    assert caught.value.unreachable


def test_an_answer_that_is_no_json_is_a_failure_with_its_status() -> None:
    with pytest.raises(ApiFailure, match="HTTP 502"):
        api(httpx.Response(502, text="<html>"), []).train()
