"""The Python client says of the interface what the OpenAPI page says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import orjson
import pytest

from api import openapi
from api.app import create_app
from farol_client import answers
from farol_client.operations import Operations
from farol_client.steps import ApiCall, ApiReply, Steps
from preprocessing.task.spec import load_task

TASKS = ("pede_lag", "exam_scores")
Json = dict[str, Any]

CLIENT = Operations()
OPERATIONS: Mapping[str, tuple[Callable[[], Steps[Any]], type | None]] = {
    "predict": (lambda: CLIENT.explain({"ida": 5}), answers.ExplainedRecord),
    "predict_batch": (lambda: CLIENT.predict_many([{"ida": 5}]), answers.BatchRead),
    "label": (lambda: CLIENT.report([{"prediction_id": "0" * 32}]), answers.OutcomesRead),
    "act": (lambda: CLIENT.act({"student_id": "RA-1"}), answers.ActionRead),
    "intervene": (lambda: CLIENT.intervene({"student_id": "RA-1"}), answers.HelpRead),
    "students_at_risk": (lambda: CLIENT.at_risk(period="2024", status="alert"), None),
    "get_student": (lambda: CLIENT.student("RA 1/2", unit="Escola A"), None),
    "get_model": (CLIENT.model, None),
    "get_schema": (CLIENT.schema, None),
    "list_tasks": (CLIENT.tasks, None),
}
"""Operation of the page to what the client does for it, and how it reads the answer."""


@cache
def the_page(task: str) -> Json:
    return openapi.document(create_app(), load_task(task))


def operations(task: str) -> dict[str, tuple[str, str, Json]]:
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in the_page(task)["paths"].items()
        for method, operation in methods.items()
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_the_client_sends_is_what_the_page_takes(name: str) -> None:
    method, path, operation = operations("pede_lag")[name]

    call = next(OPERATIONS[name][0]())

    assert isinstance(call, ApiCall)
    assert call.method == method
    assert re.fullmatch("/v1" + re.sub(r"{\w+}", "[^/]+", path), call.path)
    declared = {(one["in"], one["name"]) for one in operation.get("parameters", ())}
    assert {("query", one) for one in call.params} <= declared
    assert (call.key is not None) == (("header", "Idempotency-Key") in declared)
    assert (call.json is not None) == ("requestBody" in operation)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", [name for name, (_, kind) in OPERATIONS.items() if kind])
def test_what_the_client_reads_is_what_the_page_declares(name: str, task: str) -> None:
    kind = OPERATIONS[name][1]
    _, _, operation = operations(task)[name]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    if "anyOf" in schema:
        schema = schema["anyOf"][-1]

    assert list(differences(kind, schema, the_page(task)["components"]["schemas"], name)) == []


def test_the_client_reads_the_tasks_as_the_page_declares_them() -> None:
    schemas = the_page("pede_lag")["components"]["schemas"]

    found = differences(answers.ListedTaskRead, schemas["ListedTask"], schemas, "tasks")

    assert list(found) == []


def test_a_change_of_the_page_is_found() -> None:
    schemas = orjson.loads(orjson.dumps(the_page("pede_lag")["components"]["schemas"]))
    answer = schemas["PredictionAnswer"]["properties"]

    def told() -> str:
        kind = answers.ScoredRecord
        return " ".join(differences(kind, schemas["PredictionAnswer"], schemas, "it"))

    assert told() == ""
    answer["threshold"] = {"type": "string"}
    answer["surprise"] = answer.pop("imputed")
    schemas["RiskLabel"]["enum"].append("middle")

    for field in ("it.threshold", "it.surprise", "it.imputed", "it.risk_label"):
        assert field in told()


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_the_page_gives_as_an_example_is_read(name: str) -> None:
    _, _, operation = operations("pede_lag")[name]
    example = operation["responses"]["200"]["content"]["application/json"]["example"]
    steps = OPERATIONS[name][0]()
    next(steps)

    with pytest.raises(StopIteration):
        steps.send(ApiReply(200, orjson.dumps(example)))


def differences(kind: Any, schema: Json, schemas: Json, where: str) -> Iterator[str]:
    """Every place where a type of the client's is not what a schema says."""
    schema = resolved(schema, schemas)
    if is_typeddict(kind):
        fields = get_type_hints(kind)
        declared = schema.get("properties", {})
        optional = {"risk_score", "predicted", "interval"}
        for name in (fields.keys() ^ declared.keys()) - optional:
            yield f"{where}.{name} is in one of them only"
        for name in fields.keys() & declared.keys():
            yield from differences(fields[name], declared[name], schemas, f"{where}.{name}")
        return
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (list, Sequence) and inner:
        items: Json = schema.get("items") or schema["prefixItems"][0]
        yield from differences(inner[0], items, schemas, f"{where}[]")
        return
    if kinds_of(kind) != kinds_in(schema, schemas):
        yield f"{where} is {kinds_of(kind)} here and {kinds_in(schema, schemas)} there"


def resolved(schema: Json, schemas: Json) -> Json:
    """A schema without references, and of one that may be null the other."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def kinds_of(kind: Any) -> set[str]:
    """The JSON types of a type, or the words of a literal."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {f"'{word}'" for word in inner}
    if origin is Union or type(kind).__name__ == "UnionType":
        return set().union(*map(kinds_of, inner))
    if origin is not None and issubclass(origin, Mapping):
        return {"object"}
    if origin is not None:
        return {"array"}
    names = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    return {names[kind]}


def kinds_in(schema: Json, schemas: Json) -> set[str]:
    """The JSON types of a schema, or its words."""
    schema = resolved(schema, schemas)
    if "anyOf" in schema:
        return set().union(*(kinds_in(one, schemas) for one in schema["anyOf"]))
    if "enum" in schema:
        return {f"'{word}'" for word in schema["enum"]} if len(schema["enum"]) < 5 else {"string"}
    return {str(schema.get("type", "object"))}
