"""Runs an operation's commands one after the other, whatever executes them.

What an operation does between two commands makes and reads documents, so cycles are not looked for
meanwhile.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from database.driver.commands import Command, Op
from database.driver.gc_pause import quiet
from model.errors import FarolError

T = TypeVar("T")

Hook = Callable[[Command], Op[None]]
"""What is done after a command, inside the operation that gave it."""


def hooked(op: Op[T], hook: Hook) -> Op[T]:
    """The same operation, with the hook's commands after each of its own."""
    try:
        command = next(op)
        while True:
            try:
                result = yield command
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
