"""A registry moved from the embedded server to one that is not ours, through kills."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from database.promotions import PromotionRepository
from database.students import StudentRepository
from deployment.registry_copy import COLLECTIONS
from tests.database.builders import at, observation
from tests.database.servers.ferretdb import FerretDB
from tests.database.servers.others import OTHERS, writers
from tests.database.test_migration import ROOT, contents, fill

STUDENTS = 2_200


@pytest.mark.parametrize("uri", OTHERS, indirect=True)
def test_a_copy_that_is_killed_goes_on_elsewhere_and_both_sides_are_compared(
    uri: str,
    registry: SyncRegistry,
    embedded_uri: str,
    db: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    fill(registry)
    more = [observation(f"RB-{i}") for i in range(STUDENTS - 1_200)]
    registry.run(StudentRepository().observe(more))
    before = contents(registry)
    with writers(uri, 1) as (target,):
        command = [sys.executable, "-m", "deployment.migrate_to_mongo"]
        command += ["--from", f"{embedded_uri}&appName=source", "--db", db]
        command += ["--to", uri.replace("/?", f"/{target._db}?")]
        environment = {"FAROL_HOME": str(tmp_path / "home"), "PATH": ""}

        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        ) as first:
            assert first.stderr is not None
            told = next(line for line in first.stderr if "students:" in line)
            first.send_signal(signal.SIGKILL)
        if "ferretdb" in uri:
            restarted(request.getfixturevalue("ferretdb"))
        half = target.run(StudentRepository().count())
        again = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

        assert re.search(r"students: [\d,]+ of 2,200", told)
        assert 0 < half < STUDENTS
        assert again.returncode == 0, again.stderr
        assert f"students: 2,200 of 2,200, {half:,} were there already" in again.stderr
        compared = [line for line in again.stdout.splitlines() if " of " in line]
        assert len(compared) == len(COLLECTIONS)
        assert all(line.endswith("  complete") for line in compared), again.stdout
        assert contents(registry) == before
        window = LabelRepository().window(arrived_until=at(3), limit=0)
        assert len(target.run(window)) == 50
        assert target.run(PromotionRepository().newest(0)) == registry.run(
            PromotionRepository().newest(0)
        )


def restarted(server: FerretDB) -> None:
    """Kills it, too, and starts it again with the data that it has."""
    server.kill()
    server.start()
