"""The commands of the audit trail, as an officer and a cron job run them; and the worker's jobs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from database.driver.client import SyncRegistry
from database.driver.commands import DeleteMany, Op
from database.embedded import lifecycle
from database.trail.trail import TrailRepository
from deployment.audit.__main__ import main
from deployment.settings import Settings, load_settings
from deployment.wiring import root_registry
from model.audit.anchors import AnchorFile
from model.audit.block import id_of
from model.audit.entry import ActorKind, Entry, pseudonym
from model.pseudonyms.pseudonyms import Pseudonyms
from retraining.worker.maintenance.trail import anchor_trail, check_trail
from retraining.worker.outcome import JobFailed
from tests.retraining.working import Recorder, at_work

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TASK = "pede_lag"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("office")
    yield load_settings({"FAROL_HOME": str(home)})
    lifecycle.stop(home)


@pytest.fixture(scope="module")
def root(settings: Settings) -> Iterator[SyncRegistry]:
    with root_registry(settings) as opened:
        yield opened


def tell(root: SyncRegistry, settings: Settings, *actors: str, task: str = TASK) -> None:
    key = settings.tombstone_key
    told = [
        Entry(NOW, task, actor, ActorKind.KEY, "export", pseudonym("RA-1", key), " =1+1")
        for actor in actors
    ]
    root.run(TrailRepository().tell(told, key, now=NOW))


def command(settings: Settings, *arguments: str) -> int:
    with pytest.MonkeyPatch.context() as env:
        env.setenv("FAROL_HOME", str(settings.home))
        return main(arguments)


def test_the_trail_is_shown_exported_and_verified_and_a_touch_is_an_exit_code(
    root: SyncRegistry, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for actor in ("ana", "bia", "carla"):
        tell(root, settings, actor)

    assert command(settings, "show", "--student", "RA-1", "--actor", "bia") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert "key bia  export" in line and "RA-1" not in line
    assert command(settings, "export", "--task", TASK) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["actor"] for row in rows] == ["carla", "bia", "ana"]
    assert {row["detail"] for row in rows} == {"' =1+1"}, "a cell is no formula"
    assert command(settings, "show", "--last", "1") == 0
    assert "audit trail exported" in capsys.readouterr().out
    assert command(settings, "verify") == 0
    assert f"{TASK}: 3 blocks, 3 entries" in capsys.readouterr().out

    root.run(_removed(id_of(TASK, 2)))

    assert command(settings, "verify", "--task", TASK) == 1
    said = capsys.readouterr()
    assert "TOUCHED block 2: removed; after 2026-03-02 12:00:00 UTC" in said.out
    assert "touched in 1 places" in said.err


def test_a_student_is_found_by_the_own_id_where_the_trail_knows_a_keyed_pseudonym(
    root: SyncRegistry, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "the key that nobody else has, 32+"
    known, key = Pseudonyms(secret.encode()).of("RA-9"), settings.tombstone_key
    told = Entry(NOW, TASK, "dora", ActorKind.KEY, "export", pseudonym(known, key), "")
    root.run(TrailRepository().tell([told], key, now=NOW))

    with pytest.MonkeyPatch.context() as env:
        env.setenv("FAROL_PSEUDONYMS", "key")
        env.setenv("FAROL_PSEUDONYM_KEY", secret)
        for typed in ("RA-9", known):
            assert command(settings, "show", "--student", typed) == 0
            assert "key dora  export" in capsys.readouterr().out
    assert command(settings, "show", "--student", "RA-9") == 0
    assert capsys.readouterr().out == ""


def test_the_worker_writes_down_where_the_chains_end_and_fails_where_an_end_is_gone(
    root: SyncRegistry, settings: Settings
) -> None:
    tell(root, settings, "ana", task="school")
    here = replace(at_work(root, Recorder()), root=root, home=settings.home_of("school"))

    first, again = anchor_trail(here), anchor_trail(here)
    tell(root, settings, "bia", task="school")
    anchor_trail(here)

    assert first.startswith("2 of 2") and again.startswith("0 of 2")
    anchored = [one.number for one in AnchorFile(settings.home).read() if one.task == "school"]
    assert anchored == [1, 2]
    root.run(_removed(id_of("school", 2)))
    with pytest.raises(JobFailed, match="block 2 of school"):
        anchor_trail(here)
    with pytest.raises(JobFailed, match="exit code 1"):
        check_trail(at_work(root, Recorder(code=1)))
    assert check_trail(at_work(root, Recorder())) == "the audit trail is as it was written"


def _removed(block_id: str) -> Op[None]:
    yield DeleteMany(TrailRepository.collection, {"_id": block_id})
