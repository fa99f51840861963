"""Makes an example of a schema: what it says of itself, else the words for its name, else any."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

DEEPEST = 12
"""Schemas within schemas; what is deeper is empty."""

NUMBERS = (int, float)
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": NUMBERS, "boolean": bool, "array": list,
    "object": dict, "null": type(None),
}  # fmt: skip
FORMATS = {"date": "2026-03-09", "date-time": "2026-03-09T12:00:00Z"}
ANY: Mapping[str, Any] = {"string": "text", "boolean": False, "null": None}


class ExampleMaker:
    """Makes examples of the schemas of one page.

    Args:
        schemas: of the page, by name.
        words: name of a field to examples of it; the first that its schema allows is taken.
        keys: name of a field that holds others by their names to such a name.

    >>> maker = ExampleMaker({}, {"period": ["2026"]}, {})
    >>> maker.of({"properties": {"period": {"type": "string"}, "rank": {"type": "integer"}}})
    {'period': '2026', 'rank': 1}
    """

    def __init__(
        self, schemas: Mapping[str, Json], words: Mapping[str, list[Any]], keys: Mapping[str, str]
    ) -> None:
        self._schemas, self._words, self._keys = schemas, words, keys

    def of(self, schema: Json, name: str = "", depth: int = 0) -> Any:
        """An example.

        Args:
            schema: of the page.
            name: of the field that it is of.
            depth: how many schemas it is in.
        """
        schema = self._resolved(schema)
        if "examples" in schema:
            return schema["examples"][0]
        if "const" in schema:
            return schema["const"]
        if (branches := schema.get("anyOf") or schema.get("oneOf")) is not None:
            return self.of(_first_that_is_something(branches), name, depth)
        for word in self._words.get(name, ()):
            if _allows(schema, word):
                return word
        if "enum" in schema:
            return schema["enum"][0]
        return self._by_type(schema, name, depth)

    def _by_type(self, schema: Json, name: str, depth: int) -> Any:
        match _type_of(schema):
            case "object":
                return {} if depth > DEEPEST else dict(self._members(schema, name, depth + 1))
            case "array":
                return [] if depth > DEEPEST else list(self._items(schema, name, depth + 1))
            case "integer" | "number" as kind:
                return _number(schema, kind)
            case "string" if "format" in schema:
                return FORMATS.get(schema["format"], "")
            case kind:
                return ANY[kind]

    def _members(self, schema: Json, name: str, depth: int) -> Iterator[tuple[str, Any]]:
        for field, of in schema.get("properties", {}).items():
            yield field, self.of(of, field, depth)
        others = schema.get("additionalProperties")
        if isinstance(others, dict) and not schema.get("properties"):
            yield self._keys.get(name, "name"), self.of(others, name, depth)

    def _items(self, schema: Json, name: str, depth: int) -> Iterator[Any]:
        if "prefixItems" in schema:
            # Mostly the ends of an interval, of which the lower comes first.
            yield from (
                self.of(of, f"{name}[{number}]", depth)
                for number, of in enumerate(schema["prefixItems"])
            )
        elif "items" in schema:
            yield self.of(schema["items"], name, depth)

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        return schema


def _first_that_is_something(branches: list[Json]) -> Json:
    return next((one for one in branches if one.get("type") != "null"), branches[0])


def _type_of(schema: Json) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return str(kind if isinstance(kind, str) else next(one for one in kind if one != "null"))


def _allows(schema: Json, word: Any) -> bool:
    """Whether a plain value is one that a schema allows."""
    kind = _type_of(schema)
    if not isinstance(word, TYPES[kind]) or isinstance(word, bool) != (kind == "boolean"):
        return False
    if "enum" in schema and word not in schema["enum"]:
        return False
    if isinstance(word, str):
        fits = schema.get("minLength", 0) <= len(word) <= schema.get("maxLength", len(word))
        return fits and bool(re.search(schema.get("pattern", ""), word)) and "format" not in schema
    if isinstance(word, NUMBERS):
        return bool(schema.get("minimum", word) <= word <= schema.get("maximum", word))
    return True


def _number(schema: Json, kind: str) -> float | int:
    """The middle of what is allowed, or one.

    >>> _number({"minimum": 0, "maximum": 10}, "integer"), _number({}, "number")
    (5, 1.0)
    """
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum")
    middle = (low + high) / 2 if low is not None and high is not None else max(low or 1, 1)
    return int(middle) if kind == "integer" else round(float(middle), 2)
