"""The way to the registry is slow, silent or cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from statistics import median

import pytest

from tests.faults.conftest import Host, Installation, hosted
from tests.faults.school import School, Seen, await_seen, kept, look, served_before
from tests.faults.table import CUT, HANGING, SLOW
from tests.faults.worker import LoneWorker, working


@pytest.fixture(scope="module")
def host(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosted(installation, tmp_path_factory.mktemp("homes") / "a") as found:
        yield found


@pytest.fixture(scope="module")
def worker(
    installation: Installation, host: Host, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LoneWorker]:
    with working(installation, host.way, tmp_path_factory.mktemp("worker")) as found:
        yield found


@pytest.mark.long
def test_a_slow_registry_delays_no_prediction(
    installation: Installation, host: Host, worker: LoneWorker
) -> None:
    student, school = served_before(host.server), School(host.server.url)

    with host.way.slow(0.3), school.open():
        seen = look(host.server, student)
        worker.asked_for()
        worker.does_it()

    assert seen == SLOW.seen
    assert median(school.seconds) < 0.3
    assert set(school.statuses) == {200}
    kept(installation.registry, school)


@pytest.mark.slow
def test_a_registry_that_hangs_takes_no_prediction_away(
    installation: Installation, host: Host, worker: LoneWorker
) -> None:
    assert HANGING.seen is not None
    _away(installation, host, worker, host.way.hanging(), HANGING.seen)


@pytest.mark.slow
def test_a_registry_that_is_cut_off_takes_no_prediction_away(
    installation: Installation, host: Host, worker: LoneWorker
) -> None:
    assert CUT.seen is not None
    _away(installation, host, worker, host.way.severed(), CUT.seen)


def _away(
    installation: Installation,
    host: Host,
    worker: LoneWorker,
    fault: AbstractContextManager[None],
    wanted: Seen,
) -> None:
    student, school = served_before(host.server), School(host.server.url)

    with school.open():
        with fault:
            worker.asked_for()
            await_seen(host.server, wanted, [student])
            begun = worker.new_lines()
        worker.does_it()
        await_seen(host.server, Seen(200, 200, 200, "200 ok"), [student])

    assert begun == []
    assert set(school.statuses) == {200}
    kept(installation.registry, school)
