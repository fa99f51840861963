"""The OpenAPI page: every route with what it takes, answers and refuses, for one task."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from api import predict_endpoint
from api.answers import (
    alarms,
    assessments,
    comparisons,
    decisions,
    dossiers,
    effects,
    erasures,
    exports,
    files,
    helping,
    lists,
    models,
    notices,
    origins,
    people,
    performance,
    predictions,
    retention,
    rights,
    system,
    trials,
)
from api.answers.predictions import ScoreFields
from api.answers.scales import form_of
from api.bodies import task_schemas
from api.examples.told import add_examples
from api.http.problems import ProblemDocument
from api.operation import Json
from api.task_paths import TASKS, V1
from preprocessing.task.spec import TaskSpec

DESCRIPTION = """Sends a student's indicators, gets a prediction; months later sends what happened.

Errors are RFC 9457 problem documents; `errors` names the fields at fault."""


def document(app: FastAPI, task: TaskSpec) -> Json:
    """The page for one task."""
    page = get_openapi(
        title=f"Farol: {task.title}",
        version=app.version,
        description=f"{DESCRIPTION}\n\n{task.description}",
        routes=[predict_endpoint.described(), *app.routes],
    )
    page["components"] = {
        "schemas": answer_schemas(task) | task_schemas(task),
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        },
    }
    page["security"] = [{"bearer": []}, {"key": []}]
    add_examples(page, task)
    return page


def servers(root: str) -> list[Json]:
    """Where the routes of a page are: where it was asked for, and under `/v1`.

    Args:
        root: the path before the routes' own.

    >>> [one["url"] for one in servers("/tasks/pede_lag")]
    ['/tasks/pede_lag', '/v1/tasks/pede_lag']
    """
    here = {"url": root or "/", "description": "As the page was asked for."}
    of_task = root.rfind(TASKS)
    before, task = (root, "") if of_task < 0 else (root[:of_task], root[of_task:])
    if before.endswith(V1):
        return [here]
    return [
        here,
        {
            "url": f"{before}{V1}{task}",
            "description": "This version of the interface, whatever comes after it.",
        },
    ]


ANSWERS = (
    predictions, dossiers, exports, assessments, files, origins, helping, lists, models, decisions,
    alarms, trials, comparisons, notices, performance, effects, erasures, people, retention, rights,
    system,
)  # fmt: skip


def answer_schemas(task: TaskSpec) -> Json:
    """Name to schema of every declared answer and of what it is made of."""
    named = [item for module in ANSWERS for item in vars(module).items()]
    declared = list(dict.fromkeys(kind for name, kind in named if name.endswith("Answer")))
    _, found = TypeAdapter.json_schemas(
        [(kind, "serialization", TypeAdapter(kind)) for kind in (*declared, ProblemDocument)],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Written,
    )
    schemas: Json = found["$defs"]
    for name, schema in schemas.items():
        fields = schema.get("properties", {})
        if ScoreFields.__annotations__.keys() <= fields.keys():
            schemas[name] = _on_the_scale(schema, task)
    schemas["Reason"]["properties"]["contribution"]["description"] = form_of(task).contribution
    return schemas


class _Written(GenerateJsonSchema):
    """Schemas of what is written: a field of a record is there, whatever its default."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        if field["type"] == "typed-dict-field":
            return super().field_is_required(field, total)
        return True


def _on_the_scale(schema: Json, task: TaskSpec) -> Json:
    """The schema of an assessment with the score's fields that the task has, in its words."""
    words = form_of(task).words(task)
    others = ScoreFields.__annotations__.keys() - words.keys()
    fields = {name: field for name, field in schema["properties"].items() if name not in others}
    for name, description in words.items():
        fields[name]["description"] = description
    return schema | {"properties": fields, "required": [*words, *schema["required"]]}
