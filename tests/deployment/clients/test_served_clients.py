"""Both Python clients against a real server."""

from __future__ import annotations

import asyncio

import httpx
import pandas as pd
import pytest

from database.predictions import PredictionRepository
from farol_client import ApiRefusal, AsyncFarolClient, FarolClient, Patience
from tests.api.conftest import World
from tests.api.server import Server, until

RECORD = {"student_id": "RA-1", "inde": 7.5, "ida": 3.0, "pedra": "topazio"}
HASTY = Patience(first=0.01)


class Unlucky(httpx.BaseTransport):
    """Loses the answer to the first call of each kind, after the server has given it."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self.sent: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        self.sent.append(request.url.path)
        if self.sent.count(request.url.path) == 1:
            answer.close()
            raise httpx.ReadError("the connection broke", request=request)
        return answer

    def close(self) -> None:
        self._inner.close()


def test_an_answer_that_was_lost_comes_again_and_nothing_is_done_twice(
    server: Server, world: World
) -> None:
    unlucky = Unlucky()
    with FarolClient(server.url, patience=HASTY, transport=unlucky) as client:
        scored = client.predict(RECORD | {"student_id": "RA-lost", "period": "2023"})
        outcomes = [{"prediction_id": scored["prediction_id"], "outcome": 1}]
        told = client.report(outcomes)

    assert unlucky.sent == ["/v1/predict"] * 2 + ["/v1/labels"] * 2
    assert (told["accepted"], told["duplicate"], told["corrected"]) == (1, 0, 0)
    until(
        lambda: len(world.registry.run(PredictionRepository().of_student("RA-lost", limit=5))) == 1
    )


def test_everything_is_read_as_it_is_answered(server: Server) -> None:
    with FarolClient(server.url, task="pede_lag") as client:
        explained = client.explain(RECORD)
        many = client.predict_many([RECORD, {"inde": 99}])
        acted = client.act({"student_id": "RA-1", "kind": "seen"})
        helped = client.intervene({"student_id": "RA-1", "kind": "tutoring", "start": "2024-03-04"})
        model, schema, tasks = client.model(), client.schema(), client.tasks()

    assert explained["reasons"]
    assert explained["risk_score"] == many.predictions[0]["risk_score"]
    assert [(one["index"], one["field"]) for one in many.errors] == [(1, "inde")]
    assert (acted["kind"], helped["kind"]) == ("seen", "tutoring")
    assert model["version"] in many.model_versions
    assert {"ida", "pedra"} <= {one["name"] for one in schema["features"]}
    assert [one["task"] for one in tasks] == ["pede_lag"]


def test_a_refusal_names_every_field(server: Server) -> None:
    with FarolClient(server.url) as client, pytest.raises(ApiRefusal) as refused:
        client.predict({"inde": 99, "ida": "many"})

    assert refused.value.status == 422
    assert [fault.field for fault in refused.value.faults] == ["inde", "ida"]


def test_a_table_of_more_than_a_thousand_rows_is_scored(server: Server) -> None:
    frame = pd.DataFrame({"student_id": [f"T{n}" for n in range(1_200)], "inde": 7.5})
    frame.loc[5, "inde"] = 99.0
    frame.loc[7, "inde"] = None

    with FarolClient(server.url) as client:
        table = client.predict_frame(frame)

    assert len(table) == 1_200
    assert table["error"].notna().to_numpy().nonzero()[0].tolist() == [5, 7]
    assert table.loc[1_199, "student_id"] == "T1199"


def test_who_awaits_gets_the_same(server: Server) -> None:
    async def all_at_once() -> list[str]:
        async with AsyncFarolClient(server.url) as client:
            told = await asyncio.gather(*(client.predict(RECORD, key="async") for _ in range(4)))
            table = await client.predict_frame(pd.DataFrame([RECORD]))
            assert table.loc[0, "risk_score"] == told[0]["risk_score"]
            assert (await client.model())["version"] == told[0]["model_version"]
            return [one["prediction_id"] for one in told]

    ids = asyncio.run(all_at_once())

    assert len(set(ids)) == 1, "one call, sent four times at once"
