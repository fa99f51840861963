"""Long lists in parts that fit one message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

PART = 1_000


def in_parts(items: Sequence[T], size: int = PART) -> Iterator[list[T]]:
    """The items in order, at most `size` at a time.

    >>> list(in_parts("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
