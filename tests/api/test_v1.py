"""Every route is under `/v1` too, and the front door answers there as it does elsewhere."""

from __future__ import annotations

import re

import pytest

from api.app import create_app
from api.openapi import servers
from tests import local
from tests.api.conftest import World
from tests.api.keys import make_key
from tests.api.server import Server, served, until
from tests.trail import entries, settled

RECORD = {"student_id": "RA-1", "inde": 7.5, "ida": 3.0}
PREFIXES = ("/v1", "/v1/tasks/pede_lag")


def counted(server: Server, operation: str, status: int) -> float:
    page = server.get("/metrics").text
    found = re.findall(
        rf'farol_requests_total{{operation="{operation}",status="{status}".*}} (.*)', page
    )
    return sum(map(float, found))


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_record_is_scored_in_front_of_the_routes(server: Server, prefix: str) -> None:
    before = counted(server, "predict", 200)

    answer = server.post(f"{prefix}/predict", RECORD)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    until(lambda: counted(server, "predict", 200) == before + 1, 10)
    assert server.get(f"{prefix}/predict").headers["allow"] == "POST"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_route_that_needs_no_name_answers_as_without_it(server: Server, prefix: str) -> None:
    paths = [
        path
        for path, methods in server.get("/openapi.json").json()["paths"].items()
        if "get" in methods and "{" not in path and "metrics" not in path
    ]

    different = [
        path
        for path in paths
        if server.get(path).status_code != server.get(f"{prefix}{path}").status_code
    ]

    assert len(paths) > 25
    assert different == []


def test_what_is_not_there_is_not_there_either(server: Server) -> None:
    paths = ("/v1/nothing", "/v1/tasks/nowhere/model", "/v2/model", "/v1/v1/model", "/v1")

    assert [server.get(path).status_code for path in paths] == [404] * 5


def test_a_page_under_v1_leads_to_routes_under_v1(server: Server) -> None:
    page = server.get("/v1/openapi.json").json()

    assert [one["url"] for one in page["servers"]] == ["/v1"]
    assert page["paths"] == server.get("/openapi.json").json()["paths"], "no route is told twice"
    assert "/v1/openapi.json" in server.get("/v1/docs").text
    script = re.search(r'src="(/v1/docs/static/[^"]+)"', server.get("/v1/docs").text)
    assert script is not None
    assert server.get(script[1]).status_code == 200


@pytest.mark.parametrize(
    ("root", "found"),
    [
        ("", ["/", "/v1"]),
        ("/tasks/a", ["/tasks/a", "/v1/tasks/a"]),
        ("/farol/tasks/a", ["/farol/tasks/a", "/farol/v1/tasks/a"]),
        ("/v1/tasks/a", ["/v1/tasks/a"]),
        ("/tasks/v1st_grade", ["/tasks/v1st_grade", "/v1/tasks/v1st_grade"]),
    ],
)
def test_the_page_says_where_its_routes_are(root: str, found: list[str]) -> None:
    assert [one["url"] for one in servers(root)] == found


def test_keys_scopes_and_the_trail_hold_under_v1(world: World) -> None:
    secret = make_key(world.home, "--scope", "predict,read")
    with served(world.home, workers=1, auth="keys") as guarded:
        until(lambda: all(w["version"] for w in guarded.workers()))
        held = {"X-API-Key": secret}
        url = f"{guarded.url}/v1"

        nobody = [local.post(f"{url}/predict", json=RECORD), local.get(f"{url}/models")]
        scored = local.post(f"{url}/predict", json=RECORD, headers=held)
        told = local.get(f"{url}/models", headers=held)
        closed = local.post(f"{url}/labels", json=[], headers=held)
        settled(world.home)

    assert [answer.status_code for answer in nobody] == [401, 401]
    assert (scored.status_code, told.status_code, closed.status_code) == (200, 200, 403)
    shown = {(one.action, one.subject) for one in world.registry.run(entries())}
    assert ("models read", "versions") in shown


def test_no_route_is_declared_twice() -> None:
    paths = [getattr(route, "path", "") for route in create_app().routes]

    assert [path for path in paths if path.startswith("/v1")] == []
