"""Runs an operation's commands one after the other, whatever executes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from database.operations import Command, Op
from model.errors import FarolError

T = TypeVar("T")


def drive(op: Op[T], execute: Callable[[Command], Any]) -> T:
    """Runs an operation to its end; an error of a command is raised inside it."""
    try:
        command = next(op)
        while True:
            try:
                result = execute(command)
            except FarolError as error:
                command = op.throw(error)
            else:
                command = op.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        op.close()


async def drive_async(op: Op[T], execute: Callable[[Command], Awaitable[Any]]) -> T:
    """The same for an execution that is awaited."""
    try:
        command = next(op)
        while True:
            try:
                result = await execute(command)
            except FarolError as error:
                command = op.throw(error)
            else:
                command = op.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        op.close()
