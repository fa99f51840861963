"""Arguments of any repository method, made from what its signature says of them."""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from itertools import product
from types import FunctionType
from typing import Any, get_args, get_origin, get_type_hints

from model.trust.tombstone import TombstoneKey

AT = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
PERIOD = "2023"
KEY = TombstoneKey(b"made up")
PLAIN: Mapping[Any, Any] = {
    str: PERIOD,  # A text that may be a period, a student's id or a state.
    int: 1,
    float: 0.5,
    bool: True,
    bytes: b"{}",
    datetime: AT,
    date: AT.date(),
    timedelta: timedelta(days=1),
    object: PERIOD,
    Any: PERIOD,
    TombstoneKey: KEY,
}
MANY = (
    collections.abc.Iterable, collections.abc.Sequence, collections.abc.Collection, list, tuple,
)  # fmt: skip
SETS = (collections.abc.Set, set, frozenset)
MAPPINGS = (collections.abc.Mapping, dict)


class NotMade(Exception):
    """No argument of that kind can be made up here."""


def calls_of(method: FunctionType) -> Iterator[dict[str, Any]]:
    """Arguments by name for one call each: those with a default with it, and with a value.

    Raises:
        NotMade: of what a parameter is.
    """
    # What an operation yields is named in a text that its own module alone can read.
    hints = get_type_hints(method, localns={"Command": object})
    parameters = list(inspect.signature(method).parameters.values())[1:]
    choices = []
    for one in parameters:
        values = [] if one.default is one.empty else [one.default]
        try:
            made = value_of(hints[one.name])
            values += [] if made in values else [made]
        except NotMade:
            if not values:
                raise
        choices.append(values)
    for combination in product(*choices):
        yield dict(zip((one.name for one in parameters), combination, strict=True))


def value_of(hint: Any) -> Any:
    """A value of a type.

    Raises:
        NotMade: none is known of it.
    """
    if isinstance(hint, typing.TypeVar):
        raise NotMade(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return value_of(next(one for one in inner if one is not types.NoneType))
    if origin is typing.Literal:
        return inner[0]
    if origin is collections.abc.Callable:
        return lambda *_: None
    if origin in MAPPINGS:
        return {value_of(inner[0]): value_of(inner[1])}
    if origin is tuple and inner[-1] is not Ellipsis:
        return tuple(map(value_of, inner))
    if origin in MANY:
        return (value_of(inner[0]),)
    if origin in SETS:
        return frozenset({value_of(inner[0])})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _record(hint)
    raise NotMade(hint)


def _record(kind: type) -> Any:
    hints = get_type_hints(kind)
    made: Callable[..., Any] = kind
    given = {
        field.name: value_of(hints[field.name])
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    try:
        return made(**given)
    except (ValueError, TypeError) as error:
        raise NotMade(kind) from error
