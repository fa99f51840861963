"""The small files that say which version serves on this host, and which was refused."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import orjson

from model.errors import BundleError
from model.trust.statement import Statement
from model.version import version_name

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class LivePointer:
    """Which version serves on this host.

    Attributes:
        artifact: SHA-256 of the archive the folder was unpacked from.
        bundle: the digest that `load_signed` must find in the folder.
        signature: of `statement`, hex.
        revision: revision of the registry's alias that asked for it.
        previous: the version that served before on this host, and whose folder is still there.
        task: the TaskSpec's name; empty, like `trained_on`, in pointers of before they were signed.
        trained_on: SHA-256 of the list of training records.
        provisional: it serves although guards of a first model objected; not signed, as it only
            tells how the version came to serve.
        share: of the students whom a challenger answers; not signed, like `against`: whoever could
            write it could write the pointer of another signed version.
        against: the champion that answers the others; while another one serves, nobody is answered
            by the challenger.
    """

    version: str
    artifact: str
    bundle: str
    signature: str
    revision: int
    previous: str | None = None
    task: str = ""
    trained_on: str = ""
    provisional: bool = False
    share: float = 0.0
    against: str = ""

    @property
    def statement(self) -> Statement:
        """What the signature covers."""
        return Statement(self.task, self.version, self.bundle, self.artifact, self.trained_on)

    def verify(self, key: bytes) -> None:
        """Accepts the signature, or raises.

        Raises:
            BundleError: the pointer is not as this installation signed it.
        """
        self.statement.verify(self.signature, key)


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A version that could not be trusted, and for which revision of the alias that was found."""

    version: str
    revision: int
    reason: str


def read_pointer(path: Path) -> LivePointer | None:
    """The pointer in this file; None where there is no file.

    Raises:
        BundleError: it is not readable as one, or names no version.
    """
    try:
        pointer = read_record(path.read_bytes(), LivePointer)
    except FileNotFoundError:
        return None
    for name in (pointer.version, pointer.previous):
        if name is not None:
            version_name(name)
    return pointer


def read_record(raw: bytes, record: Callable[..., Record]) -> Record:
    """What the bytes of such a file say.

    Raises:
        BundleError: they are no JSON of this record.
    """
    try:
        return record(**orjson.loads(raw))
    except (orjson.JSONDecodeError, TypeError) as error:
        raise BundleError(f"unreadable pointer: {error}") from error


def write_record(path: Path, content: Mapping[str, object]) -> None:
    """Replaces a small file whole, so that a reader finds the old or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(orjson.dumps(content))
    Path(name).replace(path)


def signed_anew(path: Path, key: bytes) -> LivePointer | None:
    """The pointer with another signature; None where it needs none, or none may be made."""
    try:
        pointer = read_pointer(path)
        if pointer is None:
            return None
        pointer.verify(key)
        signature = pointer.statement.sign(key)
    except BundleError:
        return None
    return None if signature == pointer.signature else replace(pointer, signature=signature)
