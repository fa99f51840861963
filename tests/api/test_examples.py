"""Every operation of the OpenAPI page has examples, and they are what the page says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest

from api import openapi
from api.app import create_app
from preprocessing.task.spec import load_task
from tests import local
from tests.api.server import Server
from tests.api.strict import StrictPage

WORKERS = 1
TASKS = ("pede_lag", "exam_scores")
BINARY = {
    "application/gzip", "application/octet-stream", "application/vnd.apache.parquet",
    "application/x-tar", "application/zip",
}  # fmt: skip
NOT_READ = {400, 408, 413, 415, 422}


@cache
def the_page(task: str) -> dict[str, Any]:
    return openapi.document(create_app(), load_task(task))


def operations(page: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in page["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where something is told, its media type, and what is told of it."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield "body", kind, content
    for code, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            yield code, kind, content


@pytest.mark.parametrize("task", TASKS)
def test_every_body_and_every_answer_has_an_example_unless_it_is_binary(task: str) -> None:
    lacking = [
        f"{operation['operationId']}: {where} {kind}"
        for _, _, operation in operations(the_page(task))
        for where, kind, content in contents(operation)
        if "example" not in content and kind not in BINARY and "vnd." not in kind
    ]

    assert lacking == []


@pytest.mark.parametrize("task", TASKS)
def test_every_example_is_what_its_schema_says(task: str) -> None:
    page = StrictPage(the_page(task))

    faults = [
        f"{operation['operationId']}: {where} {kind}: {fault}"
        for _, _, operation in operations(the_page(task))
        for where, kind, content in contents(operation)
        if "example" in content
        for fault in page.wrong(content["schema"], content["example"])
    ]

    assert faults == []


def test_every_parameter_of_a_path_has_an_example() -> None:
    lacking = [
        (path, parameter["name"])
        for _, path, operation in operations(the_page("pede_lag"))
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "path" and "example" not in parameter
    ]

    assert lacking == []


def test_every_example_of_a_body_is_read_by_the_server(server: Server) -> None:
    refused = {}
    for method, path, operation in operations(server.get("/openapi.json").json()):
        for where, kind, content in contents(operation):
            if where != "body" or "example" not in content:
                continue
            answer = _sent(server, method, path, kind, content["example"])
            if answer.status_code in NOT_READ:
                refused[operation["operationId"], kind] = answer.text[:200]

    assert refused == {}


def _sent(server: Server, method: str, path: str, kind: str, example: Any) -> httpx.Response:
    address = server.url + path.replace("{", "").replace("}", "")
    if kind == "application/json":
        return local.request(method, address, json=example, timeout=60)
    return local.request(
        method, address, content=example, headers={"content-type": kind}, timeout=60
    )
