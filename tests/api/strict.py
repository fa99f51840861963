"""Live answers compared with the OpenAPI page, where what is not declared is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from jsonschema import Draft202012Validator

Json = dict[str, Any]


class StrictPage:
    """An OpenAPI page whose objects hold their declared fields and no other."""

    def __init__(self, page: Mapping[str, Any]) -> None:
        self.operations: dict[str, Json] = {
            operation["operationId"]: operation
            for path in page["paths"].values()
            for operation in path.values()
        }
        self._components = _closed(page["components"])

    def faults(self, name: str, answer: httpx.Response) -> list[str]:
        """What of an answer is not as the operation declares it."""
        declared = self.operations[name]["responses"].get(str(answer.status_code))
        if declared is None:
            return [f"{name}: {answer.status_code} is not declared: {answer.text[:200]}"]
        kind = answer.headers["content-type"].partition(";")[0]
        if kind not in declared["content"]:
            return [f"{name}: {kind} is not declared"]
        schema = declared["content"][kind]["schema"]
        body = answer.json() if kind.endswith(("/json", "+json")) else answer.text
        return [f"{name}: {fault}" for fault in self.wrong(schema, body)]

    def wrong(self, schema: Json, body: object) -> Iterator[str]:
        """Every place where a body is not as a schema says."""
        check = Draft202012Validator({**schema, "components": self._components})
        for error in check.iter_errors(body):
            inner = [f"{e.json_path} {e.message[:200]}" for e in error.context or ()]
            yield f"{error.json_path} {error.message[:200]} {inner}"


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed
