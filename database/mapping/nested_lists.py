"""Lists within lists, which not every server stores.

FerretDB refuses them, so each inner list is kept as a document of one field, `{"%list": [...]}`. No
mapping of ours has such a field: a `%` of its keys is kept as `%25`. Documents that an earlier
release wrote with plain inner lists are read as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from database.driver.commands import Document

INNER = "%list"


def packed(items: Sequence[Any]) -> list[Any]:
    """The items of a list as they are kept; those that are lists are packed.

    >>> packed([["a", 1], "b"])
    [{'%list': ['a', 1]}, 'b']
    """
    return [{INNER: packed(one)} if isinstance(one, list | tuple) else one for one in items]


def unpacked(kept: Any) -> Any:
    """A packed list's items; anything else as it is.

    >>> unpacked({"%list": ["a", 1]}), unpacked(["a", 1])
    (['a', 1], ['a', 1])
    """
    return kept[INNER] if is_packed(kept) else kept


def is_packed(kept: Any) -> bool:
    """Whether this is a list that was within another one."""
    return isinstance(kept, Mapping) and len(kept) == 1 and INNER in kept


def portable(document: Document) -> Document:
    """A document as this release would have written it; the same object where nothing is to do.

    >>> portable({"_id": "a", "of": [["a", 1]]})
    {'_id': 'a', 'of': [{'%list': ['a', 1]}]}
    """
    changed = {name: _portable(value) for name, value in document.items()}
    same = all(changed[name] is value for name, value in document.items())
    return document if same else changed


def _portable(value: Any) -> Any:
    if isinstance(value, dict):
        return portable(value)
    if not isinstance(value, list):
        return value
    inner = [_portable(one) for one in value]
    if any(isinstance(one, list) for one in inner):
        return packed(inner)
    same = all(one is other for one, other in zip(inner, value, strict=True))
    return value if same else inner
