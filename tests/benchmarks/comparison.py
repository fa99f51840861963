"""Servers side by side, loaded in turns, so that a noisy minute hits all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.contestants import Contestant
from tests.benchmarks.load import Slice, wrk
from tests.benchmarks.servers import Server, free_port, serving


@dataclass(frozen=True, slots=True)
class Measured:
    """What one server did at a number of connections: medians over the rounds.

    Attributes:
        rate: requests a second.
        p50: milliseconds.
        p99: milliseconds.
        processor: µs of processor time that its processes took for a request.
        worker_mib: resident MiB of a worker.
        failed: answers that were not 2xx or 3xx.
    """

    rate: float
    p50: float
    p99: float
    processor: float
    worker_mib: float
    failed: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a contestant did, as ratios to the floor measured in the same minutes.

    Attributes:
        limit: what bare uvicorn did in the same minutes; None where it was not asked.
    """

    name: str
    version: str
    connections: int
    own: Measured
    floor: Measured
    limit: Measured | None = None

    @property
    def ratio(self) -> float:
        """Requests per second over the floor's."""
        return self.own.rate / self.floor.rate

    @property
    def of_limit(self) -> float | None:
        """Requests per second over the limit's."""
        return None if self.limit is None else self.own.rate / self.limit.rate


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a comparison is.

    Attributes:
        connections: one comparison for each number of connections.
        seconds: length of a slice.
        rounds: slices of each server.
    """

    connections: tuple[int, ...]
    seconds: int
    rounds: int


def compare(
    contestant: Contestant,
    floor: Contestant,
    *,
    plan: Plan,
    log: Path,
    settle: Callable[[], None],
    limit: Contestant | None = None,
) -> list[Comparison]:
    """Loads the contestant, the floor and the limit in alternating slices.

    Args:
        contestant: who is compared with the floor.
        floor: the floor.
        plan: how long.
        log: where the servers' output goes.
        settle: called after each slice; waits for work that was put off.
        limit: the limit, if it is to be asked.

    Raises:
        TimeoutError: one of them does not start.
    """
    everybody = [one for one in (limit, floor, contestant) if one is not None]
    with ExitStack() as stack:
        output = stack.enter_context(log.open("a"))
        servers = {
            c.name: stack.enter_context(
                serving(
                    c.name,
                    [part.format(port=port) for part in c.command],
                    port=port,
                    path=c.path,
                    probe=c.body,
                    env=c.env,
                    cwd=c.cwd,
                    log=output,
                )
            )
            for c in everybody
            for port in (free_port(),)
        }
        for c in everybody:
            wrk(servers[c.name].url, c.bodies, connections=8, seconds=1)  # warm
            settle()
        found = []
        for connections in plan.connections:
            measured = in_turns(everybody, servers, connections, plan, settle)
            found.append(
                Comparison(
                    contestant.name,
                    contestant.version,
                    connections,
                    measured[contestant.name],
                    measured[floor.name],
                    None if limit is None else measured[limit.name],
                )
            )
        return found


def in_turns(
    everybody: Sequence[Contestant],
    servers: dict[str, Server],
    connections: int,
    plan: Plan,
    settle: Callable[[], None],
) -> dict[str, Measured]:
    """What each server did, by its name."""
    slices: dict[str, list[Slice]] = {c.name: [] for c in everybody}
    costs: dict[str, list[float]] = {c.name: [] for c in everybody}
    for _ in range(plan.rounds):
        for c in everybody:
            server = servers[c.name]
            before = server.processor_seconds()
            found = wrk(server.url, c.bodies, connections=connections, seconds=plan.seconds)
            costs[c.name].append((server.processor_seconds() - before) / found.requests * 1e6)
            slices[c.name].append(found)
            settle()
    return {
        name: Measured(
            rate=median(s.rate for s in made),
            p50=median(s.p50 for s in made),
            p99=median(s.p99 for s in made),
            processor=median(costs[name]),
            worker_mib=median(servers[name].memory_of_workers()[:4]),
            failed=sum(s.failed for s in made),
        )
        for name, made in slices.items()
    }
