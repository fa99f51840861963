"""What the exit code of a command means, the same for all of them."""

from __future__ import annotations

import sys
from enum import IntEnum

from model.errors import ConfigurationError, LeaseHeld, NotEnoughData, NotThisTask


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_ENOUGH_DATA = 3
    LEASE_HELD = 4


def exit_code(error: Exception) -> ExitCode:
    """The exit code of a command that ended with this error.

    >>> exit_code(LeaseHeld("run r1 holds the lease")).name
    'LEASE_HELD'
    """
    match error:
        case ConfigurationError() | NotThisTask():
            return ExitCode.USAGE
        case NotEnoughData():
            return ExitCode.NOT_ENOUGH_DATA
        case LeaseHeld():
            return ExitCode.LEASE_HELD
        case _:
            return ExitCode.FAILED


def failed(command: str, error: Exception) -> ExitCode:
    """Writes the error as one line on stderr, and gives the command's exit code."""
    sys.stderr.write(f"{command}: {error}\n")
    return exit_code(error)
