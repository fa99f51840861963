"""What a server must bear for minutes: load, promotions under load, a registry that is away."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from threading import Event, Thread
from typing import Any

import httpx

from api.durability.outbox import waiting
from database.driver.client import open_registry
from database.embedded import lifecycle
from database.predictions import PredictionRepository
from tests.benchmarks.checked import Checked, loading
from tests.benchmarks.contestants import RECORD, farol, floor
from tests.benchmarks.servers import Server, free_port, serving

DRAIN_SECONDS = 900.0
COUNT_TIMEOUT_MS = 600_000
WORKERS = 4
STARTS = 5
SLICE_SECONDS = 10
POLL_SECONDS = 0.1
"""Asking for health opens every outbox of the host, so not more often than the figures need."""

DATABASE = "farol"


@dataclass(frozen=True, slots=True)
class Stage:
    """A server under test.

    Attributes:
        server: it answers `/predict`.
        home: its files and its embedded registry.
        scores: version to the score it gives the record that is sent.
        connections: of the load.
    """

    server: Server
    home: Path
    scores: Mapping[str, float]
    connections: int

    def load(self, seconds: int) -> Any:
        """Load for some seconds."""
        return loading(
            self.server.url, RECORD, self.scores, connections=self.connections, seconds=seconds
        )

    def post(self, path: str, body: Mapping[str, Any]) -> None:
        """A call that must succeed."""
        base = self.server.url.removesuffix("/predict")
        httpx.post(f"{base}{path}", json=dict(body), timeout=10).raise_for_status()

    def serving(self) -> list[str | None]:
        """The version of each worker."""
        base = self.server.url.removesuffix("/predict")
        workers = httpx.get(f"{base}/health", timeout=10).json()["workers"]
        return [worker["version"] for worker in workers]

    def kept(self) -> int:
        """Predictions in the registry."""
        uri = lifecycle.ensure_running(self.home)
        # The embedded registry counts a million documents in tens of seconds.
        with open_registry(uri, DATABASE, timeout_ms=COUNT_TIMEOUT_MS) as registry:
            return registry.run(PredictionRepository().count())

    def drain(self) -> float:
        """Waits until nothing is left to ship; how many seconds that took.

        Raises:
            TimeoutError: the backlog does not go away.
        """
        started = time.monotonic()
        while waiting(self.home / "tasks/pede_lag/outbox"):
            if time.monotonic() - started > DRAIN_SECONDS:
                raise TimeoutError("the outboxes are not drained")
            time.sleep(0.1)
        return time.monotonic() - started


def start(stage: Stage) -> dict[str, str]:
    """How long a process takes from its start to its first answer; the host has a champion."""
    seconds = []
    for _ in range(STARTS):
        port = free_port()
        contestant = farol({"FAROL_HOME": str(stage.home)})
        command = [part.format(port=port) for part in contestant.command]
        command[command.index("--workers") + 1] = "1"
        started = time.monotonic()
        with (stage.home / "start.log").open("w") as log, serving(
            "start", command, port=port, path=contestant.path, probe=RECORD, env=contestant.env,
            cwd=contestant.cwd, log=log, pause=0.01,
        ):  # fmt: skip
            seconds.append(time.monotonic() - started)
    return {
        "starts": f"{STARTS}",
        "from start to first answer": f"median {median(seconds):.2f} s, "
        f"longest {max(seconds):.2f} s",
    }


def sustained(stage: Stage, *, minutes: float) -> dict[str, str]:
    """Full load for minutes: is the backlog bounded, does memory stay, is every record kept?

    The floor answers the same load before and after, so that the rate can be told as a share of it.
    """
    floors = [_floor_rate(stage)]
    before = stage.kept()
    slices: list[Checked] = []
    backlog, memory = [0], [_memory(stage)]
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        with stage.load(SLICE_SECONDS) as load:
            slices.append(load.result())
        backlog.append(waiting(stage.home / "tasks/pede_lag/outbox"))
        memory.append(_memory(stage))
    drained = stage.drain()
    floors.append(_floor_rate(stage))
    held = sum(s.slice.failed for s in slices)
    answered = sum(s.requests for s in slices) - held
    kept = stage.kept() - before
    rates = [s.slice.rate * (1 - s.slice.failed / s.requests) for s in slices]
    sustained = answered / (SLICE_SECONDS * len(slices))
    return {
        "predictions answered": f"{answered:,}",
        "refused (503 with `Retry-After`) or failed": f"{held:,}",
        "scores that are not their version's": f"{sum(s.wrong for s in slices)}",
        "predictions/s": f"{sustained:,.0f} (ten seconds: median {median(rates):,.0f}, "
        f"slowest {min(rates):,.0f})",
        "floor before, after": ", ".join(f"{rate:,.0f}/s" for rate in floors),
        "of the floor": f"{sustained / mean(floors):.2f}",
        "p99": f"{median(s.slice.p99 for s in slices):.1f} ms",
        "largest backlog of the host": f"{max(backlog):,} records",
        "backlog at the half and at the end": f"{backlog[len(backlog) // 2]:,}, {backlog[-1]:,}",
        "drained after": f"{drained:.0f} s",
        "in the registry, beyond the answers": f"{kept - answered:,} "
        f"(sent, and cut off at the end of {len(slices)} slices of {stage.connections})",
        "largest worker at start, half, end": _mebibytes(memory),
    }


def _floor_rate(stage: Stage) -> float:
    """Answers a second of FastAPI that validates the same body, asked as Farol is."""
    port = free_port()
    contestant = floor()
    command = [part.format(port=port) for part in contestant.command]
    with (stage.home / "floor.log").open("w") as log, serving(
        contestant.name, command, port=port, path=contestant.path, probe=RECORD,
        env=contestant.env, cwd=contestant.cwd, log=log,
    ) as server, loading(
        server.url, RECORD, {}, connections=stage.connections, seconds=SLICE_SECONDS
    ) as load:  # fmt: skip
        return float(load.result().slice.rate)


def promotions(stage: Stage, *, moves: int) -> dict[str, str]:
    """A promotion or rollback a second under full load, after as long a load without any."""
    with stage.load(moves) as load:
        calm: Checked = load.result()
    stage.drain()
    first, second = stage.scores
    seconds = []
    with stage.load(moves + 5) as load:
        for move in range(moves):
            started = time.monotonic()
            wanted = second if move % 2 == 0 else first
            if move % 4 == 3:
                stage.post("/model/rollback", {"reason": "benchmark"})
            else:
                stage.post(f"/models/{wanted}/promote", {"reason": "benchmark"})
            seconds.append(_until_all_serve(stage, wanted))
            time.sleep(max(0.0, 1.0 - (time.monotonic() - started)))
        moved: Checked = load.result()
    return {
        "promotions and rollbacks": f"{moves}",
        "answers": f"{moved.requests:,}",
        "failed": f"{moved.slice.failed}",
        "scores that are not their version's": f"{moved.wrong}",
        "until all workers serve it": f"median {median(seconds):.2f} s, "
        f"longest {max(seconds):.2f} s",
        "p99 without, with": f"{calm.slice.p99:.1f} ms, {moved.slice.p99:.1f} ms",
        "p50 without, with": f"{calm.slice.p50:.1f} ms, {moved.slice.p50:.1f} ms",
    }


def outage(stage: Stage, *, seconds: int) -> dict[str, str]:
    """The registry hangs under full load, and comes back."""
    with stage.load(20) as load:
        calm: Checked = load.result()
    stage.drain()
    before = stage.kept()
    with _hanging(stage.home), stage.load(seconds) as load:
        away: Checked = load.result()
    backlog = waiting(stage.home / "tasks/pede_lag/outbox")
    drained = stage.drain()
    return {
        "registry away": f"{seconds} s",
        "answers": f"{away.requests:,}",
        "failed": f"{away.slice.failed}",
        "requests/s before, meanwhile": f"{calm.slice.rate:,.0f}, {away.slice.rate:,.0f}",
        "p99 before, meanwhile": f"{calm.slice.p99:.1f} ms, {away.slice.p99:.1f} ms",
        "backlog when it came back": f"{backlog:,} records",
        "drained after": f"{drained:.0f} s",
        "in the registry, beyond the answers": f"{stage.kept() - before - away.requests:,}",
    }


def _until_all_serve(stage: Stage, version: str) -> float:
    started = time.monotonic()
    while stage.serving() != [version] * WORKERS:
        if time.monotonic() - started > 10:
            raise TimeoutError(f"not all workers serve {version}")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - started


def _memory(stage: Stage) -> float:
    return max(stage.server.memory_of_workers()[:WORKERS])


def _mebibytes(sizes: list[float]) -> str:
    return ", ".join(f"{sizes[i]:.0f} MiB" for i in (0, len(sizes) // 2, -1))


@contextmanager
def _hanging(home: Path) -> Iterator[None]:
    """The registry stops answering while its connections stay: the worst way to be away.

    Workers put a new server in the place of one that hangs; it is stopped as soon as it is there.
    """
    over = Event()
    stopped: set[int] = set()

    def stop_whoever_serves() -> None:
        while not over.wait(0.05):
            state = lifecycle.status(home).state
            if state is not None:
                with suppress(ProcessLookupError):
                    os.kill(state.pid, signal.SIGSTOP)
                    stopped.add(state.pid)

    thread = Thread(target=stop_whoever_serves)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
