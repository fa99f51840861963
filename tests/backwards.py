"""A pool that does its work in another order, and elsewhere as far as anybody can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeVar

from model.computing.pool import HERE

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class Backwards:
    """All items at once, the last one first, each on copies of what it was given."""

    asked: list[str] = field(default_factory=list)

    def each(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        listed = list(items)
        self.asked += [function.__qualname__] * len(listed)
        found = [function(deepcopy(shared), deepcopy(item)) for item in reversed(listed)]
        return iter(found[::-1])

    def hosts(self) -> Sequence[str]:
        return HERE.hosts()

    def together(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> list[Result]:
        return HERE.together(function, shared, items)

    def ready(self) -> str:
        return "backwards"
