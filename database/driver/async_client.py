"""The asynchronous registry: the API. PyMongo's own asyncio client, or Motor, behind one seam."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from typing import Any, Literal, Self, TypeVar

from pymongo import AsyncMongoClient
from pymongo.errors import BulkWriteError, PyMongoError

from database.driver.commands import Command, Op, Together
from database.driver.errors import ATTEMPTS, PAUSE, repeatable, translated, worth_repeating
from database.driver.execute import Call, call, nothing
from database.driver.few_at_once import TakenAtOnce, are_many, in_messages
from database.driver.options import client_options, database_options
from database.driver.run import Hook, drive_async, hooked
from database.driver.watched import Watch, watched_async
from database.driver.weaknesses import weakness_of
from model.errors import ConfigurationError

T = TypeVar("T")


class AsyncRegistry:
    """Runs operations on a database of an asynchronous driver.

    Args:
        client: an `AsyncMongoClient` or a Motor client.
        db: the database's name.
        hook: what is done after each command of an operation; None does nothing.
        watch: what is open while a command runs; None is nothing, and costs nothing.
        taken: what is known of the client's server; None: nothing yet.
    """

    def __init__(
        self,
        client: Any,
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

    def on(self, db: str) -> AsyncRegistry:
        """Another database of the same server, through the same connections."""
        return AsyncRegistry(self._client, db, self._hook, self._watch, self._taken)

    async def run(self, op: Op[T]) -> T:
        """Runs an operation to its end and gives its result.

        Raises:
            RegistryUnavailable: no answer; the operation may be run again later.
            RegistryError: whatever else the operation states.
        """
        hook, watch = self._hook, self._watch
        execute = self.execute if watch is None else watched_async(watch, self._db, self.execute)
        return await drive_async(op if hook is None else hooked(op, hook), execute)

    async def execute(self, command: Command) -> Any:
        """Runs one command, repeating what is safe to repeat while the connection fails."""
        if isinstance(command, Together):
            return await self._together(command.operations)
        if are_many(command) and await self._takes_few():
            return sum([await self._execute(part) for part in in_messages(command)])
        return await self._execute(command)

    async def _execute(self, command: Command) -> Any:
        prepared = call(command)
        if prepared is None:
            return nothing(command)
        with translated(command, self._db):
            for attempt in range(1, ATTEMPTS):
                try:
                    return await self._call(command.collection, prepared)
                except PyMongoError as error:
                    if not (repeatable(command) and worth_repeating(error)):
                        raise
                    await asyncio.sleep(PAUSE * attempt)
            return await self._call(command.collection, prepared)

    async def _together(self, operations: Sequence[Op[Any]]) -> list[Any]:
        done = await asyncio.gather(*map(self.run, operations), return_exceptions=True)
        for one in done:
            if isinstance(one, BaseException):
                raise one
        return done

    async def _call(self, collection: str, prepared: Call) -> Any:
        method = getattr(self._database[collection], prepared.method)
        try:
            result = method(*prepared.args, **prepared.options)
            if prepared.cursor:
                # An aggregation of PyMongo's is awaited for its cursor, one of Motor's is one.
                cursor = await result if inspect.isawaitable(result) else result
                result = cursor.to_list(None)
            result = await result
            return prepared.answer(result)
        except BulkWriteError as error:
            if prepared.refused is None:
                raise
            return prepared.refused(error)

    async def _takes_few(self) -> bool:
        if self._taken.few is None:
            with translated():
                return self._taken.told(await self._client.admin.command("buildInfo"))
        return self._taken.few

    async def ping(self) -> None:
        """Asks for a sign of life.

        Raises:
            RegistryUnavailable: there was none.
        """
        with translated():
            await self._client.admin.command("ping")

    async def weakness(self) -> str:
        """What the server does not keep, as `SyncRegistry.weakness` tells.

        Raises:
            RegistryUnavailable: no answer.
            RegistryError: it does not say what it is.
        """
        with translated():
            return weakness_of(await self._client.admin.command("buildInfo"))

    async def close(self) -> None:
        """Closes the connections; the registry cannot be used afterwards."""
        closing = self._client.close()
        if inspect.isawaitable(closing):
            await closing

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def open_async_registry(
    uri: str,
    db: str,
    *,
    driver: Literal["pymongo", "motor"] = "pymongo",
    pool_size: int = 10,
    timeout_ms: int = 5_000,
    hook: Hook | None = None,
    watch: Watch | None = None,
) -> AsyncRegistry:
    """Opens a registry; nothing is sent before the first operation.

    Args:
        uri: a MongoDB connection string.
        db: the database's name.
        driver: PyMongo's own asyncio client, or Motor, which is deprecated and still asked for.
        pool_size: connections at most.
        timeout_ms: how long to look for a server.
        hook: what is done after each command of an operation.
        watch: what is open while a command runs.

    Raises:
        ConfigurationError: the URI cannot be read, or Motor is asked for and not installed.
    """
    options = client_options(uri, pool_size, timeout_ms)
    if driver == "pymongo":
        return AsyncRegistry(AsyncMongoClient(uri, **options), db, hook, watch)
    return AsyncRegistry(_motor(uri, options), db, hook, watch)


def _motor(uri: str, options: dict[str, Any]) -> Any:
    try:
        from motor.motor_asyncio import AsyncIOMotorClient
    except ImportError as error:
        raise ConfigurationError(
            "FAROL_ASYNC_DRIVER=motor needs the motor package: make setup-motor"
        ) from error
    return AsyncIOMotorClient(uri, **options)
