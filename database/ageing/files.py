"""Old school files: their bytes go, then what is known of them; batches keep the digests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from database.driver.commands import Op
from database.kept.files import KeptBytesRepository, KeptFileRepository
from database.mapping.documents import milliseconds
from model.ageing.record import OldRecords
from model.kept.file import KeptFile, KeptIn


def old_files(before: datetime) -> Op[OldRecords]:
    """How many kept files came before a moment.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    found = yield from KeptFileRepository().came_before(milliseconds(before))
    return OldRecords(len(found), min((one.at for one in found), default=None))


def remove_files(before: datetime) -> Op[int]:
    """Removes those files; gives how many. Bytes at a URL the job `files` removes.

    Raises:
        RegistryError: the registry refuses, or does not answer; the same call goes on.
    """
    found = yield from KeptFileRepository().came_before(milliseconds(before))
    for one in found:
        gone = yield from KeptFileRepository().change(one, leaving)
        if gone.place is KeptIn.REGISTRY:
            for digest in gone.former:
                if not (yield from KeptFileRepository().others_of(gone, digest)):
                    yield from KeptBytesRepository().remove(digest)
            yield from KeptFileRepository().remove(gone.file_id)
    return len(found)


def leaving(one: KeptFile) -> KeptFile:
    """The same where all its bytes are to be removed."""
    former = tuple(sorted({*one.former, one.digest} - {""}))
    return replace(one, digest="", former=former)
