"""The keys of a TaskSpec, from its declaration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deployment.documentation.docstrings import attributes_of
from deployment.documentation.markdown import code, plain, table
from deployment.documentation.schemas import anchor, default_of, kind_of
from preprocessing.task.columns import Spec
from preprocessing.task.spec import TaskSpec

PART = "#task-"
"""Before the anchor of a part, which a schema of the API may have the name of."""

HEAD = """\
# TaskSpec

Every key of a task's YAML file, made from the declaration in `preprocessing/task/`. How a file of
another school is written, with examples: [Data](../data.md). What a later change of a key means:
[A changed task](../data.md#a-changed-task).

"""


def task_page() -> str:
    """A section for the task and for each of its parts."""
    schema = TaskSpec.model_json_schema()
    parts: Mapping[str, Any] = {TaskSpec.__name__: schema, **schema["$defs"]}
    declared = {one.__name__: one for one in _kinds(Spec)}
    return HEAD + "".join(
        part for name, told in parts.items() for part in _part(name, told, declared.get(name))
    )


def meanings(kind: type[Spec]) -> Mapping[str, str]:
    """Key of the YAML to what it means, as the declaration says."""
    told = attributes_of(kind)
    return {
        field.alias or name: field.description or told.get(name, "")
        for name, field in kind.model_fields.items()
    }


def _part(name: str, schema: Mapping[str, Any], kind: type[Spec] | None) -> Iterator[str]:
    yield f"{anchor(name, PART)}\n## {name}\n\n"
    first = (schema.get("description") or "").split("\nAttributes:")[0]
    for paragraph in first.split("\n\n"):
        if paragraph.strip():
            yield f"{plain(paragraph)}\n\n"
    if kind is None:
        yield f"{kind_of(schema, PART)}\n\n"
        return
    told, required = meanings(kind), schema.get("required", ())
    yield table(
        ("key", "type", "default", "meaning"),
        (
            (
                code(key),
                kind_of(one, PART),
                default_of(one) or ("required" if key in required else ""),
                plain(told.get(key, "")),
            )
            for key, one in schema["properties"].items()
        ),
    )
    yield "\n"


def _kinds(kind: type[Spec]) -> Iterator[type[Spec]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _kinds(one)
