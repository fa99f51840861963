"""What a worker finds out about an unpacked bundle before it is published."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from api import champion
from api.champion import ChampionHolder
from model.archive import pack
from model.bundle import Bundle, load_bundle
from model.errors import BundleError
from model.live.folder import LiveModel
from model.prediction import Scale, Thresholds
from preprocessing.task.spec import TaskSpec, load_task
from tests.api import bundles
from tests.api.bundles import KEY
from tests.model.test_lightgbm_form import tree
from training.lightgbm_text import constant, text_model

PEDE = load_task("pede_lag")


def holder(tmp_path: Path, task: TaskSpec = PEDE) -> ChampionHolder:
    return ChampionHolder(LiveModel(tmp_path / "live"), task, KEY)


def trees(width: int) -> bytes:
    return text_model([constant(0.25), tree()], width)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The texts that were tried in a process of their own."""
    texts: list[bytes] = []
    monkeypatch.setattr(champion, "try_apart", texts.append)
    return texts


def test_a_model_text_is_tried_apart_once(tmp_path: Path, tried: list[bytes]) -> None:
    worker = holder(tmp_path)
    bundles.write(tmp_path / "bundle", 0.0, PEDE, text=trees)

    worker.check(tmp_path / "bundle")
    worker.check(tmp_path / "bundle")

    assert tried == [(tmp_path / "bundle" / "model.txt").read_bytes()]


def test_another_model_text_is_tried_as_well(tmp_path: Path, tried: list[bytes]) -> None:
    worker = holder(tmp_path)
    bundles.write(tmp_path / "one", 0.0, PEDE, text=trees)
    bundles.write(
        tmp_path / "two", 0.0, PEDE, text=lambda width: text_model([constant(0.5)], width)
    )

    worker.check(tmp_path / "one")
    worker.check(tmp_path / "two")

    assert len(set(tried)) == 2


def test_a_text_of_another_form_reaches_no_native_code(tmp_path: Path, tried: list[bytes]) -> None:
    worker = holder(tmp_path)
    bundles.write(
        tmp_path / "bundle",
        0.0,
        PEDE,
        text=trees,
        serves=lambda data: data.replace(b"num_leaves=3", b"num_leaves=-5"),
    )

    with pytest.raises(BundleError, match=r"^model\.txt: "):
        worker.check(tmp_path / "bundle")
    assert tried == []


def test_a_text_that_failed_apart_is_tried_again_and_never_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def dies(text: bytes) -> None:
        asked.append(text)
        raise BundleError("the process that read it died")

    monkeypatch.setattr(champion, "try_apart", dies)
    worker = holder(tmp_path)
    bundles.write(tmp_path / "bundle", 0.0, PEDE, text=trees)

    for _ in range(2):
        with pytest.raises(BundleError, match="died"):
            worker.check(tmp_path / "bundle")
    assert len(asked) == 2


def test_a_bundle_that_changes_while_its_text_is_tried_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = holder(tmp_path)
    bundles.write(tmp_path / "bundle", 0.0, PEDE, text=trees)
    bundles.write(tmp_path / "other", 0.0, PEDE)

    def swapped(_text: bytes) -> None:
        (tmp_path / "bundle").rename(tmp_path / "was")
        (tmp_path / "other").rename(tmp_path / "bundle")

    monkeypatch.setattr(champion, "try_apart", swapped)

    with pytest.raises(BundleError):
        worker.check(tmp_path / "bundle")


def test_a_linear_model_needs_no_other_process(tmp_path: Path, tried: list[bytes]) -> None:
    bundles.write(tmp_path / "bundle", 0.0, PEDE)

    holder(tmp_path).check(tmp_path / "bundle")

    assert tried == []


def test_a_bundle_that_scores_otherwise_than_when_it_was_made_is_refused(tmp_path: Path) -> None:
    bundles.write(tmp_path / "bundle", 0.0, PEDE, golden_off=0.001)

    with pytest.raises(BundleError, match="golden record 0"):
        holder(tmp_path).check(tmp_path / "bundle")


def test_a_version_that_scores_otherwise_than_when_it_was_made_is_not_loaded(
    tmp_path: Path,
) -> None:
    worker, live = holder(tmp_path), LiveModel(tmp_path / "live")
    bundles.write(tmp_path / "bundle", 0.0, PEDE, golden_off=0.001)
    packed = bundles.Archive(pack(tmp_path / "bundle"))
    live.publish(packed.statement("v1"), packed.signature("v1"), packed.data, 1)

    asyncio.run(worker.refresh())

    assert worker.current is None
    assert worker.fault is not None and "golden record 0" in worker.fault.reason


def test_a_numeric_version_takes_the_cut_offs_of_its_task(tmp_path: Path) -> None:
    grades = load_task("exam_scores")
    bundle = _loaded(tmp_path)

    taken = holder(tmp_path, grades)._on_the_tasks_scale(bundle)

    assert taken.thresholds == grades.status.cutoffs() != bundle.thresholds


def test_a_bundle_of_another_task_is_refused_before_its_text_is_read(
    tmp_path: Path, tried: list[bytes]
) -> None:
    other = PEDE.model_copy(update={"name": "another"})
    bundles.write(tmp_path / "bundle", 0.0, other, text=trees)

    with pytest.raises(BundleError) as caught:
        holder(tmp_path).check(tmp_path / "bundle")

    said = "a model of task 'another' with features [] cannot serve 'pede_lag'"
    assert str(caught.value) == said
    assert tried == []


def test_features_that_the_task_does_not_know_are_named(tmp_path: Path) -> None:
    bundles.write(tmp_path / "bundle", 0.0, PEDE)
    known = tuple(c for c in PEDE.features if c.name != "inde")
    narrow = PEDE.model_copy(update={"features": known})

    with pytest.raises(BundleError, match=r"of task 'pede_lag' with features \['inde'\] cannot"):
        holder(tmp_path, narrow).check(tmp_path / "bundle")


def test_a_model_that_predicts_a_number_never_serves_a_risk(tmp_path: Path) -> None:
    grades = Thresholds(5.0, 5.0, 3.0, Scale.VALUE_LOW)
    bundle = replace(_loaded(tmp_path), thresholds=grades)

    with pytest.raises(BundleError, match="'pede_lag' is binary"):
        holder(tmp_path)._on_the_tasks_scale(bundle)


def test_thresholds_on_the_scale_of_the_task_stay_those_of_the_version(tmp_path: Path) -> None:
    bundle = _loaded(tmp_path)

    assert holder(tmp_path)._on_the_tasks_scale(bundle) is bundle
    assert bundle.thresholds == Thresholds(operating=0.5, alert=0.5, critical=0.8)


def _loaded(tmp_path: Path) -> Bundle:
    digest = bundles.write(tmp_path / "bundle", 0.0, PEDE)
    return load_bundle(tmp_path / "bundle", digest)
