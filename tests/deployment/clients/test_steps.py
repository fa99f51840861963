"""When the Python client sends a call again, and when it must not; nothing waits here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

import pandas as pd
import pytest

from farol_client.clients import FarolClient
from farol_client.errors import ApiRefusal, NoAnswer
from farol_client.frames import records_of, table_of
from farol_client.operations import Operations, ScoredRecords
from farol_client.steps import ApiCall, ApiReply, LostCall, Patience, Pause, Steps, answered

GET = ApiCall("GET", "/v1/model")
KEYED = ApiCall("POST", "/v1/predict", {"ida": 5}, key="k")
UNKEYED = ApiCall("POST", "/v1/predict", {"ida": 5})
PUT = ApiCall("PUT", "/v1/budgets", {})
GOOD = ApiReply(200, b"{}")
LOST = LostCall("ConnectError")
CALM = Patience(tries=3, first=1.0, spread=0)


def played(steps: Steps[Any], *replies: ApiReply | LostCall) -> tuple[list[Any], list[float]]:
    """The calls that were sent and the pauses that were made, until the replies are at an end."""
    calls, pauses = [next(steps)], []
    for reply in replies:
        step = steps.send(reply)
        if isinstance(step, Pause):
            pauses.append(step.seconds)
            step = next(steps)
        calls.append(step)
    return calls, pauses


@pytest.mark.parametrize("call", [GET, KEYED])
@pytest.mark.parametrize(
    "reply",
    [LOST, ApiReply(409, b"", 1.0), *(ApiReply(status, b"") for status in (429, 502, 503, 504))],
)
def test_a_call_that_may_be_repeated_is_sent_again_as_it_was(
    call: ApiCall, reply: ApiReply | LostCall
) -> None:
    calls, pauses = played(answered(call, CALM), reply, reply)

    assert calls == [call] * 3
    assert pauses == [1.0, 2.0]


@pytest.mark.parametrize("call", [UNKEYED, PUT])
def test_a_call_that_may_not_be_repeated_is_sent_once(call: ApiCall) -> None:
    steps = answered(call, CALM)
    next(steps)

    with pytest.raises(NoAnswer, match="ConnectError"):
        steps.send(LOST)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 500, 507])
def test_what_would_be_refused_again_is_not_sent_again(status: int) -> None:
    steps = answered(GET, CALM)
    next(steps)

    with pytest.raises(ApiRefusal):
        steps.send(ApiReply(status, b"{}"))


def test_as_long_is_waited_as_the_server_asks_for_and_no_longer_than_anybody_has_patience() -> None:
    _, pauses = played(answered(GET, CALM), ApiReply(503, b"", 7.0))
    steps = answered(GET, CALM)
    next(steps)

    assert pauses == [7.0]
    with pytest.raises(ApiRefusal):
        steps.send(ApiReply(429, b"", 3_600.0))


def test_after_the_last_try_the_refusal_is_told() -> None:
    steps = answered(GET, Patience(tries=1))
    next(steps)

    with pytest.raises(ApiRefusal) as refused:
        steps.send(ApiReply(503, json.dumps({"detail": "Later.", "title": "Busy"}).encode()))
    assert (refused.value.status, refused.value.detail) == (503, "Later.")


def test_pauses_grow_to_a_bound_and_are_never_alike() -> None:
    patience = Patience(tries=20, first=1.0, longest=4.0)

    pauses = [patience.pause(tried, None) for tried in range(1, 20)]

    seconds = [pause.seconds for pause in pauses if pause is not None]
    assert all(0.5 <= one <= 4.0 for one in seconds)
    assert len(set(seconds)) == len(seconds)


def test_every_field_at_fault_is_told() -> None:
    problem = {"detail": "two", "errors": [{"field": "ida", "detail": "a"}, {"field": "mat"}]}

    refusal = ApiRefusal.of(422, json.dumps(problem).encode(), None)

    assert [fault.field for fault in refusal.faults] == ["ida", "mat"]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"errors": ["bad gateway"]}', b"\xff", b"1"])
@pytest.mark.parametrize("status", [301, 302, 502])
def test_what_a_proxy_answers_is_a_refusal_too(status: int, body: bytes) -> None:
    steps = answered(GET, Patience(tries=1))
    next(steps)

    with pytest.raises(ApiRefusal, match=f"{status} The answer is no problem document"):
        steps.send(ApiReply(status, body))


def batches(steps: Steps[Any]) -> Iterator[ApiCall]:
    """The calls of an operation, each answered with a prediction for its first record alone."""
    call = next(steps)
    for number in count():
        assert isinstance(call, ApiCall)
        yield call
        answer = {
            "model_version": f"v{1 + number // 2}",
            "predictions": [{"index": 0}],
            "errors": [{"index": 1, "errors": []}],
            "latency_ms": 1.0,
        }
        try:
            call = steps.send(ApiReply(200, json.dumps(answer).encode()))
        except StopIteration as done:
            OUTCOME.append(done.value)
            return


OUTCOME: list[ScoredRecords] = []


def test_many_records_go_in_batches_of_a_thousand_each_with_a_key_of_its_own() -> None:
    records = ({"ida": 5.0} for _ in range(2_500))

    calls = list(batches(Operations(task="exam_scores").predict_many(records, key="mine")))

    assert [len(call.json["records"]) for call in calls] == [1_000, 1_000, 500]
    assert [call.key for call in calls] == ["mine-0", "mine-1000", "mine-2000"]
    assert {call.path for call in calls} == {"/v1/tasks/exam_scores/predict/batch"}
    told = OUTCOME.pop()
    assert [one["index"] for one in told.predictions] == [0, 1_000, 2_000]
    assert [one["index"] for one in told.errors] == [1, 1_001, 2_001]
    assert told.model_versions == ["v1", "v2"]


def test_a_table_becomes_records_and_a_table_by_the_same_index() -> None:
    frame = pd.DataFrame(
        {
            "student_id": ["a", "b"],
            "fase": pd.array([3, None], "Int64"),
            "ida": [4.5, 99.0],
            "day": [date(2026, 3, 9), pd.Timestamp("2026-03-09T12:00Z")],
        },
        index=[7, 9],
    )
    told = ScoredRecords(
        predictions=[{"index": 0, "status": "alert"}],  # type: ignore[typeddict-item]
        errors=[{"index": 1, "field": "ida", "detail": "x",
                 "errors": [{"field": "ida", "detail": "x"}, {"field": "mat", "detail": "y"}]}],
    )  # fmt: skip

    records = list(records_of(frame))
    table = table_of(told, frame.index)

    assert records == [
        {"student_id": "a", "fase": 3, "ida": 4.5, "day": "2026-03-09"},
        {"student_id": "b", "ida": 99.0, "day": "2026-03-09T12:00:00+00:00"},
    ]
    assert json.loads(json.dumps(records)) == records
    assert list(table.index) == [7, 9]
    assert table.loc[7, "status"] == "alert"
    assert table.loc[9, "error"] == "ida: x; mat: y"


def test_a_client_that_nobody_answers_says_so() -> None:
    with (
        FarolClient("http://127.0.0.1:9", patience=Patience(tries=2, first=0.01)) as client,
        pytest.raises(NoAnswer, match="sent 2 times"),
    ):
        client.model()
