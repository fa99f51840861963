"""The worker's jobs that start a retraining run: on schedule, and when something calls for it."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from datetime import datetime

from database.driver.client import SyncRegistry
from database.leases import LeaseRepository
from database.runs import RunRepository
from model.decisions.cause import RunCause
from model.run import Run
from retraining.run.lock import LEASE
from retraining.worker.commands import RETRY_SOON, completed
from retraining.worker.context import AtWork
from retraining.worker.facts import gather_seen, may_promote
from retraining.worker.outcome import LEASE_HELD, NOT_ENOUGH_DATA, JobWaits
from retraining.worker.times import cron
from retraining.worker.triggers import decide_trigger, scheduled_run, served

log = logging.getLogger(__name__)


def retrain(here: AtWork) -> str:
    """One run, because the schedule says so, unless one was made since its time."""
    line = here.task.schedule.retrain
    with here.deciding:
        made = served(cron(line), _runs(here.registry), here.clock())
        if made is not None:
            return f"{made.run_id} was made since: {made.status.value}"
        return start_run(here, scheduled_run(line))


def retrain_if_called_for(here: AtWork) -> str:
    """One run, if drift, labels or a promise that was not kept call for it."""
    with here.deciding:
        now = here.clock()
        here.registry.run(RunRepository().abandon_stale(now))
        trigger = decide_trigger(
            here.registry.run(gather_seen(here.signing_key)), here.task, now=now
        )
        if trigger.cause is None:
            return trigger.reason
        log.info("%s: a run is called for: %s", here.task.name, trigger.reason)
        return start_run(here, trigger.cause)


def start_run(here: AtWork, cause: RunCause) -> str:
    """Runs the pipeline to its end.

    Raises:
        JobFailed: it failed.
        JobWaits: another run is under way.
        JobStopped: the worker ends.
    """
    arguments = ("--requested-by", cause.trigger.value, "--cause", json.dumps(asdict(cause)))
    code = completed(here, "retraining.pipeline", *arguments, also=(NOT_ENOUGH_DATA, LEASE_HELD))
    if code == LEASE_HELD:
        raise JobWaits("another run is under way", _free_at(here))
    if code == NOT_ENOUGH_DATA:
        return "not enough labelled records yet"
    made = next(iter(_runs(here.registry)), None)
    return f"{made.run_id}: {made.status.value}" if made else "a run ended"


def last_requested(registry: SyncRegistry) -> datetime | None:
    """When the newest run that may promote was asked for."""
    newest = next(iter(_runs(registry)), None)
    return None if newest is None else newest.requested_at


def _runs(registry: SyncRegistry) -> list[Run]:
    return registry.run(may_promote())


def _free_at(here: AtWork) -> datetime:
    """When the lease of the run that is under way ends, if that is not renewed."""
    held = here.registry.run(LeaseRepository().find(LEASE))
    soon = here.clock() + RETRY_SOON
    return soon if held is None else max(soon, held.expires_at)
