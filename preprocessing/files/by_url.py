"""Files that are at a URL: read into a temporary file, and written from one.

`http` and `https` are read with httpx. Everything else is fsspec's (`memory`, `sftp`), the clouds
(`s3`, `gs`, `abfs`) through obstore (`make setup-cloud`), which finds credentials by itself (in the
environment, or the machine's own role). What is told of a
URL never holds its user, password or query, where a signature would be, and what a library says of
a failure is not repeated, for it may.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, TypeVar
from urllib.parse import unquote, urlsplit

import httpx

from model.errors import ConfigurationError, NotThisTask
from preprocessing.files.limits import too_large

URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
WEB = frozenset({"http", "https"})
CLOUDS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})
PIECE = 1 << 20
MOST_FILES = 200
TIMEOUT = httpx.Timeout(30.0)

Done = TypeVar("Done")


def place(text: str) -> Path | str:
    """A path, or a URL as it is; `file://` is a path.

    >>> place("file:///data/a%20b.csv"), place("s3://bucket/a.csv")
    (PosixPath('/data/a b.csv'), 's3://bucket/a.csv')
    """
    if not URL.match(text):
        return Path(text)
    return Path(unquote(urlsplit(text).path)) if scheme_of(text) == "file" else text


def scheme_of(url: str) -> str:
    """What a URL begins with."""
    return url.partition("://")[0].lower()


def shown(url: str) -> str:
    """A URL without user, password, query and fragment.

    >>> shown("https://ana:secret@host:8443/a/b.csv?signature=x#y")
    'https://host:8443/a/b.csv'
    """
    scheme, _, rest = url.partition("://")
    rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def name_of(url: str) -> str:
    """What the file at a URL is called.

    >>> name_of("s3://bucket/2024/pede%202024.csv?versionId=1"), name_of("s3://bucket/bundle/")
    ('pede 2024.csv', 'bundle')
    >>> name_of("https://host/a%2F..%2F..%2Fb.csv"), name_of("https://host/%2e%2e")
    ('b.csv', 'file')
    """
    # Unquoted first: a slash may be written %2F, and the name becomes one of this host.
    last = PurePosixPath(unquote(shown(url).partition("://")[2])).name.replace("\0", "")
    return "file" if last in {"", ".."} else last


@contextmanager
def fetched(url: str, *, largest: int | None = None) -> Iterator[Path]:
    """The file at a URL as one of this host, for as long as it is needed.

    A URL that ends with a slash is a folder; its files are fetched, without the folders in it. An
    address that leads to another is not followed: whoever gives it would choose what is read.

    Args:
        url: where it is.
        largest: bytes beyond which it is refused; of a folder, of all its files together.

    Raises:
        ConfigurationError: it cannot be had.
        NotThisTask: it is too large.
    """
    with tempfile.TemporaryDirectory(prefix="farol-fetched-") as folder:
        target = Path(folder) / name_of(url)
        if scheme_of(url) in WEB:
            _download(url, target, largest)
        else:
            guarded("read", url, lambda: _fetch(url, target, largest))
        yield target


def put(path: Path, url: str) -> None:
    """Writes a file to a URL, in the place of what was there.

    Raises:
        ConfigurationError: it cannot be written there, or is not as long there as here.
    """
    if scheme_of(url) in WEB:
        raise ConfigurationError(
            f"{shown(url)}: nothing can be written over http; give the storage's own URL (s3://...)"
        )
    guarded("written", url, lambda: _put(path, url))


def _download(url: str, target: Path, largest: int | None) -> None:
    try:
        with (
            httpx.stream("GET", url, timeout=TIMEOUT) as answer,
            target.open("wb") as file,
        ):
            if answer.status_code != httpx.codes.OK:
                leads = ", another address: give that one" if answer.has_redirect_location else ""
                raise ConfigurationError(
                    f"{shown(url)}: cannot be read: it answers {answer.status_code}{leads}"
                )
            _copy(answer.iter_bytes(PIECE), file, name_of(url), largest)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConfigurationError(f"{shown(url)}: cannot be read: {_kind(error)}") from None


def _fetch(url: str, target: Path, largest: int | None) -> None:
    storage, path = storage_of(url)
    if not url.endswith("/"):
        _take(storage, path, target, name_of(url), largest)
        return
    target.mkdir()
    found = [one for one in storage.ls(path, detail=True) if one["type"] == "file"]
    if len(found) > MOST_FILES:
        raise NotThisTask(f"{name_of(url)}: more than {MOST_FILES} files")
    left = largest
    for one in sorted(found, key=lambda one: str(one["name"])):
        copy = target / PurePosixPath(one["name"]).name
        size = _take(storage, one["name"], copy, name_of(url), left)
        left = None if left is None else left - size


def _take(storage: Any, path: str, target: Path, name: str, largest: int | None) -> int:
    """Fetches one file, and gives its size; what is told to be too large is not begun."""
    size = int(storage.size(path) or 0)
    if largest is not None and size > largest:
        raise too_large(name, largest)
    storage.get_file(path, str(target))
    return size


def _put(path: Path, url: str) -> None:
    storage, target = storage_of(url)
    storage.put_file(str(path), target)
    if storage.size(target) != path.stat().st_size:
        raise ConfigurationError(f"{shown(url)}: is not as long there as it is here; try again")


def storage_of(url: str) -> tuple[Any, str]:
    """The file system of a URL as fsspec knows it, and the path there; within `guarded`."""
    from fsspec.core import url_to_fs

    scheme = scheme_of(url)
    if scheme in CLOUDS:
        from obstore.fsspec import register

        register(scheme)
    storage, path = url_to_fs(url)
    return storage, str(path)


def _copy(pieces: Iterator[bytes], file: BinaryIO, name: str, largest: int | None) -> None:
    size = 0
    for piece in pieces:
        size += len(piece)
        if largest is not None and size > largest:
            raise too_large(name, largest)
        file.write(piece)


def guarded(done: str, url: str, work: Callable[[], Done]) -> Done:
    """Does something with a storage, whose libraries raise errors of their own.

    Args:
        done: what is to be done, as in "cannot be read".
        url: where.
        work: does it.

    Raises:
        ConfigurationError: it cannot be done.
    """
    try:
        return work()
    except (ConfigurationError, NotThisTask, MemoryError):
        raise
    except ImportError:
        raise ConfigurationError(
            f"{shown(url)}: its library is not installed; for s3, gs and abfs: make setup-cloud"
        ) from None
    except Exception as error:  # noqa: BLE001  each cloud's library has its own
        # From None, for what it says may hold credentials.
        raise ConfigurationError(f"{shown(url)}: cannot be {done}: {_kind(error)}") from None


def _kind(error: Exception) -> str:
    return type(error).__name__
