"""What a person sees who opens the API's address."""

from __future__ import annotations

import re

import pytest

from api.routes.pages import home
from tests import local
from tests.api.server import Server

WORKERS = 1
REPORT = {
    "status": "degraded",
    "model_version": None,
    "parts": {"registry": {"state": "down", "detail": "<no> answer"}},
}


def test_the_root_tells_the_state_and_links_what_there_is(server: Server) -> None:
    answer = server.get("/")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    for part in ("registry", "champion", "outbox", "worker", "retraining", "v1 serves"):
        assert part in answer.text
    links = re.findall(r'href="([^"]+)"', answer.text)
    assert {"/docs", "/health", "/metrics"} < set(links)
    own = [link for link in links if link.startswith("/")]
    assert [server.get(link).status_code for link in own] == [200] * len(own)
    assert "http://127.0.0.1:8501/" in links


@pytest.mark.parametrize(
    ("at", "script", "holds", "number"),
    [
        ("/docs", "swagger-ui-bundle.js", "SwaggerUIBundle", 4),
        ("/redoc", "redoc.standalone.js", "Redoc", 3),
    ],
)
def test_the_documentation_asks_nothing_of_another_host(
    server: Server, at: str, script: str, holds: str, number: int
) -> None:
    page = server.get(at)

    asked = re.findall(r'(?:src|href|spec-url)="([^"]+)"|url: \'([^\']+)\'', page.text)
    paths = [first or second for first, second in asked]
    assert len(paths) == number
    assert [path for path in paths if not path.startswith("/")] == []
    found = {path: server.get(path) for path in paths}
    assert {path: answer.status_code for path, answer in found.items()} == dict.fromkeys(paths, 200)
    assert holds in found[f"/docs/static/{script}"].text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_files_of_the_documentation_are_all_that_is_under_their_address(
    server: Server,
) -> None:
    outside = local.get(f"{server.url}/docs/static/%2e%2e/core.py")

    assert outside.status_code == 404


def test_what_parts_say_is_shown_as_text_and_a_dashboard_nobody_knows_is_not_linked() -> None:
    page = home("A <task>", REPORT, root="/farol", dashboard=None)

    assert "A &lt;task&gt;" in page
    assert "&lt;no&gt; answer" in page
    assert 'href="/farol/docs"' in page
    assert "Dashboard" not in page
    assert "serves" not in page
