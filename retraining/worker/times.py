"""When the worker's jobs are due: crontab lines, in UTC."""

from __future__ import annotations

from collections.abc import Callable

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from model.errors import ConfigurationError
from preprocessing.task.spec import TaskSpec


def cron(expression: str) -> CronTrigger:
    """A crontab line as a trigger, in UTC.

    Raises:
        ValueError: not a crontab line; the message says where.
    """
    return CronTrigger.from_crontab(expression, timezone="UTC")


def at(line: str) -> Callable[[TaskSpec], BaseTrigger]:
    """The same times for every task."""

    def times(task: TaskSpec) -> BaseTrigger:
        return cron(line)

    return times


def scheduled(key: str) -> Callable[[TaskSpec], BaseTrigger]:
    """The times of a line of the task's `schedule`.

    Args:
        key: of the line.

    Returns:
        What gives a task's times; it raises ConfigurationError, naming the key, where the line is
        no crontab line.
    """

    def times(task: TaskSpec) -> BaseTrigger:
        line = getattr(task.schedule, key)
        try:
            return cron(line)
        except ValueError as error:
            raise ConfigurationError(
                f"schedule.{key} of task {task.name!r}: {line!r} is no crontab line ({error})"
            ) from error

    return times
