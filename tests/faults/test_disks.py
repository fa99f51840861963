"""The disk of a host fails; the registry is elsewhere."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.api.server import Server
from tests.disks import fill, small_disk
from tests.faults.conftest import Host, Installation, hosted
from tests.faults.school import School, Seen, await_seen, kept, served_before
from tests.faults.table import FULL, FULL_AND_AWAY, NO_WRITE

pytestmark = pytest.mark.long

LITTLE_IS_FREE = Seen(200, 200, 200, "200 degraded: outbox degraded")
"""What a disk as small as the tests' is told as."""


@pytest.fixture(scope="module")
def host(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with (
        small_disk(tmp_path_factory.mktemp("disks") / "home", 64) as home,
        hosted(installation, home) as found,
    ):
        yield found


def test_a_full_disk_beside_a_registry_elsewhere_stops_nothing(
    installation: Installation, host: Host
) -> None:
    student, school = served_before(host.server), School(host.server.url)
    assert FULL.seen is not None

    with school.open():
        filler = fill(host.server.home)
        try:
            await_seen(host.server, FULL.seen, [student])
        finally:
            filler.unlink()
        await_seen(host.server, LITTLE_IS_FREE, [student])

    assert set(school.statuses) == {200}
    kept(installation.registry, school)


def test_without_disk_and_registry_nothing_is_acknowledged(
    installation: Installation, host: Host
) -> None:
    student, school = served_before(host.server), School(host.server.url)
    assert FULL_AND_AWAY.seen is not None

    with school.open():
        filler = fill(host.server.home)
        try:
            with host.way.severed():
                await_seen(host.server, FULL_AND_AWAY.seen, [student])
        finally:
            filler.unlink()
        await_seen(host.server, LITTLE_IS_FREE, [student])

    assert set(school.statuses) == {200, 503}
    kept(installation.registry, school)


def test_a_home_that_takes_no_write_any_more_stops_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    assert NO_WRITE.seen is not None
    with hosted(installation, tmp_path / "home") as host:
        student, school = served_before(host.server), School(host.server.url)

        with school.open():
            with _no_writes(host.server):
                await_seen(host.server, NO_WRITE.seen, [student])
            await_seen(host.server, Seen(200, 200, 200, "200 ok"), [student])

        assert set(school.statuses) == {200}
        kept(installation.registry, school)


@contextmanager
def _no_writes(server: Server) -> Iterator[None]:
    """No file of its workers takes a byte: what a disk that fails does, without harming one."""
    workers = [int(str(worker["pid"])) for worker in server.workers()]
    limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in workers}
    for pid, (_, most) in limits.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
    try:
        yield
    finally:
        for pid, limit in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
