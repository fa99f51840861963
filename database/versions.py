"""Registered model versions, numbered 1, 2, 3... without gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from database.driver.commands import Document, Find, Op
from database.leases import LeaseRepository
from database.repository import Repository
from model.errors import Conflict, NotFound
from model.run import Lease
from model.version import ModelVersion, is_version_name


class ModelVersionRepository(Repository[ModelVersion]):
    """Registered versions, which never change; a document of another name than `v<n>` is none."""

    collection = "model_versions"
    unique = ([("number", -1)],)  # next_number, newest; no two versions of one number
    record = ModelVersion
    key = "version"
    order = (("number", -1),)
    missing = "model version {}"

    def next_number(self) -> Op[int]:
        """The number the next version will have, unless somebody else takes it first.

        Nothing is reserved: a number is taken by adding the version, so a run that dies leaves no
        gap.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {}, sort=self.order, limit=1, fields=["number"])
        return found[0]["number"] + 1 if found else 1

    def add(self, version: ModelVersion, *, lease: Lease | None = None) -> Op[None]:
        """Registers a version.

        Args:
            version: with the next number.
            lease: the lease the run holds; one that somebody else took since registers nothing.

        Raises:
            Conflict: the number is taken, or is not the next one.
            LeaseLost: another run took over.
            ValueError: the name is not `v<number>`.
        """
        if version.version != f"v{version.number}" or not is_version_name(version.version):
            raise ValueError(f"version {version.version} has the number {version.number}")
        following = yield from self.next_number()
        if version.number > following:
            raise Conflict(f"version {version.version} would leave a gap after v{following - 1}")
        if lease is not None:
            yield from LeaseRepository().check_token(lease)
        if not (yield from self._add(self._document(version))):
            raise Conflict(f"version {version.version} is registered already")

    def register(
        self,
        make: Callable[[int], ModelVersion],
        *,
        complete: Callable[[ModelVersion], Op[ModelVersion]] | None = None,
        lease: Lease | None = None,
    ) -> Op[ModelVersion]:
        """Registers what `make` gives for the next free number, however many others do the same.

        Args:
            make: the version for a number; called again with the next one while others are first.
            complete: stores what the version names, and gives the version that names it.
            lease: the lease the run holds, if it holds one.

        Raises:
            LeaseLost: another run took over.
        """
        while True:
            number = yield from self.next_number()
            version = make(number)
            if complete is not None:
                version = yield from complete(version)
            try:
                yield from self.add(version, lease=lease)
            except Conflict:
                continue
            return version

    def replace(self, version: ModelVersion) -> Op[None]:
        """Stores a version, signed anew, in the place of the one of its name.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._replace(version)

    def get(self, key: str) -> Op[ModelVersion]:
        """The version of that name; the registry is not asked for a name that is not `v<number>`.

        Raises:
            NotFound: no such version.
        """
        if not is_version_name(key):
            raise NotFound(f"model version {repr(key)[:40]}; versions are named v1, v2, ...")
        return (yield from super().get(key))

    def newest(self, limit: int = 50) -> Op[list[ModelVersion]]:
        """The versions registered last, newest first; a document of another name is none.

        Raises:
            RegistryError: a version cannot be read.
        """
        found = yield Find(self.collection, {}, sort=self.order, limit=limit)
        return [self.read(document) for document in named(found)]


def named(documents: Iterable[Document]) -> list[Document]:
    """Those of the documents whose key is a version's name."""
    return [document for document in documents if is_version_name(document["_id"])]
