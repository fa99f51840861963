"""When to retrain outside the schedule: pure decisions over what the registry holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

from model.drift import DriftReport
from model.errors import ConfigurationError
from model.run import Run, RunStatus
from preprocessing.task.policies import PromotionPolicy
from preprocessing.task.spec import TaskSpec

COOL_DOWN = timedelta(hours=20)
"""Less than a day, so that the daily drift check may ask again the next day and no sooner."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Whether to retrain now, and why or why not."""

    fire: bool
    reason: str


def decide_trigger(
    report: DriftReport | None,
    fresh_labels: int,
    last_run: Run | None,
    policy: PromotionPolicy,
    *,
    champion: str | None,
    now: datetime,
) -> Trigger:
    """Whether drift calls for a run before the schedule does.

    Drift alone does not: without outcomes that the champion has not seen, a challenger could
    neither learn what changed nor be compared.

    Args:
        report: the newest drift report, if any.
        fresh_labels: labelled records the champion did not train on.
        last_run: the newest run, if any.
        policy: how many labels a comparison needs.
        champion: the serving version.
        now: aware UTC.
    """
    if report is not None and not report.compared:
        return Trigger(False, "there was nothing to compare yet")
    if report is None or not report.drifted:
        return Trigger(False, "nothing has drifted")
    if report.model_version != champion:
        return Trigger(False, f"the drift report is about {report.model_version}")
    if fresh_labels < policy.min_labelled:
        return Trigger(
            False,
            f"drift, but only {fresh_labels} new labelled records; "
            f"{policy.min_labelled} are needed to learn and to compare",
        )
    if last_run is not None and _recent(last_run, now):
        return Trigger(False, f"drift, but {last_run.run_id} has looked at it already")
    drifted = ", ".join(dict.fromkeys(f.feature for f in report.features if f.drifted))
    return Trigger(True, f"drift in {drifted}, and {fresh_labels} new labelled records")


def _recent(run: Run, now: datetime) -> bool:
    under_way = run.status in {RunStatus.QUEUED, RunStatus.RUNNING}
    return under_way or now - run.requested_at < COOL_DOWN


def cron(expression: str) -> CronTrigger:
    """A crontab line as a trigger, in UTC.

    Raises:
        ValueError: not a crontab line; the message says where.
    """
    return CronTrigger.from_crontab(expression, timezone="UTC")


def planned(task: TaskSpec) -> tuple[CronTrigger, CronTrigger]:
    """When a task is retrained, and when its drift is checked.

    Raises:
        ConfigurationError: one of the two is no crontab line; the message names the key.
    """
    return _planned(task, "retrain"), _planned(task, "drift")


def _planned(task: TaskSpec, key: str) -> CronTrigger:
    line = getattr(task.schedule, key)
    try:
        return cron(line)
    except ValueError as error:
        raise ConfigurationError(
            f"schedule.{key} of task {task.name!r}: {line!r} is no crontab line ({error})"
        ) from error


def missed(trigger: CronTrigger, last_run: Run | None, now: datetime) -> bool:
    """Whether a scheduled run fell into a time when no worker was up.

    Before the very first run nothing was missed: there is nothing yet to keep up to date.
    """
    if last_run is None:
        return False
    due: datetime | None = trigger.get_next_fire_time(None, last_run.requested_at)
    return due is not None and due <= now
