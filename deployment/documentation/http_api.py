"""The HTTP API, from the OpenAPI document that an installation serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from api.app import create_app
from api.openapi import document
from deployment.documentation.markdown import code, plain, table
from deployment.documentation.schemas import ANCHOR, Schema, about, anchor, default_of, kind_of
from preprocessing.task.spec import load_task

TASK = "pede_lag"
"""Whose features the examples and schemas name."""

CALLS, SCHEMAS = "http-api.md", "schemas.md"
TO_SCHEMAS = f"{SCHEMAS}{ANCHOR}"
METHODS = ("get", "post", "put", "patch", "delete")
FIELD = ("field", "type", "default", "meaning")
HEAD = """\
# HTTP API

All calls of an installation, made from its OpenAPI document for the task `{task}`;
`GET /openapi.json` tells that of a running one, `/docs` shows it. Every call is there for each task
under `/tasks/{{task}}` too. What they are for, with examples: [Serving](../serving.md). What their
bodies and answers hold: [Schemas](schemas.md).

"""
SCHEMAS_HEAD = """\
# Schemas

What the calls of the [HTTP API](http-api.md) take and answer, field by field.

"""


def opened_document() -> Mapping[str, Any]:
    """The OpenAPI document."""
    return document(create_app(), load_task(TASK))


def calls_page(api: Mapping[str, Any]) -> str:
    """Every call, by what it is about."""
    groups: dict[str, list[str]] = {}
    for path, operations in api["paths"].items():
        for method in METHODS:
            if method in operations:
                told = operations[method]
                about_what = (told.get("tags") or ["other"])[0]
                groups.setdefault(about_what, []).append("".join(_call(method, path, told)))
    sections = (f"## {name}\n\n{''.join(calls)}" for name, calls in groups.items())
    return HEAD.format(task=TASK) + "".join(sections)


def schemas_page(api: Mapping[str, Any]) -> str:
    """Every schema."""
    schemas: Mapping[str, Schema] = api["components"]["schemas"]
    sections = ("".join(_schema(name, schemas[name])) for name in sorted(schemas))
    return SCHEMAS_HEAD + "".join(sections)


def _call(method: str, path: str, told: Mapping[str, Any]) -> Iterator[str]:
    yield f"### `{method.upper()} {path}`\n\n"
    for words in (told.get("summary", ""), *told.get("description", "").split("\n\n")):
        if words:
            yield f"{plain(words).rstrip('.')}.\n\n"
    heads = ("parameter", "in", "type", "default", "meaning")
    yield table(heads, (_parameter(one) for one in told.get("parameters", ()))) + "\n"
    for kind, content in told.get("requestBody", {}).get("content", {}).items():
        yield f"Body, `{kind}`: {kind_of(content.get('schema', {}), TO_SCHEMAS)}\n\n"
    yield table(("status", "meaning", "answer"), _answers(told)) + "\n"


def _parameter(one: Mapping[str, Any]) -> tuple[str, ...]:
    schema = one.get("schema", {})
    default = default_of(schema) or ("required" if one.get("required") else "")
    words = one.get("description") or schema.get("description", "")
    return (code(one["name"]), one["in"], kind_of(schema, TO_SCHEMAS), default, plain(words))


def _answers(told: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for status, answer in told["responses"].items():
        kinds = dict.fromkeys(
            kind_of(content["schema"], TO_SCHEMAS) if content.get("schema") else code(kind)
            for kind, content in answer.get("content", {}).items()
        )
        yield code(status), plain(answer.get("description", "")), " or ".join(kinds)


def _schema(name: str, schema: Schema) -> Iterator[str]:
    yield f"{anchor(name)}\n## {name}\n\n"
    if words := about(schema):
        yield f"{words}\n\n"
    fields = schema.get("properties", {})
    if not fields:
        yield f"{kind_of(schema)}\n\n"
        return
    required = schema.get("required", ())
    yield table(
        FIELD,
        (
            (
                code(field),
                kind_of(one),
                default_of(one) or ("required" if field in required else ""),
                about(one),
            )
            for field, one in fields.items()
        ),
    )
    yield "\n"
