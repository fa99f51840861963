"""What a worker loads is what was signed: on disk, in the pointer, in the registry."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from api.champion import ChampionHolder
from model.errors import BundleError
from model.live.folder import LiveModel
from preprocessing.task.spec import load_task
from tests.api.bundles import KEY, archive


@pytest.fixture
def live(tmp_path: Path) -> LiveModel:
    made = LiveModel(tmp_path)
    packed = archive()
    made.publish(packed.statement("v1"), packed.signature("v1"), packed.data, 1)
    return made


def holder(live: LiveModel) -> ChampionHolder:
    return ChampionHolder(live, load_task("pede_lag"), KEY)


def rewrite_pointer(live: LiveModel, **changes: str | int) -> None:
    pointer = json.loads(live.pointer_path.read_bytes())
    live.pointer_path.write_text(json.dumps(pointer | changes))


def loosen_thresholds(live: LiveModel) -> str:
    """Changes thresholds and manifest alike; the digest of the bundle that results."""
    folder = live.folder("v1")
    thresholds = json.dumps({"operating": 0.99, "alert": 0.99, "critical": 0.999}).encode()
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["thresholds.json"] = hashlib.sha256(thresholds).hexdigest()
    (folder / "thresholds.json").write_bytes(thresholds)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def test_what_was_published_is_served(live: LiveModel) -> None:
    worker = holder(live)

    asyncio.run(worker.refresh())

    assert (worker.current and worker.current.version, worker.fault) == ("v1", None)


@pytest.mark.parametrize("pointed_to", [True, False])
def test_thresholds_changed_consistently_on_disk_are_not_served(
    live: LiveModel, pointed_to: bool
) -> None:
    digest = loosen_thresholds(live)
    if pointed_to:
        rewrite_pointer(live, bundle=digest)
    worker = holder(live)

    asyncio.run(worker.refresh())

    assert worker.current is None
    assert worker.fault is not None and "sign" in worker.fault.reason


def test_a_pointer_with_another_training_list_is_not_followed(live: LiveModel) -> None:
    rewrite_pointer(live, trained_on="e" * 64)
    worker = holder(live)

    asyncio.run(worker.refresh())

    assert worker.current is None
    assert worker.fault is not None and "deployment.restore --re-sign" in worker.fault.reason


@pytest.mark.parametrize("loaded", [True, False], ids=["bundle in memory", "first start"])
def test_the_bundle_of_one_version_is_not_served_under_another_name(
    live: LiveModel, loaded: bool
) -> None:
    worker = holder(live)
    if loaded:
        asyncio.run(worker.refresh())
    live.folder("v1").rename(live.folder("v702"))
    rewrite_pointer(live, version="v702", revision=2)

    asyncio.run(worker.refresh())

    assert (worker.current.version if worker.current else None) == ("v1" if loaded else None)
    assert worker.fault is not None and worker.fault.version == "v702"
    refused = live.quarantined()
    assert refused is not None and (refused.version, refused.revision) == ("v702", 2)


def test_the_same_bundle_under_a_name_that_is_signed_is_taken_over_without_loading(
    live: LiveModel,
) -> None:
    worker = holder(live)
    asyncio.run(worker.refresh())
    first = worker.current
    packed = archive()
    live.publish(packed.statement("v2"), packed.signature("v2"), packed.data, 2)

    asyncio.run(worker.refresh())

    assert first is not None and worker.current is not None
    assert worker.current.version == "v2"
    assert worker.current.predictor is first.predictor


def test_a_pointer_of_before_is_refused_with_the_remedy(live: LiveModel) -> None:
    pointer = json.loads(live.pointer_path.read_bytes())
    former = {k: v for k, v in pointer.items() if k not in {"task", "trained_on"}}
    live.pointer_path.write_text(json.dumps(former))
    read = live.current()
    assert read is not None

    with pytest.raises(BundleError, match=r"deployment\.restore --re-sign"):
        holder(live).load(read)
    with pytest.raises(BundleError, match="form of before"):
        replace(read, bundle="").verify(KEY)
