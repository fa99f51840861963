"""Runs an operation's commands one after the other, whatever executes them.

What an operation does between two commands makes and reads documents, so cycles are not looked for
meanwhile.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, runtime_checkable

from database.driver.commands import Command, Op, Together
from database.driver.gc_pause import quiet
from model.errors import FarolError
from model.trust.tombstone import TombstoneKey

T = TypeVar("T")

Hook = Callable[[Command], Op[None]]


@runtime_checkable
class KeyedHook(Protocol):
    """A hook that knows the installation's data key (`database.erasing.guarded`)."""

    @property
    def key(self) -> TombstoneKey:
        """The data key."""


def data_key_of(hook: Hook | None) -> TombstoneKey | None:
    """The data key that a registry's hook knows; None of a registry without one."""
    return hook.key if isinstance(hook, KeyedHook) else None


"""What is done after a command, inside the operation that gave it."""


def hooked(op: Op[T], hook: Hook) -> Op[T]:
    """The same operation, with the hook's commands after each of its own."""
    try:
        command = next(op)
        while True:
            try:
                result = yield command
                if not isinstance(command, Together):  # Its operations have the hook themselves.
                    yield from hook(command)
            except FarolError as error:
                command = op.throw(error)
            else:
                command = op.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        op.close()


def drive(op: Op[T], execute: Callable[[Command], Any]) -> T:
    """Runs an operation to its end; an error of a command is raised inside it."""
    try:
        with quiet():
            command = next(op)
        while True:
            try:
                result = execute(command)
            except FarolError as error:
                command = op.throw(error)
            else:
                with quiet():
                    command = op.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        op.close()


async def drive_async(op: Op[T], execute: Callable[[Command], Awaitable[Any]]) -> T:
    """Runs an operation to its end where each command is awaited; errors as in `drive`."""
    try:
        with quiet():
            command = next(op)
        while True:
            try:
                result = await execute(command)
            except FarolError as error:
                command = op.throw(error)
            else:
                with quiet():
                    command = op.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        op.close()
