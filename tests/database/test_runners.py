"""Drivers' errors become ours, and only what is safe is tried again."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DuplicateKeyError,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
)

from database.batches import BatchRepository
from database.driver.async_client import open_async_registry
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import (
    Command,
    Count,
    CountBy,
    Document,
    EnsureIndex,
    Find,
    InsertMany,
    Replace,
    ReplaceMany,
)
from database.driver.errors import translated
from database.driver.execute import call
from model.errors import (
    AccessDenied,
    ConfigurationError,
    Conflict,
    RegistryError,
    RegistryUnavailable,
)

FIND = Find("labels", {})
INSERT = InsertMany("labels", [{"_id": "secret student"}])


class Breaks:
    """A client whose every call fails a number of times with an error, and then answers."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error = error
        self.times = times
        self.calls = 0

    def get_database(self, *_: object, **__: object) -> Breaks:
        return self

    def __getitem__(self, _: str) -> Breaks:
        return self

    def find(self, *_: object, **__: object) -> list[Any]:
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return []

    insert_many = find

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (AutoReconnect("x"), RegistryUnavailable),
        (ServerSelectionTimeoutError("x"), RegistryUnavailable),
        (NetworkTimeout("x"), RegistryUnavailable),
        (DuplicateKeyError("secret student"), Conflict),
        (OperationFailure("secret student", 2), RegistryError),
        (BulkWriteError({"writeErrors": [{"code": 8, "index": 0}]}), RegistryError),
    ],
)
def test_a_drivers_error_becomes_ours_without_what_was_stored(
    error: Exception, ours: type[RegistryError]
) -> None:
    with pytest.raises(RegistryError) as raised, translated(INSERT):
        raise error

    assert type(raised.value) is ours
    assert "secret" not in str(raised.value)
    assert "insertmany on labels" in str(raised.value).lower()


def test_an_account_without_rights_is_told_the_database_and_the_grant() -> None:
    refused = OperationFailure("not authorized on farol_scores to execute command { find }", 13)

    with pytest.raises(AccessDenied) as raised, translated(FIND, "farol_scores"):
        raise refused

    assert "no rights on database 'farol_scores'" in str(raised.value)
    assert "[{role: 'readWrite', db: 'farol_scores'}]" in str(raised.value)


def test_a_caller_without_credentials_is_not_sent_to_ask_for_a_grant() -> None:
    refused = OperationFailure("Command find requires authentication", 13)

    with pytest.raises(RegistryError, match="credentials in MONGO_URI"), translated(FIND, "farol"):
        raise refused


def test_a_full_disk_is_called_by_its_name() -> None:
    with pytest.raises(RegistryError, match="disk is full"), translated(INSERT):
        raise OperationFailure("database or disk is full")


@pytest.mark.parametrize(("command", "calls"), [(FIND, 3), (INSERT, 1)])
def test_reads_are_repeated_and_writes_are_not(command: Command, calls: int) -> None:
    client: Any = Breaks(AutoReconnect("gone"), times=9)

    with pytest.raises(RegistryUnavailable):
        SyncRegistry(client, "farol").execute(command)

    assert client.calls == calls


def test_a_read_survives_one_broken_connection() -> None:
    client: Any = Breaks(AutoReconnect("gone"), times=1)

    assert SyncRegistry(client, "farol").execute(FIND) == []
    assert client.calls == 2


# PyMongo's asyncio client leaves the socket of a refused connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_nobody_at_home_is_unavailable_on_every_driver() -> None:
    uri = f"mongodb://127.0.0.1:{_free_port()}"
    with (
        open_registry(uri, "farol", timeout_ms=200) as registry,
        pytest.raises(RegistryUnavailable),
    ):
        registry.run(BatchRepository().newest())

    async def asked(driver: Any) -> None:
        async with open_async_registry(uri, "farol", driver=driver, timeout_ms=200) as opened:
            with pytest.raises(RegistryUnavailable):
                await opened.run(BatchRepository().newest())
            with pytest.raises(RegistryUnavailable):
                await opened.ping()

    for driver in ("pymongo", "motor"):
        asyncio.run(asked(driver))
    gc.collect()


def test_a_uri_that_cannot_be_read_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError) as raised:
        open_registry("mongodb://user:secret@", "farol")

    assert "secret" not in str(raised.value)


def test_what_is_found_is_read_as_it_comes_and_never_in_memory_together() -> None:
    """As from a cursor: the next document is made when the one before it has been read."""
    at_once: list[int] = []
    alive: set[int] = set()

    def cursor() -> Iterator[Document]:
        for number in range(5):
            alive.add(number)
            yield {"_id": number}

    def read(document: Document) -> int:
        at_once.append(len(alive))
        alive.discard(document["_id"])
        return int(document["_id"])

    prepared = call(Find("labels", {}, read=read))

    assert prepared is not None
    assert prepared.answer(cursor()) == [0, 1, 2, 3, 4]
    assert max(at_once) == 1


def test_an_operation_sees_the_error_of_its_command_and_may_go_on() -> None:
    client: Any = Breaks(NetworkTimeout("slow"), times=1)

    def patient() -> Any:
        try:
            yield INSERT
        except RegistryUnavailable:
            yield INSERT
        return "done"

    assert SyncRegistry(client, "farol").run(patient()) == "done"


@pytest.mark.parametrize(
    "command",
    [
        Find("labels", {"name": {"$regex": "x"}}),
        Find("labels", {"$or": [{"a": {"$elemMatch": {}}}]}),
        Find("labels", {}, fields=["features.inde"]),
        Count("labels", {"$where": "1"}),
        InsertMany("labels", [{"value": 1}]),
        ReplaceMany("labels", [Replace({"_id": 1}, {"_id": 1, "$set": {}})]),
        CountBy("labels", {}, "features.inde", [("arrived_at", -1)]),
        CountBy("labels", {"$where": "1"}, "period", [("arrived_at", -1)]),
        EnsureIndex("labels", [("_id", -1), ("arrived_at", -1)]),
        EnsureIndex("labels", [("arrived_at", -1), ("_id", -1)], unique=True),
    ],
)
def test_what_is_not_portable_is_refused_before_it_is_sent(command: Command) -> None:
    with pytest.raises(TypeError, match=r"portable|_id"):
        call(command)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
