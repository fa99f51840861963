"""Two servers side by side, loaded in turns, so that a noisy minute hits both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.contestants import Contestant
from tests.benchmarks.load import Slice, wrk
from tests.benchmarks.servers import Server, free_port, serving


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a contestant did, as ratios to the floor measured in the same minutes."""

    name: str
    version: str
    connections: int
    rate: float
    floor_rate: float
    p50: float
    p99: float
    floor_p99: float
    worker_mib: float
    floor_mib: float
    failed: int

    @property
    def ratio(self) -> float:
        """Requests per second over the floor's."""
        return self.rate / self.floor_rate


def compare(
    contestant: Contestant,
    floor: Contestant,
    *,
    connections: tuple[int, ...],
    seconds: int,
    rounds: int,
    log: Path,
    settle: Callable[[], None],
) -> list[Comparison]:
    """Loads the contestant and the floor in alternating slices; medians over the rounds.

    Args:
        contestant: who is compared with the floor.
        floor: the floor.
        connections: one comparison for each number of connections.
        seconds: length of a slice.
        rounds: slices of each server.
        log: where the servers' output goes.
        settle: called after each slice; waits for work that was put off.

    Raises:
        TimeoutError: one of them does not start.
    """
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
            for c in (floor, contestant)
            for port in (free_port(),)
        }
        bodies = {floor.name: floor.body, contestant.name: contestant.body}
        for name, server in servers.items():
            wrk(server.url, bodies[name], connections=8, seconds=1)  # warm
        return [
            _compare(contestant, floor, servers, bodies, n, seconds, rounds, settle)
            for n in connections
        ]


def _compare(
    contestant: Contestant,
    floor: Contestant,
    servers: Mapping[str, Server],
    bodies: Mapping[str, Mapping[str, object]],
    connections: int,
    seconds: int,
    rounds: int,
    settle: Callable[[], None],
) -> Comparison:
    slices: dict[str, list[Slice]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, server in servers.items():
            slices[name].append(
                wrk(server.url, bodies[name], connections=connections, seconds=seconds)
            )
            settle()
    mine, theirs = slices[contestant.name], slices[floor.name]
    return Comparison(
        name=contestant.name,
        version=contestant.version,
        connections=connections,
        rate=median(s.rate for s in mine),
        floor_rate=median(s.rate for s in theirs),
        p50=median(s.p50 for s in mine),
        p99=median(s.p99 for s in mine),
        floor_p99=median(s.p99 for s in theirs),
        worker_mib=median(servers[contestant.name].memory_of_workers()[:4]),
        floor_mib=median(servers[floor.name].memory_of_workers()[:4]),
        failed=sum(s.failed for s in mine),
    )
