"""How a job of the worker can end other than well, and what its exit code means."""

from __future__ import annotations

from datetime import datetime

from model.errors import FarolError

USAGE, NOT_ENOUGH_DATA, LEASE_HELD = 2, 3, 4
"""Of the exit codes of `deployment.exit_codes`, those that mean something to the worker."""


class JobFailed(FarolError):
    """The job did not do what it is for; to try again may help.

    Args:
        told: why, without personal data.
        mendable: False where only a person can help, so that it waits for its next time.
    """

    def __init__(self, told: str, *, mendable: bool = True) -> None:
        super().__init__(told)
        self.mendable = mendable


class JobWaits(FarolError):
    """Somebody else is at it; that is no failure.

    Args:
        told: who or what.
        until: when it is worth trying again.
    """

    def __init__(self, told: str, until: datetime) -> None:
        super().__init__(told)
        self.until = until


class JobStopped(FarolError):
    """The worker ends; whoever works on the task next begins the job again."""
