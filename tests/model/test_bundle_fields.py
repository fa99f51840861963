"""What each file of a bundle holds, and what is refused of one that was signed all the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.bundle import (
    BundleParts,
    Golden,
    load_bundle,
    load_signed,
    write_bundle,
)
from model.calibration import Calibration
from model.errors import BundleError
from model.manifest import read_file, read_manifest
from model.prediction import IntervalRule, Scale, Thresholds
from model.scorers.linear import LinearScorer
from model.trust.statement import Statement

KEY = b"a key"
PARTS = BundleParts(
    task="made_up",
    family="logistic_regression",
    feature_names=("grade", "effort"),
    encoder={"b": 1, "a": np.array([1.5])},
    scorer=LinearScorer(np.array([1.0, -2.0]), 0.5),
    calibration=Calibration.sigmoid(2.0, 0.1),
    thresholds=Thresholds(40.0, 40.0, 20.0, Scale.VALUE_LOW, 0.1),
    reference={"grade": {"rows": 3}},
    golden=(Golden({"grade": 1.0}, 0.5), Golden({"effort": "high"}, 0.25)),
    importance={"grade": 0.75, "effort": 0.25},
    interval=IntervalRule(0.9, 20.0, 0.0, 100.0),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "deep" / "bundle", PARTS)
    return tmp_path / "deep" / "bundle"


def forge(folder: Path, name: str, data: bytes) -> None:
    """Changes a file and the manifest with it, as only who makes bundles can."""
    (folder / name).write_bytes(data)
    files = manifest(folder)["files"] | {name: hashlib.sha256(data).hexdigest()}
    remake(folder, files=files)


def remake(folder: Path, **changes: Any) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest(folder) | changes))


def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return content


def statement(folder: Path, **changes: str) -> Statement:
    digest = read_manifest(folder).digest
    return replace(Statement("made_up", "v1", digest, "a" * 64, "d" * 64), **changes)


def test_every_part_is_read_as_it_was_written(folder: Path) -> None:
    bundle = load_bundle(folder)

    assert bundle.folder == folder
    assert (bundle.task, bundle.family) == (PARTS.task, PARTS.family)
    assert bundle.feature_names == PARTS.feature_names
    assert bundle.encoder == {"a": [1.5], "b": 1}
    assert bundle.scorer.margin_one(np.array([1.0, 1.0])) == pytest.approx(-0.5)
    assert bundle.calibration == PARTS.calibration
    assert bundle.thresholds == PARTS.thresholds
    assert bundle.reference == PARTS.reference
    assert bundle.golden == PARTS.golden
    assert bundle.importance == PARTS.importance
    assert bundle.interval == PARTS.interval


def test_a_bundle_of_before_has_neither_importance_nor_interval_nor_scale(tmp_path: Path) -> None:
    write_bundle(tmp_path, replace(PARTS, importance={}, interval=None))
    old = {"operating": 0.4, "alert": 0.4, "critical": 0.9}
    forge(tmp_path, "thresholds.json", json.dumps(old).encode())

    bundle = load_bundle(tmp_path)

    assert not {"importance.json", "interval.json"} & {p.name for p in tmp_path.iterdir()}
    assert (bundle.importance, bundle.interval) == ({}, None)
    assert bundle.thresholds == Thresholds(0.4, 0.4, 0.9, Scale.RISK, 0.0)


def test_the_manifest_names_every_file_with_its_digest_and_is_the_bundles_digest(
    tmp_path: Path,
) -> None:
    digest = write_bundle(tmp_path, PARTS)

    files = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.name != "manifest.json"}
    assert manifest(tmp_path) == {
        "format": 1,
        "task": "made_up",
        "family": "logistic_regression",
        "feature_names": ["grade", "effort"],
        "scorer": LinearScorer.FILE,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    assert digest == hashlib.sha256((tmp_path / "manifest.json").read_bytes()).hexdigest()
    assert digest == read_manifest(tmp_path, digest).digest == load_bundle(tmp_path, digest).digest


def test_the_order_of_an_encoders_keys_is_not_part_of_the_digest(tmp_path: Path) -> None:
    other = replace(PARTS, encoder=dict(reversed(list(PARTS.encoder.items()))))

    assert write_bundle(tmp_path / "a", PARTS) == write_bundle(tmp_path / "b", other)


def test_another_bundle_than_the_one_asked_for_is_not_read(folder: Path) -> None:
    for read in (read_manifest, load_bundle):
        with pytest.raises(BundleError, match="bundle: not the bundle that was signed"):
            read(folder, "f" * 64)


@pytest.mark.parametrize("content", [b"[]", b"7", b"{}", b'{"format":2}', b'{"format":null}'])
def test_a_manifest_of_another_form_is_refused(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)

    with pytest.raises(BundleError, match=r"manifest\.json is not of bundle format 1"):
        read_manifest(folder)


@pytest.mark.parametrize("name", ["task", "family", "feature_names", "scorer", "files"])
def test_a_manifest_that_lacks_something_says_what(folder: Path, name: str) -> None:
    content = manifest(folder)
    del content[name]
    (folder / "manifest.json").write_text(json.dumps(content))

    with pytest.raises(BundleError, match=f"incomplete: '{name}'"):
        read_manifest(folder)


@pytest.mark.parametrize("changes", [{"feature_names": 3}, {"files": ["a"]}])
def test_a_manifest_of_other_kinds_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    remake(folder, **changes)

    with pytest.raises(BundleError, match="incomplete"):
        read_manifest(folder)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\\b"])
def test_a_manifest_names_plain_files_only(folder: Path, name: str) -> None:
    remake(folder, files=manifest(folder)["files"] | {name: "0" * 64})

    with pytest.raises(BundleError, match="which is no file of the bundle"):
        read_manifest(folder)


def test_a_scorer_that_this_version_does_not_know_is_refused(folder: Path) -> None:
    remake(folder, scorer="forest.pickle")

    with pytest.raises(BundleError, match=r"'forest\.pickle' is not known"):
        read_manifest(folder)


def test_a_file_is_read_by_the_name_that_the_manifest_gives_it(folder: Path) -> None:
    known = read_manifest(folder)

    assert json.loads(read_file(folder, known, "reference.json")) == PARTS.reference
    with pytest.raises(BundleError, match=r"manifest\.json names no notes\.txt"):
        read_file(folder, known, "notes.txt")
    (folder / "reference.json").write_bytes(b"{}")
    with pytest.raises(BundleError, match=r"reference\.json is not the file"):
        read_file(folder, known, "reference.json")
    (folder / "reference.json").unlink()
    with pytest.raises(BundleError, match=r"reference\.json cannot be read: No such file"):
        read_file(folder, known, "reference.json")


@pytest.mark.parametrize(
    "name",
    ["encoder.json", "calibration.json", "thresholds.json", "reference.json", "golden.json",
     "importance.json", "interval.json"],
)  # fmt: skip
def test_a_file_that_is_no_json_says_which(folder: Path, name: str) -> None:
    forge(folder, name, b"{half")

    with pytest.raises(BundleError, match=f"{name.removesuffix('.json')}.* is not JSON"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("thresholds.json", b'{"operating": 0.5}'),
        ("thresholds.json", b"[]"),
        ("thresholds.json", b'{"operating":1,"alert":1,"critical":1,"scale":"other"}'),
        ("golden.json", b'[{"record": {}}]'),
        ("interval.json", b'{"level": 0.9}'),
    ],
)
def test_a_file_of_another_content_is_a_bundle_error(folder: Path, name: str, data: bytes) -> None:
    forge(folder, name, data)

    with pytest.raises(BundleError, match=r"incomplete|is no JSON object"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("encoder.json", b"7", "encoder.json is no JSON object"),
        (
            "thresholds.json",
            b'{"operating":"0.5","alert":1,"critical":1}',
            "operating is no number",
        ),
        ("thresholds.json", b'{"operating":1,"alert":true,"critical":1}', "alert is no number"),
        ("importance.json", b'{"grade": {}}', "importance.json: grade is no number"),
        ("interval.json", b'{"level": 0.9, "width": [1]}', "interval.json: width is no number"),
        ("golden.json", b'[{"record": 7, "score": 0.5}]', "golden.json: 0 is no JSON object"),
        ("golden.json", b'[{"record": {"grade": ["x"]}, "score": 0.5}]', "0: grade is no number"),
        ("linear.json", b'{"weights": [1, null], "intercept": 0}', "weights is no number"),
        (
            "risk_interval.json",
            b'{"scores": [0.9, 0.1], "low": [0, 0], "high": [1, 1]}',
            "scores that do not rise",
        ),
    ],
)
def test_a_value_of_another_type_is_refused_before_a_request_finds_it(
    folder: Path, name: str, data: bytes, told: str
) -> None:
    forge(folder, name, data)

    with pytest.raises(BundleError, match=told):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["encoder.json", "linear.json", "golden.json", "calibration.json"])
def test_a_manifest_without_a_file_that_every_bundle_has_is_incomplete(
    folder: Path, name: str
) -> None:
    files = manifest(folder)["files"]
    del files[name]
    remake(folder, files=files)

    with pytest.raises(BundleError, match=f"incomplete.*{name}"):
        load_bundle(folder)


def test_a_signed_bundle_is_of_its_own_task_and_digest(folder: Path) -> None:
    genuine = statement(folder)
    other_task, other_bundle = statement(folder, task="exam"), statement(folder, bundle="f" * 64)

    assert load_signed(folder, genuine, genuine.sign(KEY), KEY).task == "made_up"
    with pytest.raises(BundleError, match="v1: a model of task 'made_up', not of its own"):
        load_signed(folder, other_task, other_task.sign(KEY), KEY)
    with pytest.raises(BundleError, match="not the bundle that was signed"):
        load_signed(folder, other_bundle, other_bundle.sign(KEY), KEY)
    with pytest.raises(BundleError, match="not signed"):
        load_signed(folder, genuine, genuine.sign(b"another"), KEY)


@pytest.mark.parametrize(
    "name",
    ["encoder.json", "calibration.json", "thresholds.json", "reference.json", "golden.json",
     "importance.json", "interval.json"],
)  # fmt: skip
def test_a_file_that_is_no_json_is_named(folder: Path, name: str) -> None:
    forge(folder, name, b"{")

    with pytest.raises(BundleError, match=rf"^{name} is not JSON: "):
        load_bundle(folder)
