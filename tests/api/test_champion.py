"""The champion of one worker: what it takes over from the live folder, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from api.champion import Champion, ChampionHolder
from model.live.folder import LiveModel
from model.live.pointer import LivePointer
from preprocessing.task.spec import load_task
from tests.api.bundles import KEY, Archive, archive


@pytest.fixture
def live(tmp_path: Path) -> LiveModel:
    return LiveModel(tmp_path)


def publish(live: LiveModel, version: str, packed: Archive, revision: int = 1) -> None:
    live.publish(packed.statement(version), packed.signature(version), packed.data, revision)


def holder(
    live: LiveModel, key: bytes = KEY, on_change: Callable[[], None] = lambda: None
) -> ChampionHolder:
    return ChampionHolder(live, load_task("pede_lag"), key, on_change=on_change)


def refresh(worker: ChampionHolder) -> None:
    asyncio.run(worker.refresh())


def serving(worker: ChampionHolder) -> str | None:
    return worker.current.version if worker.current else None


def rewrite_pointer(live: LiveModel, **changes: str | int) -> None:
    pointer = json.loads(live.pointer_path.read_bytes())
    new = live.pointer_path.with_suffix(".new")
    new.write_text(json.dumps(pointer | changes))
    new.replace(live.pointer_path)


def test_before_the_first_publication_nothing_serves_and_nothing_is_wrong(live: LiveModel) -> None:
    worker = holder(live)

    refresh(worker)

    assert (worker.current, worker.fault, worker.generation) == (None, None, 0)


def test_what_was_published_is_taken_over_once(live: LiveModel) -> None:
    changes: list[int] = []
    worker = holder(live, on_change=lambda: changes.append(worker.generation))
    publish(live, "v1", archive())

    refresh(worker)
    refresh(worker)

    assert (serving(worker), worker.generation, worker.fault, changes) == ("v1", 1, None, [1])
    assert worker.current is not None
    assert worker.current.thresholds == worker.current.bundle.thresholds


def test_a_bundle_that_another_installation_signed_is_not_served(live: LiveModel) -> None:
    publish(live, "v1", archive(key=b"somebody else's key"))
    worker = holder(live)

    refresh(worker)

    assert serving(worker) is None
    assert worker.fault is not None
    assert worker.fault.version == "v1"
    assert "sign" in worker.fault.reason
    refused = live.quarantined()
    assert refused is not None
    assert (refused.version, refused.revision, refused.reason) == ("v1", 1, worker.fault.reason)


def test_a_pointer_whose_signature_was_changed_is_not_followed(live: LiveModel) -> None:
    publish(live, "v1", archive())
    rewrite_pointer(live, signature="0" * 64)
    worker = holder(live)

    refresh(worker)

    assert serving(worker) is None
    assert worker.fault is not None and "sign" in worker.fault.reason


def test_a_pointer_to_another_bundle_than_the_published_is_not_followed(live: LiveModel) -> None:
    publish(live, "v1", archive())
    rewrite_pointer(live, bundle="0" * 64)
    worker = holder(live)

    refresh(worker)

    assert serving(worker) is None
    assert worker.fault is not None


def test_an_unreadable_pointer_leaves_the_champion_and_is_a_fault(live: LiveModel) -> None:
    publish(live, "v1", archive())
    worker = holder(live)
    refresh(worker)
    live.pointer_path.write_bytes(b"{")

    refresh(worker)

    assert (serving(worker), worker.generation) == ("v1", 1)
    assert worker.fault is not None
    assert worker.fault.version == "unknown"
    assert "unreadable pointer" in worker.fault.reason


def test_a_folder_that_is_not_there_is_a_fault_and_no_crash(live: LiveModel) -> None:
    publish(live, "v1", archive())
    live.folder("v1").rename(live.folder("v9"))
    worker = holder(live)

    refresh(worker)

    assert serving(worker) is None
    assert worker.fault is not None


def test_a_version_published_anew_while_it_was_judged_is_not_quarantined(
    live: LiveModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(live, "v1", archive())
    rewrite_pointer(live, signature="0" * 64)
    worker = holder(live)
    load = worker.load

    def slowly(pointer: LivePointer) -> Champion:
        publish(live, "v1", archive())  # the worker that leads puts it right meanwhile
        return load(pointer)

    monkeypatch.setattr(worker, "load", slowly)
    refresh(worker)
    assert (worker.fault, live.quarantined()) == (None, None)

    monkeypatch.undo()
    refresh(worker)
    assert (serving(worker), worker.fault, live.quarantined()) == ("v1", None, None)


def test_a_bad_successor_is_quarantined_and_the_champion_stays(live: LiveModel) -> None:
    worker = holder(live)
    publish(live, "v1", archive())
    refresh(worker)
    publish(live, "v2", archive(2.0, key=b"somebody else's key"), revision=2)

    refresh(worker)

    assert (serving(worker), worker.generation) == ("v1", 1)
    assert worker.fault is not None and worker.fault.version == "v2"
    refused = live.quarantined()
    assert refused is not None and (refused.version, refused.revision) == ("v2", 2)


def test_a_good_version_ends_the_fault(live: LiveModel) -> None:
    worker = holder(live)
    publish(live, "v1", archive(key=b"somebody else's key"))
    refresh(worker)
    publish(live, "v2", archive(2.0), revision=2)

    refresh(worker)

    assert (serving(worker), worker.fault, worker.generation) == ("v2", None, 1)


def test_a_worker_that_starts_with_a_bad_champion_serves_the_one_before_it(
    live: LiveModel,
) -> None:
    publish(live, "v1", archive())
    publish(live, "v2", archive(2.0, key=b"somebody else's key"), revision=2)
    worker = holder(live)

    refresh(worker)

    assert serving(worker) == "v1"
    assert worker.fault is not None and worker.fault.version == "v2"


def test_a_predecessor_that_is_bad_too_is_not_served(live: LiveModel) -> None:
    publish(live, "v1", archive(key=b"somebody else's key"))
    publish(live, "v2", archive(2.0, key=b"somebody else's key"), revision=2)
    worker = holder(live)

    refresh(worker)

    assert serving(worker) is None
    assert worker.fault is not None and worker.fault.version == "v2"


def test_the_log_names_what_serves_what_is_refused_and_why(
    live: LiveModel, caplog: pytest.LogCaptureFixture
) -> None:
    worker = holder(live)
    publish(live, "v1", archive())
    with caplog.at_level(logging.INFO, logger="api.champion"):
        refresh(worker)
        publish(live, "v2", archive(2.0, key=b"somebody else's key"), revision=2)
        refresh(worker)

    assert worker.fault is not None
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("INFO", "pede_lag: serving v1, generation 1"),
        ("ERROR", f"pede_lag: v2 is quarantined: {worker.fault.reason}"),
    ]


def test_the_log_names_a_predecessor_that_cannot_serve_either(
    live: LiveModel, caplog: pytest.LogCaptureFixture
) -> None:
    publish(live, "v1", archive(key=b"somebody else's key"))
    publish(live, "v2", archive(2.0, key=b"somebody else's key"), revision=2)
    with caplog.at_level(logging.WARNING, logger="api.champion"):
        refresh(holder(live))

    (warned,) = (one.getMessage() for one in caplog.records if one.levelname == "WARNING")
    assert warned.startswith("v1 cannot serve either: ")
    assert "sign" in warned


def test_a_predecessor_whose_pointer_is_gone_is_not_served(live: LiveModel) -> None:
    publish(live, "v1", archive())
    publish(live, "v2", archive(2.0, key=b"somebody else's key"), revision=2)
    (live.root / "origins" / "v1.json").unlink()
    worker = holder(live)

    refresh(worker)

    assert serving(worker) is None
    assert worker.fault is not None and worker.fault.version == "v2"


def test_a_model_of_another_task_or_with_unknown_features_is_not_served(live: LiveModel) -> None:
    task = load_task("pede_lag")
    publish(live, "v1", archive(task=task.model_copy(update={"name": "another"})))
    worker = holder(live)
    narrow = ChampionHolder(live, task.model_copy(update={"features": task.features[:1]}), KEY)

    refresh(worker)
    assert serving(worker) is None
    assert worker.fault is not None and "another" in worker.fault.reason

    publish(live, "v2", archive(), revision=2)
    refresh(narrow)
    assert serving(narrow) is None
    assert narrow.fault is not None and "features" in narrow.fault.reason


def test_the_same_bundle_under_another_version_is_taken_over_without_loading(
    live: LiveModel,
) -> None:
    worker = holder(live)
    publish(live, "v1", archive())
    refresh(worker)
    first = worker.current
    publish(live, "v2", archive(), revision=2)

    refresh(worker)

    assert first is not None and worker.current is not None
    assert (worker.current.version, worker.generation) == ("v2", 2)
    assert worker.current.pointer.revision == 2
    assert worker.current.predictor is first.predictor
    assert worker.current.bundle is first.bundle


def test_the_pointer_is_followed_until_the_watch_is_cancelled(live: LiveModel) -> None:
    async def scenario() -> None:
        worker = holder(live)
        watching = asyncio.create_task(worker.watch())
        publish(live, "v1", archive())
        async with asyncio.timeout(5):
            while serving(worker) != "v1":
                await asyncio.sleep(0.01)
        publish(live, "v2", archive(2.0), revision=2)
        async with asyncio.timeout(5):
            while serving(worker) != "v2":
                await asyncio.sleep(0.01)
        watching.cancel()

    asyncio.run(scenario())
