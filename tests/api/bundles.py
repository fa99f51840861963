"""Small real models for the tests of serving: linear, made in milliseconds."""

from __future__ import annotations

import hashlib
import hmac
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.driver.commands import InsertMany
from database.mapping.documents import to_document
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.archive import bundle_digest, pack
from model.bundle import BundleParts, Golden, write_bundle
from model.calibration import Calibration
from model.errors import BundleError
from model.prediction import Thresholds
from model.promotion import DecisionStatus, Promotion
from model.scorers.linear import LinearScorer
from model.scorers.scorer import Scorer
from model.scorers.trees import TreeScorer
from model.student import Features
from model.trust.statement import Statement
from model.version import Lineage, ModelVersion, Window
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec, load_task

KEY = b"a-key-for-tests"
NOW = datetime(2024, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Archive:
    """A packed bundle and the key that the version is signed with."""

    data: bytes
    offset: float = 0.0
    key: bytes = KEY
    task: str = "pede_lag"

    @property
    def digest(self) -> str:
        """SHA-256 of the archive."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def bundle(self) -> str:
        """The bundle's digest; made up for an archive that holds none."""
        try:
            return bundle_digest(self.data)
        except BundleError:
            return "f" * 64

    def statement(self, version: str) -> Statement:
        """What the signature of that version says."""
        return Statement(self.task, version, self.bundle, self.digest, trained_on="")

    def signature(self, version: str) -> str:
        """That signature."""
        return self.statement(version).sign(self.key)


class _Altered(TreeScorer):
    """Trees whose bytes are changed before they are written."""

    def __init__(self, text: bytes, serves: Callable[[bytes], bytes] = lambda data: data) -> None:
        super().__init__(text)
        self._serves = serves

    def dump(self) -> bytes:
        return self._serves(super().dump())


def records(n: int, seed: int) -> list[Features]:
    chance = random.Random(seed)
    return [
        {
            "inde": round(chance.uniform(2, 10), 3),
            "ida": round(chance.uniform(0, 10), 3),
            "ipv": round(chance.uniform(0, 10), 3),
            "fase": float(chance.randint(0, 8)),
            "pedra": chance.choice(["quartzo", "agata", "ametista"]),
        }
        for _ in range(n)
    ]


def archive(offset: float = 0.0, *, task: TaskSpec | None = None, key: bytes = KEY) -> Archive:
    """A linear model; another offset is another model, with other scores."""
    task = task or load_task("pede_lag")
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "bundle", offset, task)
        data = pack(Path(folder) / "bundle")
    return Archive(data, offset, key, task.name)


def write(
    folder: Path,
    offset: float,
    task: TaskSpec,
    golden_off: float = 0.0,
    *,
    text: Callable[[int], bytes] | None = None,
    serves: Callable[[bytes], bytes] = lambda data: data,
) -> str:
    """A linear model, or the trees that `text` gives for a width; `serves` changes its bytes."""
    known = records(60, seed=1)
    encoder = FeatureEncoder.fit(task, known)
    weights = np.linspace(-1.0, 0.5, len(encoder.columns))
    width = len(encoder.columns)
    scorer: Scorer = _Altered(text(width), serves) if text else LinearScorer(weights, offset)
    calibration = Calibration.sigmoid(1.0, 0.0)
    golden = tuple(
        Golden(r, calibration.score_one(scorer.margin_one(encoder.encode_one(r))) + golden_off)
        for r in known[:5]
    )
    return write_bundle(
        folder,
        BundleParts(
            task=task.name,
            family="logistic_regression",
            feature_names=encoder.features,
            encoder=encoder.spec(),
            scorer=scorer,
            calibration=calibration,
            thresholds=Thresholds(operating=0.5, alert=0.5, critical=0.8),
            reference={},
            golden=golden,
        ),
    )


def register(registry: SyncRegistry, packed: Archive) -> str:
    """Registers a version; answers its name."""
    artifact = registry.run(ArtifactRepository().put(packed.data))
    made = registry.run(ModelVersionRepository().register(partial(_version, packed, artifact)))
    return made.version


def _version(packed: Archive, artifact: str, number: int) -> ModelVersion:
    return ModelVersion(
        version=f"v{number}",
        number=number,
        task=packed.task,
        family="logistic_regression",
        created_at=NOW,
        params={},
        metrics={"recall": 0.8},
        metrics_on="made up for a test",
        thresholds=Thresholds(0.5, 0.5, 0.8),
        window=Window(("2022",), 60, 30, "0" * 64, NOW),
        lineage=Lineage("run", 1, None, "test", {}),
        features=("inde",),
        reference={},
        artifact=artifact,
        trained_on="",
        signature=packed.signature(f"v{number}"),
        bundle=packed.bundle,
    )


def register_of_before(registry: SyncRegistry, packed: Archive, number: int, **changes: Any) -> str:
    """A version as it was registered when the signature covered the archive's digest alone."""
    name = f"v{number}"
    artifact = registry.run(ArtifactRepository().put(packed.data))
    signature = hmac.new(packed.key, artifact.encode(), hashlib.sha256).hexdigest()
    version = replace(_version(packed, artifact, number), signature=signature)
    document = to_document(version, key="version") | changes
    del document["bundle"]
    registry.execute(InsertMany(ModelVersionRepository.collection, [document]))
    return name


def promote(
    registry: SyncRegistry,
    version: str,
    *,
    reasons: Sequence[str] = ("test",),
    provisional: bool = False,
) -> None:
    alias = registry.run(AliasRepository().find(CHAMPION))
    revision = alias.revision if alias else 0
    registry.run(
        PromotionRepository().promote(
            Promotion(
                promotion_id=f"{version}-{revision}",
                at=NOW,
                actor="test",
                action="train",
                status=DecisionStatus.PROMOTED,
                challenger=version,
                champion=alias.version if alias else None,
                reasons=tuple(reasons),
                provisional=provisional,
            ),
            expected_revision=revision,
        )
    )
