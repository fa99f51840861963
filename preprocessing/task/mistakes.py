"""What is wrong with a task's file, told by line and key, with the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

PLAIN = {"extra_forbidden": "no key of this name", "missing": "is missing"}
"""Words for what pydantic says of a program's arguments."""

Place = Sequence[str | int]
"""Keys and positions that lead to a part of the file."""


def told(error: ValidationError, text: str, kind: type[BaseModel], whole: str = "task") -> str:
    """Every mistake of a file, `line 3: id.alias: ...; did you mean aliases?`.

    Args:
        error: what the models say.
        text: of the file; YAML.
        kind: the model of the whole.
        whole: what the whole is called.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return "; ".join(_one(dict(mistake), root, kind, whole) for mistake in error.errors())


def _one(
    mistake: Mapping[str, Any], root: yaml.Node | None, kind: type[BaseModel], whole: str
) -> str:
    place: Place = mistake["loc"]
    key = ".".join(map(str, place)) or whole
    line = line_of(root, place)
    where = key if line is None else f"line {line}: {key}"
    why = PLAIN.get(mistake["type"]) or mistake["msg"]
    return f"{where}: {why}{_hint(mistake, kind)}"


def _hint(mistake: Mapping[str, Any], kind: type[BaseModel]) -> str:
    place: Place = mistake["loc"]
    match mistake["type"]:
        case "extra_forbidden":
            known = keys_at(kind, place[:-1])
            close = nearest(str(place[-1]), known)
            listed = f"; known are {', '.join(known)}" if known else ""
            return f"; did you mean {close}?" if close else listed
        case "literal_error" | "enum":
            expected = str(mistake["ctx"]["expected"]).replace(" or ", ", ")
            close = nearest(str(mistake["input"]), [w.strip("'") for w in expected.split(", ")])
            return f"; did you mean {close}?" if close else ""
        case _:
            return ""


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that was probably meant; empty where none is like it.

    >>> nearest("feature", ["features", "title"]), nearest("colour", ["title"])
    ('features', '')
    """
    close = get_close_matches(name.casefold()[:100], known, n=1, cutoff=0.6)
    return close[0] if close else ""


def keys_at(kind: type[BaseModel], place: Place) -> list[str]:
    """The keys that a part of the file may have; none where it is no part of its own."""
    model: type[BaseModel] | None = kind
    steps = (step for step in place if isinstance(step, str))
    for step in steps:
        field = None if model is None else _fields(model).get(step)
        model = next(_models(field), None)
        if get_origin(field) is dict:
            next(steps, None)  # A name that the file itself gives.
    return [] if model is None else list(_fields(model))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a type, those in unions and sequences too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def line_of(node: yaml.Node | None, place: Place) -> int | None:
    """The line on which a part begins, or the nearest part around it that is there.

    >>> root = yaml.compose("name: t\\nid:\\n  nam: x", Loader=yaml.SafeLoader)
    >>> line_of(root, ("id", "nam")), line_of(root, ("title",))
    (3, None)
    """
    line = None
    for step in place:
        found = _inside(node, step)
        if found is None:
            break
        mark, node = found
        line = mark.start_mark.line + 1
    return line


def _inside(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """What tells the line of a part, and the part."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return (node.value[step], node.value[step]) if step < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    return None
