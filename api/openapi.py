"""The OpenAPI page, with the task's own fields, bounds and words."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.scales import form_of
from model.options import OPTIONS, Allowed
from model.prediction import RiskLabel, RiskStatus, Scale
from preprocessing.task.columns import Column, Kind
from preprocessing.task.spec import TaskSpec

Json = dict[str, Any]

DESCRIPTION = """Sends a student's indicators, gets a prediction; months later sends what happened.

Errors are RFC 9457 problem documents; `errors` names the fields at fault."""


def document(app: FastAPI, task: TaskSpec) -> Json:
    """The page for one task."""
    page = get_openapi(
        title=f"Farol: {task.title}",
        version=app.version,
        description=f"{DESCRIPTION}\n\n{task.description}",
        routes=app.routes,
    )
    schemas = page.setdefault("components", {}).setdefault("schemas", {})
    schemas |= _schemas(task)
    page["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    page["security"] = [{"bearer": []}, {"key": []}]
    page["paths"]["/predict"] = {"post": _predict()}
    _body(page, "/predict/batch", _object({"records": _list("Record", most=1000)}, ["records"]))
    _answer(page, "/predict/batch", _object({
        "model_version": {"type": "string"},
        "predictions": _list("Prediction"),
        "errors": _list("RecordError"),
    }))  # fmt: skip
    _answer(page, "/predict/{student_id}", _ref("Prediction"))
    _answer(page, "/students/at-risk", _ref("StudentList"), "get")
    _body(page, "/labels", {"oneOf": [
        _ref("Label"), _list("Label"), _object({"labels": _list("Label")}, ["labels"]),
    ]})  # fmt: skip
    _answer(page, "/labels", _ref("LabelCounts"))
    _body(page, "/train", _run_options(), required=False)
    for path in ("/models/{version}/promote", "/model/rollback"):
        _body(page, path, _object({"reason": {"type": "string", "minLength": 1}}, ["reason"]))
    for path in page["paths"].values():
        for operation in path.values():
            _problems(operation)
    return page


def feature_schema(column: Column) -> Json:
    """JSON schema of one feature.

    >>> feature_schema(Column(name="ida", low=0, high=10))["maximum"]
    10.0
    """
    schema: Json = {"description": column.description}
    if column.kind is Kind.CATEGORY:
        schema["type"] = "string"
        if column.categories:
            schema["enum"] = list(column.categories)
        return schema
    schema["type"] = "integer" if column.integer else "number"
    if column.low is not None:
        schema["minimum"] = column.low
    if column.high is not None:
        schema["maximum"] = column.high
    return schema


def _assessment(task: TaskSpec) -> Json:
    """The fields that say what a version makes of a record."""
    text, share = {"type": "string"}, {"type": ["number", "null"], "minimum": 0, "maximum": 1}
    return {
        **form_of(task).schema(task),
        "risk_label": text | {"enum": [label.value for label in RiskLabel]},
        "status": text | {
            "enum": [status.value for status in RiskStatus],
            "description": "`insufficient`: the record gave less than "
            f"{task.status.min_known_weight:.0%} of what the version's scores rest on.",
        },
        "known_weight": share | {
            "description": "Share of what the version's scores rest on that the record gave; null "
            "where the version does not know it.",
        },
    }  # fmt: skip


def _schemas(task: TaskSpec) -> Json:
    text = {"type": "string"}
    texts = {"type": "array", "items": text}
    return {
        "Record": _object({
            "student_id": text | {"description": "The school's own identifier."},
            "period": text | {"pattern": task.periods, "description": "Default: this year."},
            **{column.name: feature_schema(column) for column in task.features},
        }) | {"additionalProperties": False},
        "Prediction": _object({
            "prediction_id": text,
            "student_id": {"type": ["string", "null"]},
            "period": text,
            **_assessment(task),
            "threshold": {"type": "number", "description": "Where `high` begins."},
            "model_version": text,
            "imputed": texts | {"description": "Features that were filled in."},
            "unseen": texts | {"description": "Of those, the ones whose category the version never "
                                              "saw; the most frequent one was taken."},
            "latency_ms": {"type": "number"},
            "base_value": {"type": "number", "description": "With `explain=true`."},
            "reasons": _list("Reason"),
        }),
        "ListedStudent": _object({
            "student_id": text, "period": text, **_assessment(task), "model_version": text,
            "base_value": {"type": "number"}, "reasons": _list("Reason"),
        }),
        "StudentList": _object({
            "period": {"type": ["string", "null"]},
            "model_version": text,
            "scale": text | {"enum": [scale.value for scale in Scale]},
            **{name: {"type": "integer"} for name in ("total", "limit", "offset")},
            "counts": _object({status.value: {"type": "integer"} for status in RiskStatus})
            | {"description": "Students of the period by status."},
            "students": _list("ListedStudent"),
        }),
        "Reason": _object({
            "feature": text,
            "value": {"type": ["number", "string", "null"]},
            "contribution": {"type": "number", "description": form_of(task).contribution},
        }),
        "RecordError": _object({
            "index": {"type": "integer"}, "field": text, "detail": text,
        }),
        "Label": _label(task),
        "LabelCounts": _object({
            **{name: {"type": "integer"} for name in (
                "accepted", "joined", "orphaned", "duplicate", "corrected", "early",
            )},
            "rejected": {"type": "array", "items": _object({
                "index": {"type": "integer"}, "reason": text,
            })},
        }),
        "Problem": _object({
            "type": text, "title": text, "status": {"type": "integer"}, "detail": text,
            "errors": {"type": "array", "items": _object({"field": text, "detail": text})},
        }),
    }  # fmt: skip


def _label(task: TaskSpec) -> Json:
    text = {"type": "string"}
    raw = task.outcome.column
    return _object({
        "prediction_id": text | {"description": "What /predict answered; or:"},
        "student_id": text,
        "period": text | {"description": "The period of the features."},
        "outcome": {"type": ["number", "boolean"], "description": task.outcome.description},
        raw.name: feature_schema(raw) | {"description": f"Instead of outcome. {raw.description}"},
        "observed_at": text | {"format": "date-time", "description": "Default: now."},
    })  # fmt: skip


def _run_options() -> Json:
    return _object({name: _option(allowed) for name, allowed in OPTIONS.items()}) | {
        "additionalProperties": False
    }


def _option(allowed: Allowed) -> Json:
    if allowed.kind is bool:
        return {"type": "boolean", "description": allowed.help}
    least = "exclusiveMinimum" if allowed.above else "minimum"
    return {
        "type": "integer" if allowed.kind is int else "number",
        "description": allowed.help,
        least: allowed.low,
        "maximum": allowed.high,
    }


def _predict() -> Json:
    explain = {
        "name": "explain", "in": "query", "required": False, "schema": {"type": "boolean"},
        "description": "Also tells the reasons, strongest first.",
    }  # fmt: skip
    return {
        "tags": ["predictions"],
        "summary": "Scores one record",
        "description": "Any of the features; those that lack are filled in and named.",
        "operationId": "predict",
        "parameters": [explain],
        "requestBody": _content(_ref("Record"), required=True),
        "responses": {"200": {"description": "The assessment", **_content(_ref("Prediction"))}},
    }


def _body(page: Json, path: str, schema: Json, *, required: bool = True) -> None:
    page["paths"][path]["post"]["requestBody"] = _content(schema, required=required)


def _answer(page: Json, path: str, schema: Json, method: str = "post") -> None:
    page["paths"][path][method]["responses"]["200"] = {"description": "OK", **_content(schema)}


def _problems(operation: Json) -> None:
    problem = {"content": {"application/problem+json": {"schema": _ref("Problem")}}}
    operation["responses"].pop("422", None)
    operation["responses"]["4XX"] = {"description": "What is wrong with the request", **problem}
    operation["responses"]["503"] = {"description": "Try again later", **problem}


def _content(schema: Json, **more: bool) -> Json:
    return {"content": {"application/json": {"schema": schema}}, **more}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(name: str, most: int | None = None) -> Json:
    limit = {} if most is None else {"maxItems": most}
    return {"type": "array", "items": _ref(name), **limit}


def _object(properties: Json, required: list[str] | None = None) -> Json:
    more = {"required": required} if required else {}
    return {"type": "object", "properties": properties, **more}
