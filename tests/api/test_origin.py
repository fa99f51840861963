"""Web pages of others, while no key is asked for."""

from __future__ import annotations

import httpx
import pytest

from tests import local
from tests.api.conftest import World
from tests.api.keys import keys
from tests.api.server import Server, served

RECORD = b'{"inde": 7.5}'
ACTING = ("/predict", "/labels", "/train", "/model/rollback", "/predict/batch")
READING = ("/students/at-risk", "/models", "/health", "/metrics", "/openapi.json", "/docs", "/")


def post(server: Server, path: str, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return local.post(server.url + path, content=RECORD, headers=given, timeout=10)


@pytest.mark.parametrize("path", ACTING)
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_a_page_of_another_origin_can_do_nothing(server: Server, path: str, origin: str) -> None:
    answer = post(server, path, Origin=origin, Content_Type="application/json")

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == "origin"


@pytest.mark.parametrize("path", READING)
def test_a_name_that_was_pointed_to_this_machine_reads_nothing(server: Server, path: str) -> None:
    port = server.url.rpartition(":")[2]

    refused = [
        server.get(path, Host=host).status_code
        for host in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "10.1.2.3")
    ]

    assert refused == [403] * 4


@pytest.mark.parametrize("path", ACTING)
def test_a_name_that_was_pointed_to_this_machine_can_do_nothing(server: Server, path: str) -> None:
    answer = post(server, path, Host="evil.example", Content_Type="application/json")

    assert answer.status_code == 403
    assert "FAROL_AUTH=keys" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:65535", "[::1]:8000"])
def test_this_machines_own_names_are_answered_with_any_port(server: Server, host: str) -> None:
    assert post(server, "/predict", Host=host).status_code == 200


def test_plain_curl_goes_on_working(server: Server) -> None:
    """`curl -d` declares a form and sends no Origin."""
    answer = post(server, "/predict", Content_Type="application/x-www-form-urlencoded")

    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_where_a_page_asks_a_body_must_be_declared_as_json(server: Server, kind: str) -> None:
    answer = post(server, "/predict", Origin=server.url, Content_Type=kind)

    assert answer.status_code == 415
    assert answer.json()["errors"][0]["field"] == "content-type"


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_the_apis_own_page_may_call_it(server: Server, kind: str) -> None:
    assert post(server, "/predict", Origin=server.url, Content_Type=kind).status_code == 200


def test_with_keys_the_host_is_whatever_the_proxy_says_and_a_page_has_no_key(world: World) -> None:
    with served(world.home, workers=1, auth="keys") as guarded:
        secret = keys(world.home, "create", "--name", "proxy", "--scope", "predict")

        known = post(guarded, "/predict", Host="farol.school.example", X_API_Key=secret)
        page = post(guarded, "/predict", Origin="https://evil.example", Content_Type="text/plain")
        preflight = httpx.options(
            guarded.url + "/labels",
            headers={
                "Origin": "https://evil.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization",
            },
        )

    assert (known.status_code, page.status_code) == (200, 401)
    assert not [name for name in preflight.headers if name.startswith("access-control-")]
