"""Every route tells the trail what it shows or does, or says why not; and nothing it must not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.app import operations
from api.audit.trail import CLIENT, Trail
from api.audit.writer import MOST_WAITING, TrailWriter
from api.security import LOCAL, Kind
from api.services import SERVICES
from api.telling.asgi import telling
from api.telling.routes import TELLING, ByItself, Shown, Untold
from dashboard.reading.actions import action_key
from dashboard.texts import Language, load_texts
from database.driver.commands import Op
from database.indexes import ensure_indexes
from database.trail.checking import check_trail
from database.trail.trail import TrailRepository
from model.audit.anchors import AnchorFile
from model.audit.entry import ActorKind, Entry, pseudonym
from model.audit.spool import FOLDER, Spool
from model.errors import Overloaded, RegistryUnavailable
from model.trust.tombstone import TombstoneKey
from preprocessing.task.spec import load_task
from tests.database.drivers import MongomockRegistry
from tests.trail import entries

KEY = TombstoneKey(b"the data key")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TASK = load_task("pede_lag")


class RootRegistry:
    """A registry that can be away."""

    def __init__(self) -> None:
        self.inner = MongomockRegistry("root")
        self.inner.run(ensure_indexes())
        self.away = False

    async def run(self, op: Op[Any]) -> Any:
        if self.away:
            raise RegistryUnavailable("away")
        return self.inner.run(op)

    async def ping(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Scene:
    """A worker's trail on a host, and its registry."""

    home: Path
    root: RootRegistry
    writer: TrailWriter

    @property
    def trail(self) -> Trail:
        return Trail("pede_lag", self.writer)

    def told(self) -> list[Entry]:
        return self.root.inner.run(entries())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    root = RootRegistry()
    yield Scene(tmp_path, root, TrailWriter(root, tmp_path, KEY, lambda: NOW))


def request(name: str, **params: str) -> Scope:
    return {
        "type": "http", "path_params": params, "query_string": b"", "headers": [],
        "client": ("10.0.0.3", 5000), "route": SimpleNamespace(name=name), CLIENT: LOCAL,
        SERVICES: SimpleNamespace(pseudonyms=None),
    }  # fmt: skip


async def asked(scene: Scene, scope: Scope, status: int = 200) -> list[int]:
    """What is sent of an answer with that status."""
    sent: list[int] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"secret"})

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])
        else:
            assert (b"secret" in message["body"]) == (sent == [status])

    await telling(app, scene.trail, TASK, scope, cast(Receive, None), send)
    return sent


def test_every_route_is_told_of_or_says_why_not() -> None:
    routes = {*operations(), "predict"}
    silent = {name: rule for name, rule in TELLING.items() if isinstance(rule, Untold)}

    assert routes - TELLING.keys() == set(), "no line in api/telling/routes.py"
    assert TELLING.keys() - routes == set(), "no such route any more"
    assert [name for name, rule in silent.items() if len(rule.why) < 20] == []
    # What changes something or hands a student out is never silent, but for what is logged anyway.
    assert {"erase_student", "export_student", "keep_file", "label"} <= TELLING.keys() - silent


def test_every_route_that_shows_something_tells_it_with_its_subject(scene: Scene) -> None:
    shown = {name: rule for name, rule in TELLING.items() if isinstance(rule, Shown)}
    names = ("student_id", "version", "run_id", "report_id", "batch_id", "list_id", "receipt_id")
    params = {name: f"the-{name}" for name in (*names, "comparison_id")}

    for name, rule in shown.items():
        wanted = {k: v for k, v in params.items() if f"{{{k}}}" in rule.subject}
        if not rule.subject:
            wanted = {"student_id": "RA-1"}
        assert asyncio.run(asked(scene, request(name, **wanted))) == [200]
        assert asyncio.run(asked(scene, request(name, **wanted))) == [200], "once an hour"
    asyncio.run(scene.writer.flush())

    told = {(e.action, e.subject) for e in scene.told()}
    by_rule = {
        (r.action, r.subject.format_map(params) if r.subject else pseudonym("RA-1", KEY))
        for r in shown.values()
    }
    assert told == by_rule
    assert len(scene.told()) == len(by_rule)
    assert {(e.actor, e.kind, e.source, e.task) for e in scene.told()} == {
        ("local", ActorKind.KEY, "10.0.0.3", "pede_lag")
    }


def test_a_token_is_told_as_one_beside_a_key_and_a_person_of_the_same_name(scene: Scene) -> None:
    for kind in get_args(Kind):
        asking = {**request("get_student", student_id="RA-1"), CLIENT: replace(LOCAL, kind=kind)}
        assert asyncio.run(asked(scene, asking)) == [200]
    asyncio.run(scene.writer.flush())

    told = [(entry.actor, entry.kind) for entry in scene.told()]
    assert sorted(told) == [("local", kind) for kind in sorted(get_args(Kind))]
    assert ("local", ActorKind.TOKEN) in told


