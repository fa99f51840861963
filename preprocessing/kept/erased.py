"""What of a kept file is left when the rows of erased students are taken out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from database.driver.commands import Op
from database.tombstones import TombstoneRepository
from model.kept.file import KeptFile
from model.trust.tombstone import TombstoneKey
from preprocessing.files.grids import Grid, read_grids
from preprocessing.kept.bundles import bundle_without, owners_in
from preprocessing.kept.rewriting import without_rows
from preprocessing.kept.whose import owners_of
from preprocessing.oneroster.bundle import RosterBundle, open_bundle
from preprocessing.task.spec import TaskSpec

BUNDLE = "oneroster"


@dataclass(frozen=True, slots=True)
class FreeFile:
    """A file without the rows of erased students.

    Attributes:
        data: its bytes; the same as before where there were none.
        rows: how many rows, or users of a bundle, were taken out.
    """

    data: bytes
    rows: int


def without_erased(kept: KeptFile, data: bytes, task: TaskSpec, key: TombstoneKey) -> Op[FreeFile]:
    """A kept file without the rows of those whom tombstones name.

    Args:
        kept: what is known of the file.
        data: its bytes.
        task: says where ids are.
        key: the installation's data key.

    Raises:
        NotThisTask: the bytes are no file that can be read.
        RegistryError: the registry refuses, or does not answer.
    """
    if kept.kind == BUNDLE:
        bundle = bundle_of(data, kept.name)
        users = owners_in(bundle, task)
        erased = yield from TombstoneRepository().erased(users, key)
        gone = {user for student in erased for user in users[student]}
        return FreeFile(bundle_without(bundle, gone) if gone else data, len(gone))
    grids = grids_of(data, kept.name)
    owners = [owners_of(g, task, periods=[kept.period], units=kept.units) for g in grids]
    erased = yield from TombstoneRepository().erased({s for one in owners for s in one}, key)
    lost = {
        place: {row for student in erased for row in own.get(student, ())}
        for place, own in enumerate(owners)
    }
    rows = sum(map(len, lost.values()))
    return FreeFile(without_rows(kept.name, data, grids, lost) if rows else data, rows)


def grids_of(data: bytes, name: str) -> Sequence[Grid]:
    """The sheets of a file that was kept.

    Raises:
        NotThisTask: it cannot be read.
    """
    with as_file(data) as path:
        return read_grids(path, name=name)


def bundle_of(data: bytes, name: str) -> RosterBundle:
    """The files of a bundle that was kept.

    Raises:
        NotThisTask: it cannot be read.
    """
    with as_file(data) as path:
        return open_bundle(path, name=name)


@contextmanager
def as_file(data: bytes) -> Iterator[Path]:
    """Bytes as a file that nobody else can read, for as long as it is needed.

    It never has the name that it came with, which may be none that this host can write.
    """
    with tempfile.TemporaryDirectory(prefix="farol-kept-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        yield path
