"""A bundle's files as bytes: a folder, or a zip of one, with `manifest.csv` in it."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from model.errors import NotThisTask
from preprocessing.files.limits import LARGEST, too_large
from preprocessing.files.workbooks import ARCHIVE_ERRORS, has_too_many_parts

MANIFEST = "manifest.csv"
ZIP = b"PK\x03\x04"
TAIL = (1 << 16) + 22
"""Bytes at the end of a zip in which it tells how large its directory is."""
MOST_FILES = 200
"""Files of a bundle; the specification knows 23."""


@dataclass(frozen=True, slots=True)
class RosterBundle:
    """The files of a bundle.

    Attributes:
        name: what the bundle is called.
        files: name, without its ending, to what stands in it.
        others: what is in it and no CSV.
    """

    name: str
    files: Mapping[str, bytes]
    others: tuple[str, ...] = ()


def is_bundle(path: Path) -> bool:
    """Whether a path is a bundle: a folder or a zip that holds a `manifest.csv`.

    A pipe is none: it can be read once only.
    """
    try:
        if path.is_dir():
            return (path / MANIFEST).is_file()
        if not path.is_file():
            return False
        with path.open("rb") as file:
            if file.read(len(ZIP)) != ZIP:
                return False
        if _has_too_many_parts(path):
            return False
        with zipfile.ZipFile(path) as archive:
            return any(PurePosixPath(n).name == MANIFEST for n in archive.namelist()[:MOST_FILES])
    except ARCHIVE_ERRORS:
        return False


def open_bundle(path: Path, *, name: str | None = None) -> RosterBundle:
    """The files of a bundle.

    Args:
        path: a folder or a zip.
        name: what it is called, where the path does not say.

    Raises:
        NotThisTask: neither, no `manifest.csv` in it, or more than the limits allow.
    """
    called = Path(name or path.name).name or "bundle"
    try:
        found = _folder(path, called) if path.is_dir() else _archive(path, called)
    except ARCHIVE_ERRORS as error:
        raise NotThisTask(
            f"{called}: is no OneRoster bundle: neither a folder nor a zip that can be read"
        ) from error
    twice = sorted(one for one, n in Counter(name for name, _ in found).items() if n > 1)
    if twice:
        raise NotThisTask(f"{called}: holds {', '.join(twice)} twice")
    files = {name.removesuffix(".csv"): data for name, data in found if name.endswith(".csv")}
    if "manifest" not in files:
        raise NotThisTask(f"{called}: is no OneRoster bundle: {MANIFEST} is missing")
    others = sorted(name for name, _ in found if not name.endswith(".csv"))
    return RosterBundle(called, files, tuple(others))


def _folder(folder: Path, called: str) -> list[tuple[str, bytes]]:
    # A link would bring in, and keep, what is no part of the bundle.
    paths = sorted(
        p for p in folder.iterdir()
        if p.is_file() and not p.is_symlink() and not p.name.startswith(".")
    )  # fmt: skip
    _bounded(called, len(paths), sum(p.stat().st_size for p in paths if p.suffix == ".csv"))
    return [(p.name, p.read_bytes() if p.suffix == ".csv" else b"") for p in paths]


def _archive(path: Path, called: str) -> list[tuple[str, bytes]]:
    if _has_too_many_parts(path):
        _bounded(called, MOST_FILES + 1, 0)
    with zipfile.ZipFile(path) as archive:
        named = [(PurePosixPath(i.filename), i) for i in archive.infolist() if not i.is_dir()]
        # Some systems pack the folder and not what is in it.
        folder = next((p.parent for p, _ in named if p.name == MANIFEST), PurePosixPath())
        members = [(p.name, info) for p, info in named if p.parent == folder]
        tables = [info for name, info in members if name.endswith(".csv")]
        _bounded(called, len(members), sum(info.file_size for info in tables))
        # Never more than the size that the directory tells, whatever is packed there.
        return [
            (name, archive.read(info) if name.endswith(".csv") else b"") for name, info in members
        ]


def _has_too_many_parts(path: Path) -> bool:
    """Asked before the directory is read, which alone may take gigabytes."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        return has_too_many_parts(file.read())


def _bounded(called: str, files: int, size: int) -> None:
    if files > MOST_FILES:
        raise NotThisTask(f"{called}: more than {MOST_FILES} files")
    if size > LARGEST:
        raise too_large(called, LARGEST, " once unpacked")
