"""What a JSON schema says, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from deployment.documentation.markdown import code, plain

Schema = Mapping[str, Any]

ANCHOR = "#schema-"

_SAYS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "exclusiveMaximum": "below {}",
    "minLength": "{} characters or more",
    "maxLength": "{} characters at most",
    "minItems": "{} or more",
    "maxItems": "{} at most",
    "pattern": "as {}",
}
"""What bounds a value, in the order in which it is told."""


def kind_of(schema: Schema, base: str = ANCHOR) -> str:
    """The type of a value, with its bounds; Markdown.

    Args:
        schema: of the value.
        base: what a link to a schema begins with, its name follows; `#schema-` of the same page.

    >>> kind_of({"type": "integer", "minimum": 1})
    'integer, from 1'
    >>> kind_of({"anyOf": [{"type": "string"}, {"type": "null"}]})
    'string or null'
    """
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return f"[{name}]({base}{name.lower()})"
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return ", ".join(code(json.dumps(value)) for value in schema["enum"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(kind_of(one, base) for one in schema[word]))
    if "allOf" in schema:
        return " and ".join(kind_of(one, base) for one in schema["allOf"])
    return ", ".join((_plain_kind(schema, base), *_bounds(schema)))


def _plain_kind(schema: Schema, base: str) -> str:
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        if "prefixItems" in schema:
            return f"list of {', '.join(kind_of(one, base) for one in schema['prefixItems'])}"
        return f"list of {kind_of(schema.get('items', {}), base)}"
    if kind == "object":
        values = schema.get("additionalProperties")
        if isinstance(values, Mapping) and values:
            return f"object of {kind_of(values, base)}"
        fields = schema.get("properties", {})
        return f"object ({', '.join(map(code, fields))})" if fields else "object"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _bounds(schema: Schema) -> Iterator[str]:
    for word, says in _SAYS.items():
        if (word, schema.get(word)) == ("minLength", 1):
            yield "not empty"
        elif word in schema:
            bound = code(schema[word]) if word == "pattern" else f"{schema[word]}"
            yield says.format(bound)


def default_of(schema: Schema) -> str:
    """What is taken where nothing is given; empty where something must be.

    >>> default_of({"$ref": "#/$defs/Schedule", "default": {"retrain": "0 7 * * mon"}})
    'its own defaults'
    """
    if "$ref" in schema and isinstance(schema.get("default"), Mapping):
        return "its own defaults"
    return code(json.dumps(schema["default"], ensure_ascii=False)) if "default" in schema else ""


def about(schema: Schema) -> str:
    """What a schema says of itself, fit for a cell."""
    return plain(str(schema.get("description", "")))


def anchor(name: str, base: str = ANCHOR) -> str:
    """What marks a schema's section, before its heading.

    >>> anchor("LabelsAnswer")
    '(schema-labelsanswer)='
    """
    return f"({base.removeprefix('#')}{name.lower()})="
