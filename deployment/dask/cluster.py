"""A pool whose work is done by the workers of a Dask cluster."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from deployment.dask.failures import clear_failures
from deployment.dask.installation import installation
from deployment.dask.work import Closed, done, kept, refuse_other
from model.errors import ClusterFailed, WorkerLost

if TYPE_CHECKING:  # An extra: whoever has it not reads this module all the same.
    import distributed

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

PATIENCE = 20.0
"""Seconds until a scheduler must have answered, and a first worker be there."""
ALONE = 120.0
"""Seconds for which a scheduler may be without any worker before who waits gives up."""
LOOK = 5.0
REMEMBERED = 4
"""Shared values that stay with the workers, the last ones asked about."""
LOOPBACK = ("127.", "localhost", "[::1]")
QUIET = {"distributed.admin.large-graph-warning-threshold": "10GB"}
"""What tasks share is meant to go to the scheduler, once."""


class Cluster(AbstractContextManager["Cluster"]):
    """The workers of one scheduler, reached when there is work for them first.

    A task is pure. One whose worker dies is given to another; what tasks share is kept by the
    scheduler too, so that no worker's death loses it.

    Args:
        address: of the scheduler, `tcp://` or `tls://`.
        patience: seconds until it must have answered.
        alone: seconds for which it may be without workers.
    """

    def __init__(self, address: str, patience: float = PATIENCE, alone: float = ALONE) -> None:
        self._address, self._patience, self._alone = address, patience, alone
        self._client: distributed.Client | None = None
        self._shared: list[tuple[object, distributed.Future]] = []
        self._guard = threading.Lock()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._shared.clear()
        if self._client is not None:
            self._client.close(timeout=self._patience)

    @property
    def client(self) -> distributed.Client:
        """Dask's own client, once the workers were found to run what this process runs.

        Raises:
            ClusterFailed: they cannot be reached, or run something else.
        """
        with self._guard:
            if self._client is None:
                self._client = self._connected()
            return self._client

    def ready(self) -> str:
        """Reaches the scheduler, waits for a worker, and makes sure that all run what this runs.

        Raises:
            ClusterFailed: one of these is not so.
        """
        with clear_failures(self._address):
            workers = self._workers(self.client)
        threads = sum(worker["nthreads"] for worker in workers.values())
        told = f"{len(workers)} workers with {threads} threads at {self._address}"
        scheme, _, host = self._address.partition("://")
        open_to_all = scheme == "tcp" and not host.startswith(LOOPBACK)
        return f"{told}; not encrypted, which tls:// would be" if open_to_all else told

    def each(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        """All items are given to the workers now; results are waited for when they are asked for.

        Raises:
            ClusterFailed: the workers are gone, or are none of this installation's.
        """
        client, ours = self.client, installation()
        name = function.__qualname__.strip("_")
        with clear_failures(self._address), _quietly():
            at = self._kept(client, shared)
            futures = [
                client.submit(done, function, ours, at, Closed(item), key=_key(name), pure=False)
                for item in items
            ]
        return self._results(client, futures)

    def hosts(self) -> list[str]:
        """The host of each worker; of workers of one host each names it.

        Raises:
            ClusterFailed: there is none for a while.
        """
        with clear_failures(self._address):
            self.client.wait_for_workers(1, timeout=self._patience)
            return [urlsplit(at).hostname or "" for at in sorted(self._workers(self.client))]

    def together(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> list[Result]:
        """Each item by another worker, all at once.

        Raises:
            WorkerLost: a worker is gone; those that waited for it were started anew.
            ClusterFailed: the workers are gone, or are none of this installation's.
        """
        client, ours = self.client, installation()
        name = function.__qualname__.strip("_")
        with clear_failures(self._address), _quietly():
            places = sorted(self._workers(client))[: len(items)]
            if len(places) < len(items):
                raise WorkerLost(f"FAROL_DASK={self._address}: {len(items)} workers are needed")
            futures = [
                client.submit(
                    done, function, ours, Closed(shared), Closed(item),
                    key=_key(name), pure=False, workers=[place], allow_other_workers=False,
                )
                for place, item in zip(places, items, strict=True)
            ]  # fmt: skip
            self._all_finished(client, places, futures)
            return [future.result().content for future in futures]

    def _all_finished(
        self, client: distributed.Client, places: list[str], futures: list[distributed.Future]
    ) -> None:
        """Waits for all of them, or for one that fails.

        Raises:
            WorkerLost: a worker is gone; the others would wait for it.
        """
        while any(future.status == "pending" for future in futures):
            if any(future.status != "finished" and future.done() for future in futures):
                break  # Its error is raised by who reads the results.
            time.sleep(1.0)
            self._whole(client, places, futures)
        if any(future.status != "finished" for future in futures):
            time.sleep(LOOK)  # A worker that died takes a moment to be missed.
            self._whole(client, places, futures)

    def _whole(
        self, client: distributed.Client, places: list[str], futures: list[distributed.Future]
    ) -> None:
        there = self._workers(client)
        if not (lost := [place for place in places if place not in there]):
            return
        client.cancel(futures, force=True)
        left = [place for place in places if place in there]
        if left:
            client.restart_workers(left, timeout=self._patience, raise_for_error=False)
        raise WorkerLost(
            f"FAROL_DASK={self._address}: {len(lost)} of {len(places)} workers that trained "
            "together are gone; are they short of memory?"
        )

    def _results(
        self, client: distributed.Client, futures: list[distributed.Future]
    ) -> Iterator[Any]:
        futures.reverse()
        while futures:
            with clear_failures(self._address):
                found = self._waited(client, futures[-1])
            futures.pop()  # Given up, so that the cluster need not keep it.
            yield found

    def _waited(self, client: distributed.Client, future: distributed.Future) -> Any:
        """A task's result, unless nobody is there to work on it.

        Raises:
            ClusterFailed: the scheduler has had no worker for a long time.
        """
        without = 0.0
        while True:
            try:
                return future.result(timeout=LOOK).content
            except TimeoutError:
                if future.status != "pending":
                    raise
                without = 0.0 if self._workers(client) else without + LOOK
                if without >= self._alone:
                    raise ClusterFailed(
                        f"FAROL_DASK={self._address}: no worker is left since {without:.0f} s"
                    ) from None

    def _workers(self, client: distributed.Client) -> dict[str, Any]:
        found: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
        return found

    def _kept(self, client: distributed.Client, shared: object) -> distributed.Future:
        with self._guard:
            for known, future in self._shared:
                if known is shared:
                    return future
            future = client.submit(kept, Closed(shared), key=_key("shared"), pure=False)
            self._shared = [*self._shared[1 - REMEMBERED :], (shared, future)]
            return future

    def _connected(self) -> distributed.Client:
        import distributed

        with clear_failures(self._address):
            client = distributed.Client(
                self._address, timeout=self._patience, set_as_default=False, name="farol"
            )
        try:
            with clear_failures(self._address):
                client.wait_for_workers(1, timeout=self._patience)
                client.run(refuse_other, installation())
        except BaseException:
            client.close(timeout=1)
            raise
        return client


def _quietly() -> AbstractContextManager[object]:
    from dask import config

    quiet: AbstractContextManager[object] = config.set(QUIET)
    return quiet


def _key(name: str) -> str:
    """What a scheduler shows a task as; it says nothing of the arguments."""
    return f"{name}-{secrets.token_hex(8)}"
