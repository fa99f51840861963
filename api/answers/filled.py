"""Answers that are filled from the record they are about."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar, cast

from pydantic import Field

Filled = TypeVar("Filled")
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Rank = Annotated[int, Field(ge=1)]


def filled(kind: type[Filled], record: object, /, **more: Any) -> Filled:
    """An answer with the fields that `more` gives, and the record's attributes of the same names.

    What neither has is left out; a test compares every route's answer with its declaration.

    Args:
        kind: one of `api.answers`.
        record: what the answer is about.
        more: fields by name; they go before the record's.

    Raises:
        TypeError: `more` gives a field that the answer does not declare.

    >>> from api.answers.models import QueuedAnswer
    >>> filled(QueuedAnswer, None, status="queued", run_id="1")
    {'run_id': '1', 'status': 'queued'}
    """
    names = kind.__annotations__
    if undeclared := more.keys() - names.keys():
        raise TypeError(f"{kind.__name__} declares no {', '.join(sorted(undeclared))}")
    known = {name: getattr(record, name) for name in names if hasattr(record, name)} | more
    return cast(Filled, {name: known[name] for name in names if name in known})
