"""Keeps school files as they came, and takes the rows of erased students out of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from database.batches import BatchRepository
from database.kept.files import KeptFileRepository
from model.errors import ConfigurationError, CorruptArtifact, NotThisTask
from model.kept.file import KeptFile, KeptIn
from model.trust.tombstone import TombstoneKey
from preprocessing.files.loading import CleanTable, FileReading
from preprocessing.kept.bundles import as_zip
from preprocessing.kept.erased import BUNDLE, without_erased
from preprocessing.kept.store import LARGEST_KEPT, FileStore
from preprocessing.oneroster.bundle import is_bundle, open_bundle
from preprocessing.task.oneroster import OneRosterMapping
from preprocessing.task.spec import TaskSpec

TOO_LARGE = f"not kept as it came: larger than {LARGEST_KEPT >> 20} MB; set FAROL_FILES to a URL"


@dataclass(frozen=True, slots=True)
class FileKeeper:
    """Keeps the files of one task.

    Attributes:
        store: where bytes go.
        task: whose files they are.
        key: the installation's data key, which recognises erased students.
    """

    store: FileStore
    task: TaskSpec
    key: TombstoneKey

    def keep(
        self,
        path: Path,
        name: str,
        reading: FileReading,
        *,
        now: datetime,
        period: str | None = None,
        mapping: OneRosterMapping | None = None,
        kind: str | None = None,
    ) -> FileReading:
        """Keeps a file that was read; gives its tables, which name it.

        Args:
            path: the file, or the folder of a bundle.
            name: what it is called.
            reading: of it.
            now: when it came (aware UTC).
            period: what was said to be its period.
            mapping: of a bundle, where it is not the task's own.
            kind: what it was read as; None: what its content says.

        Raises:
            ConfigurationError: it cannot be written at the URL.
            RegistryError: the registry fails; the same call goes on.
        """
        what = kind or (BUNDLE if is_bundle(path) else "table")
        data = as_zip(open_bundle(path, name=name)) if path.is_dir() else path.read_bytes()
        if not self.store.admits(len(data)):
            return replace(reading, refused=(*reading.refused, f"{name}: {TOO_LARGE}"))
        digest = hashlib.sha256(data).hexdigest()
        batches = tuple(sorted(table.batch.batch_id for table in reading.tables))
        units = tuple(sorted({unit for table in reading.tables for unit in table.batch.units}))
        fresh = KeptFile(
            file_id=digest, name=name, digest=digest, at=now, place=self.store.place,
            batches=batches, kind=what, period=period or "", units=units,
            mapping="" if mapping is None else mapping.model_dump_json(exclude_defaults=True),
        )  # fmt: skip
        kept = self.store.registry.run(KeptFileRepository().begin(fresh))
        if kept.digest == digest:
            self.store.put(data, kept.place)
        # Written first, then looked for tombstones, as every writer does.
        kept = self.free(kept, now=now)
        return replace(reading, tables=tuple(_named(table, kept) for table in reading.tables))

    def free(self, kept: KeptFile, *, now: datetime) -> KeptFile:
        """Takes the rows of erased students out of a kept file, and removes what is to go.

        Args:
            kept: the file.
            now: aware UTC.

        Raises:
            ConfigurationError: its bytes cannot be reached.
            RegistryError: the registry fails; the same call goes on.
        """
        run = self.store.registry.run
        if not kept.digest:
            for digest in kept.former:
                self.store.remove(kept, digest)
            run(KeptFileRepository().remove(kept.file_id))
            return kept
        there = (self.store.get(kept, digest) for digest in (kept.digest, *kept.former))
        data = next((found for found in there if found is not None), None)
        if data is None:
            self._not_there(kept)
            return kept
        free = run(without_erased(kept, data, self.task, self.key))
        digest = hashlib.sha256(free.data).hexdigest()
        if digest == kept.digest and not kept.former:
            return kept
        kept = run(
            KeptFileRepository().change(kept, lambda one: _with(one, digest, free.rows, now))
        )
        self.store.put(free.data, kept.place)
        run(BatchRepository().rewritten(kept.file_id, digest))
        for former in kept.former:
            self.store.remove(kept, former)
        return run(KeptFileRepository().change(kept, lambda one: replace(one, former=())))

    def free_all(self, *, now: datetime) -> tuple[int, int]:
        """Does so with every kept file; gives how many were changed, and how many rows went.

        Raises:
            ConfigurationError: the bytes of one cannot be reached; the others are free.
            NotThisTask: one cannot be read any more; the others are free.
            CorruptArtifact: the bytes of one are not what was kept; the others are free.
            RegistryError: the registry fails; the same call goes on.
        """
        files = rows = 0
        failed: ConfigurationError | NotThisTask | CorruptArtifact | None = None
        for kept in self.store.registry.run(KeptFileRepository().newest(0)):
            try:
                free = self.free(kept, now=now)
            except (ConfigurationError, NotThisTask, CorruptArtifact) as error:
                failed = failed or error
                continue
            if free.digest != kept.digest:
                files, rows = files + 1, rows + free.erased - kept.erased
        if failed is not None:
            raise failed
        return files, rows

    def _not_there(self, kept: KeptFile) -> None:
        """Refuses to take a file for free that was kept and is not where it should be.

        One that was begun and left has no tables; parts of it may be in the registry, and go.
        """
        if kept.place is KeptIn.REGISTRY:
            for digest in (kept.digest, *kept.former):
                self.store.remove(kept, digest)
        elif self.store.registry.run(BatchRepository().get_many(kept.batches)):
            raise ConfigurationError(
                f"the kept file {kept.file_id} is not under FAROL_FILES; set that as it was, bring "
                "the file back, or let retention.files_days forget it"
            )


def _with(kept: KeptFile, digest: str, rows: int, now: datetime) -> KeptFile:
    former = tuple(sorted({*kept.former, kept.digest} - {digest, ""}))
    return replace(
        kept,
        digest=digest if kept.digest else "",
        former=former if kept.digest else tuple(sorted({*former, digest})),
        erased=kept.erased + rows,
        rewritten_at=now,
    )


def _named(table: CleanTable, kept: KeptFile) -> CleanTable:
    return replace(table, batch=replace(table.batch, file=kept.file_id, file_now=kept.digest))
