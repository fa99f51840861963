from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from model.archive import pack, unpack
from model.bundle import Bundle, BundleParts, Golden, load_bundle, write_bundle
from model.calibration import Calibration
from model.errors import BundleError
from model.prediction import Thresholds
from model.scorers.linear import LinearScorer

FILES = [
    "calibration.json", "encoder.json", "golden.json", "linear.json", "manifest.json",
    "reference.json", "thresholds.json",
]  # fmt: skip


def _parts(weight: float = 1.0) -> BundleParts:
    return BundleParts(
        task="made_up",
        family="logistic_regression",
        feature_names=("grade", "effort"),
        encoder={"format": 1},
        scorer=LinearScorer(np.array([weight, -2.0]), 0.5),
        calibration=Calibration.sigmoid(2.0, 0.1),
        thresholds=Thresholds(0.4, 0.4, 0.9),
        reference={"grade": {"rows": 3}},
        golden=(Golden({"grade": 1.0}, 0.5),),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "bundle", _parts())
    return tmp_path / "bundle"


def test_a_bundle_is_read_as_it_was_written(folder: Path) -> None:
    bundle = load_bundle(folder)

    assert sorted(p.name for p in folder.iterdir()) == FILES
    assert (bundle.task, bundle.family) == ("made_up", "logistic_regression")
    assert bundle.thresholds == Thresholds(0.4, 0.4, 0.9)
    assert bundle.golden == (Golden({"grade": 1.0}, 0.5),)
    assert bundle.score(np.array([[1.0, 1.0]]))[0] == pytest.approx(1 / (1 + np.exp(0.9)))


def test_contributions_and_base_add_up_to_the_log_odds_of_the_score(folder: Path) -> None:
    bundle, row = load_bundle(folder), np.array([0.3, -1.2])

    parts, base = bundle.explain(row)

    score = bundle.score_one(row)
    assert base + parts.sum() == pytest.approx(np.log(score / (1 - score)))


def test_equal_parts_give_equal_digests_and_archives(tmp_path: Path) -> None:
    digests = [write_bundle(tmp_path / name, _parts()) for name in ("a", "b")]

    assert digests[0] == digests[1] == load_bundle(tmp_path / "a").digest
    assert pack(tmp_path / "a") == pack(tmp_path / "b")
    assert write_bundle(tmp_path / "c", _parts(weight=1.5)) != digests[0]


def test_an_archive_unpacks_to_the_same_bundle(folder: Path, tmp_path: Path) -> None:
    unpack(pack(folder), tmp_path / "copy")

    assert load_bundle(tmp_path / "copy").digest == load_bundle(folder).digest


@pytest.mark.parametrize("name", [n for n in FILES if n != "manifest.json"])
def test_one_changed_byte_in_any_file_is_noticed(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(bytes(data))

    with pytest.raises(BundleError, match=name):
        load_bundle(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_empty_file_is_noticed(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(BundleError):
        load_bundle(folder)

    (folder / name).unlink()
    with pytest.raises(BundleError, match=name):
        load_bundle(folder)


def test_a_manifest_cannot_name_a_file_outside_the_bundle(folder: Path) -> None:
    manifest = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(manifest.replace(b'"golden.json"', b'"../golden.json"'))

    with pytest.raises(BundleError, match=r"\.\./golden"):
        load_bundle(folder)


def test_a_bundle_is_never_written_over_another(folder: Path) -> None:
    with pytest.raises(BundleError, match="not empty"):
        write_bundle(folder, _parts())


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "deep/evil", "..", "a\\b"])
def test_an_archive_cannot_write_outside_its_folder(name: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"evil"))

    with pytest.raises(BundleError, match="no plain file"):
        unpack(buffer.getvalue(), tmp_path / "inside" / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_cannot_hold_a_link(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)

    with pytest.raises(BundleError, match="no plain file"):
        unpack(buffer.getvalue(), tmp_path / "bundle")


def test_a_damaged_archive_is_refused_or_fails_its_digests(folder: Path, tmp_path: Path) -> None:
    data = pack(folder)

    for number, cut in enumerate((0, 100, 700, len(data) // 2)):
        with pytest.raises(BundleError):
            target = tmp_path / str(number)
            unpack(data[:cut], target)
            load_bundle(target)


def test_the_model_runtime_imports_no_training_library() -> None:
    code = (
        "import sys; from model.scorers.lightgbm_library import library; library(); "
        "import model.bundle, preprocessing.predictor; "
        "print([m for m in ('lightgbm','sklearn','pandas','scipy','xgboost') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_bundle_cannot_be_changed_after_loading(folder: Path) -> None:
    bundle: Bundle = load_bundle(folder)

    with pytest.raises(AttributeError):
        bundle.family = "other"  # type: ignore[misc]
