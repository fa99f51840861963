"""Schema versions of stored documents, and the steps from each to the next.

Every document says which schema it was written in. An older one is brought forward as it is read,
and stored anew the next time it is written; so a new release reads an old registry at once, and
`deployment.migrate_to_mongo` brings whatever it copies forward.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from database.driver.commands import Document
from model.errors import RegistryError

FIELD = "schema"
Step = Callable[[Mapping[str, Any]], Document]
"""From one schema to the next; keeps every field it is not about, such as `_id`."""

STEPS: Mapping[str, Sequence[Step]] = {}
"""Record name to its steps: the first brings schema 1 to schema 2, and so on."""


def current(record: str) -> int:
    """The schema that documents of a record are written in.

    >>> current("Label")
    1
    """
    return len(STEPS.get(record, ())) + 1


def forward(document: Mapping[str, Any], steps: Sequence[Step]) -> Mapping[str, Any]:
    """The document in the newest schema.

    Raises:
        RegistryError: it was written by a newer release than this one.

    >>> def renamed(old):
    ...     return {"score" if name == "risk" else name: old[name] for name in old}
    >>> forward({"risk": 0.5}, [renamed])
    {'score': 0.5, 'schema': 2}
    >>> forward({"score": 0.5, "schema": 2}, [renamed])
    {'score': 0.5, 'schema': 2}
    """
    written = document.get(FIELD, 1)
    newest = len(steps) + 1
    if written > newest:
        raise RegistryError(
            f"a document is of schema {written}; this release reads up to {newest}: upgrade Farol"
        )
    for number in range(written, newest):
        document = {**steps[number - 1](document), FIELD: number + 1}
    return document
