"""What a route says of itself in the OpenAPI page besides its own words."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, get_args

from api.http import problems
from model.prediction import PredictionSource

Json = dict[str, Any]

REFUSALS: Mapping[int, str] = {
    400: "The body is not JSON, or a header is not what it is to be.",
    401: "No API key, or an unknown one.",
    403: "The key lacks the scope; or keys are off and the call is not of this machine.",
    404: "There is no such thing.",
    408: "The body came too slowly.",
    409: "This cannot be done as things are, or is being done.",
    410: "The student was erased.",
    413: "The body is too long.",
    415: "The body is not declared as what the route takes.",
    422: "Fields are wrong; `errors` names each.",
    429: "Too many calls of this key or address, or too many wait already; `Retry-After` says for \
how long.",
    503: "Try again later.",
    507: "The disk has no room for the file.",
}
"""What each status of an error means."""

WITH_KEY = (401, 403, 503)
WITH_BODY = (400, 408, 413, 415, 422)

TEXT: Json = {"schema": {"type": "string"}}
"""Of an answer that is no JSON."""

EXPLAIN: Json = {
    "name": "explain",
    "in": "query",
    "required": False,
    "schema": {"type": "boolean", "default": False},
    "description": "Also gives the reasons, strongest first.",
}

SOURCE: Json = {
    "name": "source",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "enum": [*PredictionSource], "default": PredictionSource.API},
    "description": "Where it is asked for; the prediction log keeps it.",
}

UNIT: Json = {
    "name": "unit",
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "Whose id it is; needed where each unit (a school) numbers its own students.",
}


def operation(
    summary: str,
    answer: type | UnionType | Mapping[str, Json],
    *refused: int,
    status: int = 200,
    also: tuple[int, ...] = (),
    body: Json | None = None,
    parameters: tuple[Json, ...] = (),
    key: bool = True,
) -> Json:
    """The keyword arguments with which a route is added.

    Args:
        summary: what it does, in a line.
        answer: what is answered, one class of `api.answers` or one of several; or media types with
            their schemas, where it is no JSON.
        refused: the statuses of the errors that are the route's own.
        status: of the answer.
        also: other statuses that the same answer may come with.
        body: the request body; a route that reads one may refuse it.
        parameters: those that the route reads by itself.
        key: a key with a scope is needed.
    """
    content = answer if isinstance(answer, Mapping) else {"application/json": schema_of(answer)}
    told: Json = {"description": "The answer.", "content": content}
    statuses = {403, 429, *refused, *(WITH_KEY if key else ()), *(WITH_BODY if body else ())}
    extra: Json = {} if key else {"security": []}
    if parameters:
        extra["parameters"] = [*parameters]
    if body:
        extra["requestBody"] = body
    return {
        "summary": summary,
        "status_code": status,
        "responses": {
            **{code: _problem(REFUSALS[code]) for code in sorted(statuses)},
            **dict.fromkeys((status, *also), told),
            "default": _problem("Any other error."),
        },
        "openapi_extra": extra,
    }


def _problem(description: str) -> Json:
    document = schema_of(problems.ProblemDocument)
    return {"description": description, "content": {problems.MEDIA_TYPE: document}}


def schema_of(answer: type | UnionType) -> Json:
    """The content of an answer in JSON, one class of `api.answers` or one of several."""
    kinds = get_args(answer) or (answer,)
    refs = [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in kinds]
    return {"schema": refs[0] if len(refs) == 1 else {"anyOf": refs}}
