"""Where work that can be done side by side is done: here, or by a cluster's workers.

`deployment.dask` has the one that asks a cluster. Whichever it is, results come in the order of
the items and every seed is an item's own, so what is found does not depend on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Pool(Protocol):
    """Calls a function for many items."""

    def each(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        """`function(shared, item)` of each item, in their order; what it raises is raised.

        Who stops asking gives up what is left.

        Args:
            function: of a module, and pure: it may be called elsewhere, and again.
            shared: the same for all items; it goes to a worker once, not with each item.
            items: what differs.

        Raises:
            ClusterFailed: the workers are gone, or are none of this installation's.
        """

    def hosts(self) -> Sequence[str]:
        """The host of each worker, as the other workers reach it.

        Raises:
            ClusterFailed: there is none.
        """

    def together(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> list[Result]:
        """The same as `each` of no more items than `hosts`, each by another worker, all at once.

        The order of the workers is that of `hosts`, as long as none comes or goes.

        Raises:
            WorkerLost: a worker is gone, and the others were given up.
            ClusterFailed: as `each`.
        """

    def ready(self) -> str:
        """Makes sure that it can be asked; what it is in words, empty for this process.

        Raises:
            ClusterFailed: it cannot.
        """


@dataclass(frozen=True, slots=True)
class Here:
    """This process, one item after the other, each when it is asked for.

    >>> list(HERE.each(pow, 2, [1, 3]))
    [2, 8]
    """

    def each(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        """Each result is worked out when it is asked for, and not before."""
        return (function(shared, item) for item in items)

    def hosts(self) -> Sequence[str]:
        """This process alone."""
        return ("127.0.0.1",)

    def together(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> list[Result]:
        """The one item there can be."""
        return [function(shared, item) for item in items]

    def ready(self) -> str:
        """Always."""
        return ""


HERE = Here()
