"""What the registry builds on and a server's documentation promises at most: seen on each server.

FerretDB 1 keeps what it acknowledged, and does not compare before it replaces: docs/servers.md.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api.opening import _connect
from database.driver.client import SyncRegistry
from database.predictions import PredictionRepository
from database.versions import ModelVersionRepository
from deployment.settings import Settings, load_settings
from deployment.wiring import root_registry
from tests.database.processes import finish, start
from tests.database.servers.ferretdb import FerretDB, running
from tests.database.servers.others import COMPARES, OTHERS, writers
from tests.database.servers.racing import won
from tests.database.test_processes import wait_for_lines


@pytest.mark.parametrize("uri", COMPARES, indirect=True)
def test_of_writers_that_race_for_a_revision_one_wins(uri: str) -> None:
    with writers(uri, 4) as racing:
        assert won(racing, races=30) == [1] * 30


@pytest.mark.servers
def test_ferretdb_tells_several_writers_that_they_won(ferretdb: FerretDB) -> None:
    """Where this fails, a later FerretDB compares: docs/servers.md and the warning may go."""
    with writers(ferretdb.uri, 4) as racing:
        assert max(won(racing, races=30)) > 1


@pytest.mark.servers
def test_who_opens_a_registry_on_ferretdb_is_warned(
    ferretdb: FerretDB, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load_settings({"FAROL_HOME": str(tmp_path), "MONGO_URI": ferretdb.uri})

    root_registry(settings).close()
    asyncio.run(an_api_connects(settings, ferretdb.uri))

    assert caplog.text.count("FerretDB 1, which does not compare") == 2


async def an_api_connects(settings: Settings, uri: str) -> None:
    await (await _connect(settings, None, uri)).close()


def test_the_embedded_server_has_no_such_weakness(registry: SyncRegistry) -> None:
    assert registry.weakness() == ""


@pytest.mark.parametrize("uri", OTHERS, indirect=True)
def test_many_registrars_leave_no_gap_and_no_collision(uri: str) -> None:
    """Numbers are taken by inserting under them, which every server refuses the second time."""
    with writers(uri, 1) as (registry,):
        db = registry._db

        finish([start("register_often", uri, db, 3) for _ in range(3)])

        versions = registry.run(ModelVersionRepository().newest(0))
        assert sorted(version.number for version in versions) == list(range(1, 10))


@pytest.mark.servers
@pytest.mark.usefixtures("ferretdb")
def test_no_acknowledged_write_is_lost_when_ferretdb_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "acknowledged"
    with running() as ferretdb, writers(ferretdb.uri, 1) as (registry,):
        names = [f"w{number}" for number in range(2)]
        sending = [
            start("predict_until_acknowledged", ferretdb.uri, registry._db, name, 40, told)
            for name in names
        ]

        for number in range(2):
            wait_for_lines(told, (number + 1) * 25)
            ferretdb.kill()
            ferretdb.start()
        finish(sending)

        acknowledged = told.read_text().split()
        stored = {p.prediction_id for p in registry.run(PredictionRepository().newest(0))}
    assert len(acknowledged) == 80
    assert stored == set(acknowledged)
