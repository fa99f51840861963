"""The synchronous registry: pipelines, the worker, the dashboard."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Self, TypeVar

from pymongo import MongoClient
from pymongo.errors import BulkWriteError, PyMongoError

from database.driver.commands import Command, Document, Op, Together
from database.driver.errors import ATTEMPTS, PAUSE, repeatable, translated, worth_repeating
from database.driver.execute import Call, call, nothing
from database.driver.few_at_once import TakenAtOnce, are_many, in_messages
from database.driver.options import client_options, database_options
from database.driver.run import Hook, data_key_of, drive, hooked
from database.driver.watched import Watch, watched
from database.driver.weaknesses import weakness_of
from model.trust.tombstone import TombstoneKey

T = TypeVar("T")


class SyncRegistry:
    """Runs operations on a database of a synchronous driver.

    Args:
        client: a PyMongo client, or one that is used the same way.
        db: the database's name.
        hook: what is done after each command of an operation; None does nothing.
        watch: what is open while a command runs; None is nothing, and costs nothing.
        taken: what is known of the client's server; None: nothing yet.
    """

    def __init__(
        self,
        client: MongoClient[Document],
        db: str,
        hook: Hook | None = None,
        watch: Watch | None = None,
        taken: TakenAtOnce | None = None,
    ) -> None:
        self._taken = taken or TakenAtOnce()
        self._hook = hook
        self._watch = watch
        self._client = client
        self._db = db
        self._database = client.get_database(db, **database_options())

    @property
    def data_key(self) -> TombstoneKey | None:
        """The installation's data key; None of a registry that was opened without one."""
        return data_key_of(self._hook)

    def on(self, db: str) -> SyncRegistry:
        """Another database of the same server, through the same connections."""
        return SyncRegistry(self._client, db, self._hook, self._watch, self._taken)

    def run(self, op: Op[T]) -> T:
        """Runs an operation to its end and gives its result.

        Raises:
            RegistryUnavailable: no answer; the operation may be run again later.
            RegistryError: whatever else the operation states.
        """
        hook, watch = self._hook, self._watch
        execute = self.execute if watch is None else watched(watch, self._db, self.execute)
        return drive(op if hook is None else hooked(op, hook), execute)

    def execute(self, command: Command) -> Any:
        """Runs one command, repeating what is safe to repeat while the connection fails."""
        if isinstance(command, Together):
            return self._together(command.operations)
        if are_many(command) and self._takes_few():
            return sum(map(self._execute, in_messages(command)))
        return self._execute(command)

    def _execute(self, command: Command) -> Any:
        prepared = call(command)
        if prepared is None:
            return nothing(command)
        with translated(command, self._db):
            for attempt in range(1, ATTEMPTS):
                try:
                    return self._call(command.collection, prepared)
                except PyMongoError as error:
                    if not (repeatable(command) and worth_repeating(error)):
                        raise
                    time.sleep(PAUSE * attempt)
            return self._call(command.collection, prepared)

    def _together(self, operations: Sequence[Op[Any]]) -> list[Any]:
        """Runs each in a thread of its own; leaving the pool waits for all."""
        with ThreadPoolExecutor(len(operations)) as pool:
            running = [pool.submit(copy_context().run, self.run, one) for one in operations]
        return [one.result() for one in running]

    def _call(self, collection: str, prepared: Call) -> Any:
        method = getattr(self._database[collection], prepared.method)
        try:
            return prepared.answer(method(*prepared.args, **prepared.options))
        except BulkWriteError as error:
            if prepared.refused is None:
                raise
            return prepared.refused(error)

    def _takes_few(self) -> bool:
        if self._taken.few is None:
            with translated():
                return self._taken.told(self._client.admin.command("buildInfo"))
        return self._taken.few

    def ping(self) -> None:
        """Asks for a sign of life.

        Raises:
            RegistryUnavailable: there was none.
        """
        with translated():
            self._client.admin.command("ping")

    def weakness(self) -> str:
        """What the server does not keep of what the registry builds on; empty where none is known.

        Raises:
            RegistryUnavailable: no answer.
            RegistryError: it does not say what it is.
        """
        with translated():
            return weakness_of(self._client.admin.command("buildInfo"))

    def close(self) -> None:
        """Closes the connections; the registry cannot be used afterwards."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_registry(
    uri: str,
    db: str,
    *,
    pool_size: int = 10,
    timeout_ms: int = 5_000,
    hook: Hook | None = None,
    watch: Watch | None = None,
) -> SyncRegistry:
    """Opens a registry; nothing is sent before the first operation.

    Args:
        uri: of a MongoDB or of the embedded registry.
        db: the database's name.
        pool_size: most connections at once.
        timeout_ms: how long each command waits for a server, in milliseconds.
        hook: what is done after each command of an operation.
        watch: what is open while a command runs.

    Raises:
        ConfigurationError: the URI cannot be read.
    """
    client: MongoClient[Document] = MongoClient(uri, **client_options(uri, pool_size, timeout_ms))
    return SyncRegistry(client, db, hook, watch)
