"""A folder as one string of bytes, and back."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path, PurePosixPath

from model.errors import BundleError

MANIFEST = "manifest.json"
MAX_BYTES = 512 * 1024 * 1024


def pack(folder: Path) -> bytes:
    """The files of a flat folder as an uncompressed tar: same files, same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(p for p in folder.iterdir() if p.is_file()):
            data = path.read_bytes()
            entry = tarfile.TarInfo(path.name)
            entry.size = len(data)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Writes the files of `pack` into `folder`, which is made if need be.

    Raises:
        BundleError: not such an archive, or an entry that is no plain file of that very folder.
    """
    entries = _entries(data)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in entries:
        (folder / name).write_bytes(content)


def bundle_digest(data: bytes) -> str:
    """The digest of the bundle in an archive: SHA-256 of the manifest that `unpack` would write.

    Raises:
        BundleError: not such an archive, or one without a manifest.
    """
    manifest = dict(_entries(data)).get(MANIFEST)
    if manifest is None:
        raise BundleError(f"the archive holds no {MANIFEST}")
    return hashlib.sha256(manifest).hexdigest()


def _entries(data: bytes) -> list[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            entries = [(entry.name, _content(archive, entry)) for entry in archive.getmembers()]
    except tarfile.TarError as error:
        raise BundleError(f"the archive is damaged: {error}") from error
    if not entries:
        raise BundleError("the archive is empty")
    return entries


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    name = PurePosixPath(entry.name)
    if not entry.isreg() or len(name.parts) != 1 or entry.name in {".", ".."} or "\\" in entry.name:
        raise BundleError(f"the archive holds {entry.name!r}, which is no plain file")
    if entry.size > MAX_BYTES:
        raise BundleError(f"the archive holds {entry.name!r} of {entry.size} bytes")
    stream = archive.extractfile(entry)
    content = b"" if stream is None else stream.read()
    if len(content) != entry.size:
        raise BundleError(f"the archive is cut short in {entry.name!r}")
    return content
