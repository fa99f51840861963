"""The wall clock of a host is set, a day forward and a day back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from database.leases import LeaseRepository, worker_lease
from tests.api.server import until
from tests.faults.clock import WallClock, wall_clock
from tests.faults.conftest import Host, Installation, hosted
from tests.faults.school import School, Seen, await_seen, kept, look, served_before
from tests.faults.table import CLOCK_BACK, CLOCK_FORWARD
from tests.faults.worker import working

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> WallClock:
    return wall_clock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def host(
    installation: Installation, clock: WallClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    with hosted(installation, tmp_path_factory.mktemp("homes") / "a", env=clock.env) as found:
        yield found


def test_a_clock_that_is_set_forward_and_back_stops_nobody(
    installation: Installation, clock: WallClock, host: Host, tmp_path: Path
) -> None:
    student, school = served_before(host.server), School(host.server.url)

    with working(installation, host.way, tmp_path, clock.env) as worker, school.open():
        clock.set_by(DAY)
        until(lambda: _ahead(host))
        forward = look(host.server, student)
        worker.asked_for()
        worker.does_it()

        clock.set_by(-DAY)
        until(lambda: not _ahead(host))
        back = look(host.server, student)
        worker.asked_for()
        worker.does_it()
        clock.set_by(timedelta())

    assert (forward, back) == (CLOCK_FORWARD.seen, CLOCK_BACK.seen)
    assert set(school.statuses) == {200}
    kept(installation.registry, school)


def test_health_tells_of_a_lease_that_a_clock_ahead_has_written(
    installation: Installation, host: Host
) -> None:
    student, name = served_before(host.server), worker_lease("pede_lag")
    ahead = datetime.now(UTC) + DAY
    lease = installation.registry.run(
        LeaseRepository().acquire(name, "other/1", now=ahead, ttl=timedelta(seconds=35))
    )

    await_seen(host.server, Seen(200, 200, 200, "200 degraded: retraining degraded"), [student])
    told = host.server.get("/health").json()["parts"]["retraining"]["detail"]

    installation.registry.run(LeaseRepository().release(lease))
    assert told.startswith("the clock of other/1 or of this host is wrong: the lease ends at ")


def _ahead(host: Host) -> bool:
    """Whether the host's clock is ahead of the machine's by hours."""
    made = host.server.post("/predict", {"inde": 7.0}).headers["date"]
    told = datetime.strptime(made, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    return told - datetime.now(UTC) > timedelta(hours=1)
