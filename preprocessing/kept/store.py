"""Where the bytes of kept files are: in the task's registry, or at a URL."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from database.driver.client import SyncRegistry
from database.kept.files import KeptBytesRepository, KeptFileRepository
from model.errors import ConfigurationError, CorruptArtifact, NotFound
from model.kept.file import KeptFile, KeptIn
from preprocessing.kept import places

LARGEST_KEPT = 64 << 20
"""Bytes of a file that the registry keeps; at a URL every file that can be read is kept."""


@dataclass(frozen=True, slots=True)
class FileStore:
    """The store of one task.

    Attributes:
        registry: of the task.
        folder: a URL or path under which each file is called by its SHA-256; None: the registry.
    """

    registry: SyncRegistry
    folder: str | None = None

    @property
    def place(self) -> KeptIn:
        """What new files are kept in."""
        return KeptIn.REGISTRY if self.folder is None else KeptIn.URL

    def admits(self, size: int) -> bool:
        """Whether a file of so many bytes is kept."""
        return self.folder is not None or size <= LARGEST_KEPT

    def put(self, data: bytes, where: KeptIn) -> None:
        """Keeps bytes under their SHA-256; those that are there already are left as they are.

        Raises:
            ConfigurationError: they cannot be written at the URL.
            RegistryError: the registry fails.
        """
        if where is KeptIn.REGISTRY:
            self.registry.run(KeptBytesRepository().put(data))
            return
        places.write(self._address(hashlib.sha256(data).hexdigest()), data)

    def get(self, kept: KeptFile, digest: str) -> bytes | None:
        """The bytes of that SHA-256; None where they are not there.

        Raises:
            ConfigurationError: they cannot be read at the URL.
            CorruptArtifact: what is there has another digest.
            RegistryError: the registry fails.
        """
        if kept.place is KeptIn.REGISTRY:
            try:
                return self.registry.run(KeptBytesRepository().get(digest))
            except NotFound:
                return None
        data = places.read(self._address(digest))
        if data is not None and hashlib.sha256(data).hexdigest() != digest:
            raise CorruptArtifact(f"kept file {digest}: the stored bytes have another digest")
        return data

    def remove(self, kept: KeptFile, digest: str) -> None:
        """Removes bytes, unless they are kept of another file too; none there is no error.

        Raises:
            ConfigurationError: they cannot be removed at the URL.
            RegistryError: the registry fails.
        """
        if self.registry.run(KeptFileRepository().others_of(kept, digest)):
            return
        if kept.place is KeptIn.REGISTRY:
            self.registry.run(KeptBytesRepository().remove(digest))
        else:
            places.remove(self._address(digest))

    def _address(self, digest: str) -> str:
        if self.folder is None:
            raise ConfigurationError(
                "a kept file is at a URL, and FAROL_FILES does not say where; set it as it was"
            )
        return f"{self.folder.rstrip('/')}/{digest}"
