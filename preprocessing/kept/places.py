"""Small things done with a file at an address: a path of this host, or a URL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from model.errors import ConfigurationError
from preprocessing.files.by_url import guarded, place, shown, storage_of


def read(address: str) -> bytes | None:
    """What is there; None where nothing is.

    Raises:
        ConfigurationError: it cannot be read.
    """
    where = place(address)
    if isinstance(where, Path):
        try:
            # A folder that is not there, as of a disk that is not mounted, is no answer.
            return where.read_bytes() if where in where.parent.iterdir() else None
        except OSError as error:
            raise _unusable(address, error) from error

    def there() -> bytes | None:
        storage, path = storage_of(where)
        return bytes(storage.cat_file(path)) if _is_there(storage, path) else None

    return guarded("read", where, there)


def write(address: str, data: bytes) -> None:
    """Puts bytes there; a path of this host has them whole or not at all.

    Raises:
        ConfigurationError: they cannot be written.
    """
    where = place(address)
    if isinstance(where, Path):
        fresh = where.with_name(f".{where.name}-{os.getpid()}")
        try:
            where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.touch(mode=0o600)
            fresh.write_bytes(data)
            fresh.replace(where)
        except OSError as error:
            raise _unusable(address, error) from error
        return

    def put() -> Any:
        storage, path = storage_of(where)
        return storage.pipe_file(path, data)

    guarded("written", where, put)


def remove(address: str) -> None:
    """Removes what is there, if anything is.

    Raises:
        ConfigurationError: it cannot be removed.
    """
    where = place(address)
    if isinstance(where, Path):
        try:
            where.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(address, error) from error
        return

    def gone() -> None:
        storage, path = storage_of(where)
        if _is_there(storage, path):
            storage.rm_file(path)

    guarded("removed", where, gone)


def _is_there(storage: Any, path: str) -> bool:
    """Not `exists` of fsspec, which takes every failure for a no."""
    try:
        storage.info(path)
    except FileNotFoundError:
        return False
    return True


def _unusable(address: str, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"{shown(address)}: cannot be used ({error.strerror})")
