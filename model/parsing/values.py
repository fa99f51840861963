"""What a JSON document holds, of the type that its reader needs.

A file of a bundle is signed, so it is what somebody meant; a text where a number belongs would
still be found by a request, long after the version was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from model.errors import BundleError


def number(value: object, where: str) -> float:
    """A finite number.

    >>> number(1, "alert")
    1.0

    Raises:
        BundleError: it is none; says where.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BundleError(f"{where} is no number")
    try:
        found = float(value)
    except OverflowError as error:
        raise BundleError(f"{where} is too large a number") from error
    if not isfinite(found):
        raise BundleError(f"{where} is no finite number")
    return found


def optional_number(value: object, where: str) -> float | None:
    """A finite number, or None where there is none.

    Raises:
        BundleError: it is neither.
    """
    return None if value is None else number(value, where)


def text(value: object, where: str) -> str:
    """A text.

    Raises:
        BundleError: it is none.
    """
    if not isinstance(value, str):
        raise BundleError(f"{where} is no text")
    return value


def mapping(value: object, where: str) -> Mapping[str, Any]:
    """A JSON object.

    Raises:
        BundleError: it is none.
    """
    if not isinstance(value, dict):
        raise BundleError(f"{where} is no JSON object")
    return value


def sequence(value: object, where: str) -> list[Any]:
    """A JSON array.

    Raises:
        BundleError: it is none.
    """
    if not isinstance(value, list):
        raise BundleError(f"{where} is no JSON array")
    return value
