"""The serving model, read back from the registry as it was stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.versions import ModelVersionRepository
from model.archive import unpack
from model.bundle import load_signed
from model.erasing.record_ids import Learned, read_list
from model.version import Alias, ModelVersion
from preprocessing.predictor import Predictor


@dataclass(frozen=True, slots=True)
class StoredChampion:
    """Who serves.

    Attributes:
        alias: where the alias pointed when the run looked.
        version: the registered version.
        predictor: its stored bundle, loaded.
        trained_on: its training records.
    """

    alias: Alias
    version: ModelVersion
    predictor: Predictor
    trained_on: Learned


def load_champion(
    registry: SyncRegistry, folder: Path, signing_key: bytes
) -> StoredChampion | None:
    """Fetches the champion's bundle into `folder`; None while nobody serves.

    Raises:
        BundleError: the stored bundle cannot be trusted.
        CorruptArtifact: its bytes have another digest.
        RegistryError: the registry fails.
    """
    alias = registry.run(AliasRepository().find(CHAMPION))
    if alias is None:
        return None
    version = registry.run(ModelVersionRepository().get(alias.version))
    return StoredChampion(
        alias=alias,
        version=version,
        predictor=load_predictor(registry, version, folder, signing_key),
        trained_on=training_ids(registry, version, signing_key),
    )


def load_predictor(
    registry: SyncRegistry, version: ModelVersion, folder: Path, signing_key: bytes
) -> Predictor:
    """Fetches a version's bundle into a new folder, checks its signature and loads it.

    Raises:
        BundleError: not signed by this installation, or not readable.
        RegistryError: the registry fails.
    """
    version.verify(signing_key)
    target = folder / version.version
    unpack(registry.run(ArtifactRepository().get(version.artifact)), target)
    return Predictor(load_signed(target, version.statement, version.signature, signing_key))


def training_ids(registry: SyncRegistry, version: ModelVersion, signing_key: bytes) -> Learned:
    """The records a version was trained on, by their hashed ids, as it was signed.

    Raises:
        BundleError: not signed by this installation.
        RegistryError: the registry fails.
    """
    version.verify(signing_key)
    return read_list(registry.run(ArtifactRepository().get(version.trained_on)), registry.data_key)
