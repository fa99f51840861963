"""The model bundle: a folder of plain files that together are one model. No pickle, ever.

| file | holds |
|---|---|
| `encoder.json` | how a record becomes a row: medians, scales, ranges, categories |
| `model.txt`, `linear.json` or `neighbours.npz` | the scorer |
| `calibration.json`, `thresholds.json` | from margin to probability, from probability to status |
| `reference.json` | the training profile that drift is measured against |
| `golden.json` | made-up records and their scores, for the self-test |
| `importance.json` | each feature's share of what the scores rest on; absent in older bundles |
| `interval.json` | of a numeric outcome: how far outcomes lie from predictions |
| `risk_interval.json` | of a binary one: how sure a risk is; absent in older bundles |
| `manifest.json` | task, family, features, SHA-256 of each file |

The digest of a bundle is the SHA-256 of its manifest. Neither holds a time or a version name, so
the same data and seed give the same digest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import starmap
from pathlib import Path
from typing import Any, TypeVar

import orjson

from model.archive import MANIFEST
from model.calibration import Calibration
from model.errors import BundleError
from model.manifest import FORMAT, parsed, read_file, read_manifest, sha256
from model.parsing.bundle_parts import (
    read_golden,
    read_importance,
    read_interval,
    read_risk_interval,
    read_thresholds,
)
from model.parsing.values import mapping
from model.prediction import IntervalRule, Thresholds
from model.risk_interval import RiskInterval
from model.scorers.kinds import scorer_of
from model.scorers.scorer import Rows, Scorer
from model.student import Features
from model.trust.statement import Statement

Made = TypeVar("Made")

UNREADABLE = (
    AttributeError, IndexError, KeyError, MemoryError, OverflowError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip
"""What reading a file raises that holds something else than it should, however it was signed."""


@dataclass(frozen=True, slots=True)
class Golden:
    """A made-up record and the score it had when the bundle was written."""

    record: Features
    score: float


@dataclass(frozen=True, slots=True)
class BundleParts:
    """What a bundle is written from.

    Attributes:
        importance: feature to its share of what the scores rest on, 1 in sum; empty if unknown.
        interval: how far outcomes lie from predictions; None for a risk.
        risk_interval: how sure a risk is; None for a value, and in bundles of before it was kept.
    """

    task: str
    family: str
    feature_names: tuple[str, ...]
    encoder: Mapping[str, Any]
    scorer: Scorer
    calibration: Calibration
    thresholds: Thresholds
    reference: Mapping[str, Any]
    golden: tuple[Golden, ...]
    importance: Mapping[str, float] = field(default_factory=dict)
    interval: IntervalRule | None = None
    risk_interval: RiskInterval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle(BundleParts):
    """A loaded model. Rows are those of the `FeatureEncoder` made from `encoder`.

    Attributes:
        folder: where it lies.
        digest: the bundle's.
    """

    folder: Path
    digest: str

    def score(self, rows: Rows) -> Rows:
        """Calibrated risks in [0, 1], shape (n,), of rows of shape (n, d)."""
        return self.calibration.score(self.scorer.margin(rows))

    def score_one(self, row: Rows) -> float:
        """The calibrated risk of one row of shape (d,)."""
        return self.calibration.score_one(self.scorer.margin_one(row))

    def explain(self, row: Rows) -> tuple[Rows, float]:
        """What each column adds to the log-odds of the score, shape (d,), and the base.

        base + sum(contributions) = log(score / (1 - score)).
        """
        return self.calibration.contributions(*self.scorer.contributions(row))

    def explain_many(self, rows: Rows) -> list[tuple[Rows, float]]:
        """The same of each of n rows, at least one, explained together."""
        parts, base = self.scorer.contributions_many(rows)
        return [self.calibration.contributions(one, base) for one in parts]


def write_bundle(folder: Path, parts: BundleParts) -> str:
    """Writes a bundle into a new or empty folder and returns its digest.

    Raises:
        BundleError: the folder holds something already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BundleError(f"{folder} is not empty; a bundle is never written over another")
    files = {
        "encoder.json": _json(parts.encoder),
        parts.scorer.FILE: parts.scorer.dump(),
        "calibration.json": _json(parts.calibration.spec()),
        "thresholds.json": _json(asdict(parts.thresholds)),
        "reference.json": _json(parts.reference),
        "golden.json": _json([{"record": dict(g.record), "score": g.score} for g in parts.golden]),
    }
    if parts.importance:
        files["importance.json"] = _json(dict(parts.importance))
    if parts.interval is not None:
        files["interval.json"] = _json(asdict(parts.interval))
    if parts.risk_interval is not None:
        files["risk_interval.json"] = _json(asdict(parts.risk_interval))
    manifest = _json(
        {
            "format": FORMAT,
            "task": parts.task,
            "family": parts.family,
            "feature_names": list(parts.feature_names),
            "scorer": parts.scorer.FILE,
            "files": {name: sha256(data) for name, data in files.items()},
        }
    )
    for name, data in {**files, MANIFEST: manifest}.items():
        (folder / name).write_bytes(data)
    return sha256(manifest)


def load_signed(folder: Path, statement: Statement, signature: str, key: bytes) -> Bundle:
    """Reads a version's bundle; nothing of it is parsed before all of it is known to be signed.

    The signature comes first, then the manifest against the signed digest, then every file against
    the manifest; the bytes that were checked are the ones that are parsed.

    Args:
        folder: where the bundle lies.
        statement: what the version claims to be.
        signature: of the statement.
        key: the installation's key.

    Raises:
        BundleError: not signed with this key, not the signed bundle, or not readable.
    """
    statement.verify(signature, key)
    bundle = load_bundle(folder, statement.bundle)
    if bundle.task != statement.task:
        raise BundleError(f"{statement.version}: a model of task {bundle.task!r}, not of its own")
    return bundle


def load_bundle(folder: Path, digest: str = "") -> Bundle:
    """Reads a bundle, checking every file against the manifest before using any.

    Args:
        folder: where it lies.
        digest: what the bundle must be; empty takes any, so it is for bundles made here.

    Raises:
        BundleError: a file is missing, changed, or not readable by this version.
    """
    manifest = read_manifest(folder, digest)
    files = {name: read_file(folder, manifest, name) for name in manifest.files}
    try:
        return Bundle(
            folder=folder,
            digest=manifest.digest,
            task=manifest.task,
            family=manifest.family,
            feature_names=manifest.feature_names,
            encoder=mapping(_required(files, "encoder.json"), "encoder.json"),
            scorer=scorer_of(manifest.scorer).load(files[manifest.scorer]),
            calibration=Calibration.from_spec(_required(files, "calibration.json")),
            thresholds=read_thresholds(_required(files, "thresholds.json")),
            reference=mapping(_required(files, "reference.json"), "reference.json"),
            golden=tuple(starmap(Golden, read_golden(_required(files, "golden.json")))),
            importance=_optional(files, "importance.json", read_importance) or {},
            interval=_optional(files, "interval.json", read_interval),
            risk_interval=_optional(files, "risk_interval.json", read_risk_interval),
        )
    except UNREADABLE as error:
        raise BundleError(f"{MANIFEST} or a file it names is incomplete: {error}") from error


def _required(files: Mapping[str, bytes], name: str) -> Any:
    return parsed(files[name], name)


def _optional(files: Mapping[str, bytes], name: str, read: Callable[[Any], Made]) -> Made | None:
    """What a file holds that bundles of before do not have."""
    return read(parsed(files[name], name)) if name in files else None


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)
