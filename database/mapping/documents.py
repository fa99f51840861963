"""Records to documents and back, from the records' own type hints.

None and NaN are stored as an absent field: the embedded server refuses NaN, and an absent field
reads back as the record's default, as None, or as NaN where the record wants a float. Times are
kept to the millisecond, in UTC, as BSON keeps them; a day without a time is the text `2024-03-01`.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from sys import intern
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from database.driver.commands import Document
from database.mapping import schema
from database.mapping.nested_lists import INNER, is_packed, packed, unpacked
from model.errors import RegistryError

R = TypeVar("R")
Decode = Callable[[Any], Any]


def to_document(record: Any, *, key: str | None = None) -> Document:
    """The document of a record; the field named `key` becomes `_id`.

    >>> from model.promotion import Guard
    >>> to_document(Guard("auc", True, "as good"), key="name")
    {'_id': 'auc', 'passed': True, 'reason': 'as good', 'case': '', 'schema': 1}
    """
    document = _fields_of(record)
    if key is not None:
        document = {"_id": document.pop(key), **document}
    return document | {schema.FIELD: schema.current(type(record).__name__)}


def from_document(cls: type[R], document: Mapping[str, Any], *, key: str | None = None) -> R:
    """The record of a document.

    Raises:
        RegistryError: a field that the record needs is absent or not of its type.
    """
    try:
        steps = schema.STEPS.get(cls.__name__, ())
        kind: Any = cls
        record: R = _reader(kind, key)(schema.forward(document, steps))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        # A missing field is named; what else the error says may quote the document.
        why = f"no field {error}" if isinstance(error, KeyError) else type(error).__name__
        raise RegistryError(f"a stored {cls.__name__} cannot be read: {why}") from error
    return record


def milliseconds(moment: datetime) -> datetime:
    """The moment as the registry keeps it: UTC, cut to the millisecond.

    >>> milliseconds(datetime(2024, 1, 1, 0, 0, 0, 1999, tzinfo=UTC)).microsecond
    1000

    Raises:
        ValueError: a naive datetime; nobody knows which moment it means.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    if moment.tzinfo is UTC and not moment.microsecond % 1000:
        return moment
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@cache
def _names(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))


def _encode(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or kind is bytes or value is None:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is dict:
        return _encode_mapping(value)
    if kind is tuple:
        return _encode_items(value)
    if isinstance(value, datetime):
        return milliseconds(value)
    if kind is date:
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return _encode(float(value))
    if isinstance(value, Mapping):
        return _encode_mapping(value)
    if isinstance(value, frozenset | set):
        return sorted(_encode(item) for item in value)
    if isinstance(value, list | tuple):
        return _encode_items(value)
    if is_dataclass(value):
        return _fields_of(value)
    raise TypeError(f"no document form for {kind.__name__}")


def _encode_items(items: Sequence[Any]) -> list[Any]:
    encoded = [_encode(item) for item in items]
    return packed(encoded) if list in map(type, encoded) else encoded


def _fields_of(record: Any) -> Document:
    kind: Any = type(record)
    document: Document = {}
    for name in _names(kind):
        value = _encode(getattr(record, name))
        if value is not None:
            document[name] = value
    return document


def _encode_mapping(value: Mapping[str, Any]) -> Document:
    # Most are features, numbers and texts under plain names: 20 of them per record.
    plain = _SPECIAL.isdisjoint("".join(value))
    encoded: Document = {}
    for name, one in value.items():
        kind = type(one)
        kept = one if kind is str or (kind is float and math.isfinite(one)) else _encode(one)
        if kept is not None:
            encoded[name if plain else escape(name)] = kept
    return encoded


def escape(name: str) -> str:
    """A mapping's key as MongoDB can keep it: no dot, no dollar.

    >>> escape("5.0"), escape("plain"), escape("100%")
    ('5%2E0', 'plain', '100%25')
    """
    if "." in name or "$" in name or "%" in name:
        return name.replace("%", "%25").replace(".", "%2E").replace("$", "%24")
    return name


def escape_keys(values: Document) -> Document:
    """A mapping of plain values with keys that MongoDB can keep, and without what is None.

    >>> escape_keys({"ida": 5.0, "5.0": 1.0, "ing": None})
    {'ida': 5.0, '5%2E0': 1.0}
    """
    # One look over all keys for the rare case: this is on the way of every prediction.
    if _SPECIAL.isdisjoint("".join(values)) and None not in values.values():
        return values
    return {escape(k): v for k, v in values.items() if v is not None}


def unescape(name: str) -> str:
    """The key that `escape` was given.

    >>> unescape(escape("a.b$c%2E"))
    'a.b$c%2E'
    """
    return name.replace("%24", "$").replace("%2E", ".").replace("%25", "%")


def _decode_mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    # One look for the rare case is what keeps reading 100,000 labels quick.
    if "%" in "".join(value):
        return {unescape(k): _decode_any(v) for k, v in value.items()}
    if _CONTAINERS.isdisjoint(map(type, value.values())):
        # A driver makes the names anew for each document: a third of the memory of many records.
        return dict(zip(map(intern, value), value.values(), strict=True))
    return {k: _decode_any(v) if type(v) in _CONTAINERS else v for k, v in value.items()}


def _decode_any(value: Any) -> Any:
    if is_packed(value):
        value = value[INNER]
    if isinstance(value, Mapping):
        return _decode_mapping(value)
    if isinstance(value, list):
        return [_decode_any(item) for item in value]
    return value


_CONTAINERS = frozenset({dict, list})
_SPECIAL = frozenset(".$%")


@cache
def _reader(cls: Any, key: str | None) -> Callable[[Mapping[str, Any]], Any]:
    hints = get_type_hints(cls)
    plan = [
        ("_id" if f.name == key else f.name, _decoder(hints[f.name]), _absent(f, hints[f.name]))
        for f in fields(cls)
    ]

    def read(document: Mapping[str, Any]) -> Any:
        values = []
        for name, decode, absent in plan:
            value = document.get(name)
            if value is None:
                values.append(absent(name))
            else:
                values.append(value if decode is None else decode(value))
        return cls(*values)

    return read


def _absent(field: Field[Any], hint: Any) -> Callable[[str], Any]:
    if field.default is not MISSING:
        return lambda _: field.default
    if field.default_factory is not MISSING:
        factory = field.default_factory
        return lambda _: factory()
    if types.NoneType in get_args(hint):
        return lambda _: None
    if hint is float:
        return lambda _: math.nan
    return _missing


def _missing(name: str) -> Any:
    raise KeyError(name)


def _decoder(hint: Any) -> Decode | None:
    """How a stored value becomes one of that type; None where it already is one."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        kinds = [arg for arg in get_args(hint) if arg is not types.NoneType]
        return _decoder(kinds[0]) if len(kinds) == 1 else None
    if origin is tuple or origin is frozenset:
        return _collection_decoder(origin, get_args(hint)[0])
    if origin is not None and issubclass(origin, Mapping):
        return _decode_mapping
    if isinstance(hint, type):
        return _class_decoder(hint)
    return None


def _class_decoder(hint: type) -> Decode | None:
    if is_dataclass(hint):
        return _reader(hint, None)
    if issubclass(hint, Enum):
        return hint
    if hint is float:
        # A whole number may come back as an integer.
        return float
    if hint is date:
        return date.fromisoformat
    return None


def _collection_decoder(origin: type, item: Any) -> Decode:
    decode = _decoder(item)
    if decode is None:
        return lambda value: origin(unpacked(value))
    return lambda value: origin(decode(element) for element in unpacked(value))
