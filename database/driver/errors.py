"""Driver errors to ours.

A duplicate key's message holds the key, which may be a student's id; so what the server says is
never part of our message, and a refused write is not chained to the driver's error either.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidOperation,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from database.driver.commands import Command, Count, CountBy, EnsureIndex, Find
from database.driver.options import grant_on
from model.errors import AccessDenied, Conflict, RegistryError, RegistryUnavailable

DUPLICATE_KEY = 11000
UNAUTHORIZED = 13
ATTEMPTS = 3
"""How often a command that may be repeated is tried while the connection fails."""

PAUSE = 0.1
"""Seconds before the second attempt; twice as long before the third."""

_GONE = (
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    WaitQueueTimeoutError,
    WTimeoutError,
)


def repeatable(command: Command) -> bool:
    """Whether running a command twice gives the answer of running it once.

    Reads do, and making an index. A write does not, although each is idempotent in its effect: a
    compare-and-set whose answer was lost would be taken for lost to somebody else. Replica sets
    repeat writes safely in the driver itself (`retryWrites`).
    """
    return isinstance(command, Find | Count | CountBy | EnsureIndex)


def worth_repeating(error: PyMongoError) -> bool:
    """Whether the connection failed at once, so that another attempt may find the server back."""
    return isinstance(error, AutoReconnect) and not error.timeout


def duplicates(error: BulkWriteError) -> list[int]:
    """The positions whose key was there already.

    Raises:
        RegistryError: something else than a duplicate key was refused.
    """
    refused = (error.details or {}).get("writeErrors", [])
    codes = {entry["code"] for entry in refused}
    if codes - {DUPLICATE_KEY} or (error.details or {}).get("writeConcernErrors"):
        raise RegistryError(f"the registry refused an insert (codes {sorted(codes)})") from None
    return sorted(entry["index"] for entry in refused)


@contextmanager
def translated(command: Command | None = None, database: str = "") -> Iterator[None]:
    """Raises our errors for the driver's.

    Args:
        command: what is run; None for a sign of life.
        database: where it is run.

    Raises:
        AccessDenied: the account may not do this on that database.
        RegistryUnavailable: no answer; the same call may succeed later.
        Conflict: a unique key refused the write.
        RegistryError: anything else the server refused.
    """
    what = f"{type(command).__name__} on {command.collection}" if command else "ping"
    try:
        yield
    except (DuplicateKeyError, BulkWriteError) as error:
        raise _refused(what, error) from None
    except _GONE as error:
        raise RegistryUnavailable(f"{what}: the registry does not answer") from error
    except InvalidOperation as error:
        raise RegistryUnavailable(f"{what}: the connection is closed") from error
    except OperationFailure as error:
        raise _rejected(what, database, error) from None
    except PyMongoError as error:
        raise RegistryError(f"{what}: {type(error).__name__}") from error


def _refused(what: str, error: DuplicateKeyError | BulkWriteError) -> RegistryError:
    codes = {e.get("code") for e in (error.details or {}).get("writeErrors", [])}
    if isinstance(error, DuplicateKeyError) or DUPLICATE_KEY in codes:
        return Conflict(f"{what}: the key is taken")
    return RegistryError(f"{what}: refused (codes {sorted(map(str, codes))})")


def _rejected(what: str, database: str, error: OperationFailure) -> RegistryError:
    signed_in = "requires authentication" not in str(error)
    if error.code == UNAUTHORIZED and signed_in and database:
        return AccessDenied(
            f"{what}: the account in MONGO_URI has no rights on database {database!r}. An "
            f"administrator of the MongoDB grants them in mongosh: {grant_on(database)}"
        )
    return RegistryError(_reason(what, error))


def _reason(what: str, error: OperationFailure) -> str:
    text = str(error).lower()
    for clue, reason in _CLUES.items():
        if clue in text:
            return f"{what}: {reason}"
    return f"{what}: refused (code {error.code})"


_CLUES = {
    "disk is full": "the registry's disk is full",
    "disk i/o error": "the registry's disk cannot be read or written",
    "readonly database": "the registry's files are read-only",
    "auth": "the registry refused the credentials in MONGO_URI",
}
