"""A worker of the API stops half-way through a swap: while it fetches the version."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from tests.api import bundles
from tests.api.server import until
from tests.faults.conftest import Host, Installation, hosted
from tests.faults.school import School, await_seen, kept, served_before
from tests.faults.table import KILLED, STOPPED, Fault

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    "number, fault", [(signal.SIGKILL, KILLED), (signal.SIGSTOP, STOPPED)], ids=["kill", "stop"]
)
def test_a_worker_that_stops_half_way_through_a_swap_holds_up_nobody(
    installation: Installation, tmp_path: Path, number: signal.Signals, fault: Fault
) -> None:
    assert fault.seen is not None
    with hosted(installation, tmp_path / "home") as host:
        student, school = served_before(host.server), School(host.server.url)
        champion = installation.registry.run(AliasRepository().get(CHAMPION)).version
        other = "v2" if champion == "v1" else "v1"

        with school.open():
            leader = _leader(host)
            with host.way.holding_back(ArtifactRepository.collection.encode()):
                bundles.promote(installation.registry, other)
                assert host.way.holding.wait(20)
                os.kill(leader, number)
            until(lambda: leader not in _pids(host) and host.versions == {other})
            await_seen(host.server, fault.seen, [student])

        assert set(school.statuses) == {200}
        kept(installation.registry, school)


def _leader(host: Host) -> int:
    """The worker that fetches for all of its host."""
    found: list[int] = []

    def told() -> bool:
        part = host.server.get("/health").json()["parts"]["worker"]
        if part["leads"]:
            found.append(part["pid"])
        return bool(found)

    until(told)
    return found[0]


def _pids(host: Host) -> set[object]:
    return {worker["pid"] for worker in host.server.workers()}