def test_what_is_refused_or_told_by_its_route_is_not_told_as_shown(scene: Scene) -> None:
    asyncio.run(asked(scene, request("get_student", student_id="RA-1"), 404))
    own = [name for name, rule in TELLING.items() if not isinstance(rule, Shown)]
    for name in own:
        asyncio.run(asked(scene, request(name, student_id="RA-1", version="v1")))
    asyncio.run(scene.writer.flush())

    assert scene.told() == []
    assert any(isinstance(TELLING[name], ByItself) for name in own)


def test_every_action_of_a_route_has_words_in_both_languages() -> None:
    actions = {rule.action for rule in TELLING.values() if not isinstance(rule, Untold)}

    for language in Language:
        sentences = load_texts(language).sentences
        assert [one for one in actions if action_key(one) not in sentences] == []


def test_the_trail_waits_on_the_disk_while_the_registry_is_away_and_is_told_once(
    scene: Scene,
) -> None:
    scene.root.away = True
    for number in range(3):
        scene.writer.add(Entry(NOW, "t", f"a{number}", ActorKind.KEY, "export"))
    with pytest.raises(RegistryUnavailable):
        asyncio.run(scene.writer.flush())
    waiting = sorted((scene.home / FOLDER).iterdir())
    kept = waiting[0].read_bytes()
    scene.root.away = False

    asyncio.run(TrailWriter(scene.root, scene.home, KEY, lambda: NOW).flush())
    assert [e.actor for e in scene.told()] == ["a2", "a1", "a0"]
    waiting[0].write_bytes(kept)  # Killed between sealing the batch and removing it.
    asyncio.run(scene.writer.close())

    assert [e.actor for e in scene.told()] == ["a2", "a1", "a0"]
    assert list((scene.home / FOLDER).glob("*.batch")) == []


def test_a_day_without_the_registry_leaves_two_files_and_not_one_every_few_seconds(
    scene: Scene,
) -> None:
    scene.root.away = True
    for number in range(20):
        scene.writer.add(Entry(NOW, "t", f"a{number}", ActorKind.KEY, "export"))
        with pytest.raises(RegistryUnavailable):
            asyncio.run(scene.writer.flush())

    assert len(list((scene.home / FOLDER).iterdir())) == 2
    scene.root.away = False
    asyncio.run(scene.writer.flush())
    assert [e.actor for e in reversed(scene.told())] == [f"a{n}" for n in range(20)]
    assert list((scene.home / FOLDER).iterdir()) == []


def test_what_waits_in_memory_is_sealed_though_the_disk_lets_go_of_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.writer.add(Entry(NOW, "t", "on the disk", ActorKind.KEY, "export"))

    def read_only(*_: object, **__: object) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr(Spool, "append", read_only)
    monkeypatch.setattr(Path, "rename", read_only)
    scene.writer.add(Entry(NOW, "t", "in memory", ActorKind.KEY, "export"))

    with pytest.raises(OSError, match="read-only"):
        asyncio.run(scene.writer.flush())

    assert [e.actor for e in scene.told()] == ["in memory"]


def test_that_the_ends_cannot_be_written_down_is_said_once(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.audit.writer.EVERY", timedelta(0))
    monkeypatch.setattr("api.audit.writer.AGAIN_SECONDS", 0.01)
    scene.writer.add(Entry(NOW, "t", "a", ActorKind.KEY, "export"))
    AnchorFile(scene.home).path.mkdir()

    async def followed() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(scene.writer.follow(), 0.5)

    asyncio.run(followed())

    assert len(scene.told()) == 1
    assert caplog.text.count("not anchored") == 1


def test_where_a_workers_blocks_end_is_written_down_outside_the_registry(scene: Scene) -> None:
    scene.writer.add(Entry(NOW, "t", "a", ActorKind.KEY, "export"))

    asyncio.run(scene.writer.close())

    anchors = AnchorFile(scene.home).read()
    assert [(one.task, one.number) for one in anchors] == [("", 1), ("t", 1)]
    checks = scene.root.inner.run(check_trail(anchors, KEY, now=NOW))
    assert all(one.anchored and not one.findings for one in checks)


def test_nothing_is_shown_that_cannot_be_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_spool: Spool, _entry: Entry) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Spool, "append", full)
    one = Entry(NOW, "t", "a", ActorKind.KEY, "export")
    for _ in range(MOST_WAITING):
        scene.writer.add(one)

    with pytest.raises(Overloaded):
        scene.writer.add(one)
    assert asyncio.run(asked(scene, request("get_student", student_id="RA-1"))) == [503]
    assert caplog.text.count("waits in memory") == 1
    asyncio.run(scene.writer.flush())
    assert scene.root.inner.run(TrailRepository().count()) == 1 + MOST_WAITING // 1_000
    assert asyncio.run(asked(scene, request("get_student", student_id="RA-1"))) == [200]
