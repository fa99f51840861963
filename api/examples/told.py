"""Puts an example to every body, answer and parameter of a path into the OpenAPI page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from api.examples.made import ExampleMaker, Json
from api.examples.texts import answer_text, body_text
from api.http.problems import MEDIA_TYPE
from api.operation import REFUSALS
from model.parsing.packaged import packaged_yaml
from preprocessing.task.spec import TaskSpec


def add_examples(page: Json, task: TaskSpec) -> None:
    """Adds the examples to a page about one task."""
    told = _told()
    maker = ExampleMaker(page["components"]["schemas"], told["words"], told["keys"])
    for operation in _operations(page):
        name = operation["operationId"]
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter["example"] = maker.of(parameter["schema"], parameter["name"])
        body = operation.get("requestBody", {})
        if body:
            operation["requestBody"] = body | {"content": _bodies(maker, name, body, task)}
        operation["responses"] = {
            code: response | {"content": _answers(maker, name, code, response)}
            for code, response in operation["responses"].items()
        }


def _bodies(maker: ExampleMaker, name: str, body: Json, task: TaskSpec) -> Json:
    record = maker.of({"$ref": "#/components/schemas/Record"})
    return {
        kind: _with(
            content,
            maker.of(content["schema"])
            if kind == "application/json"
            else body_text(name, kind, task, record),
        )
        for kind, content in body["content"].items()
    }


def _answers(maker: ExampleMaker, name: str, code: str, response: Json) -> Json:
    found: Json = {}
    for kind, content in response.get("content", {}).items():
        if kind == MEDIA_TYPE:
            found[kind] = _with(content, problem(code))
        elif kind == "application/json":
            found[kind] = _with(content, maker.of(content["schema"]))
        else:
            found[kind] = _with(content, answer_text(name, kind))
    return found


def problem(code: str) -> Json:
    """The problem document of a status; `default` stands for an error nobody foresaw.

    >>> problem("404")["title"]
    'Not Found'
    """
    status = int(code) if code.isdecimal() else 500
    document: Json = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": REFUSALS.get(status, "An unexpected error; the server's log tells more."),
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        faults = {"ida": "must be between 0 and 10", "period": "must be a period, such as 2026"}
        document["detail"] = "; ".join(f"{field}: {why}" for field, why in faults.items())
        document["errors"] = [{"field": f, "detail": why} for f, why in faults.items()]
    return document


def _with(content: Json, example: Any) -> Json:
    return content if example is None else content | {"example": example}


def _operations(page: Json) -> Iterator[Json]:
    for methods in page["paths"].values():
        yield from methods.values()


@cache
def _told() -> Json:
    told: Json = packaged_yaml("api.examples", "words.yaml")
    return told
