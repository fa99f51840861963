"""The runs that somebody asked for through the API, carried out oldest first."""

from __future__ import annotations

import logging
from dataclasses import replace

from database.runs import RunRepository
from model.errors import FarolError, InvalidRecord, NotFound
from model.options import RunOptions
from model.run import Run, RunStatus
from model.telemetry.context import RUN_ID, doing
from retraining.worker.context import AtWork
from retraining.worker.outcome import LEASE_HELD

log = logging.getLogger(__name__)


class QueuedRuns:
    """The queue of one task. One that is not begun in its turn stays queued.

    Args:
        here: the task.
    """

    def __init__(self, here: AtWork) -> None:
        self._here = here
        self._silent_on = ""

    def carry_out(self) -> None:
        """Carries out the oldest, if there is one and no other run is under way."""
        name = self._here.task.name
        try:
            waiting = self._here.registry.run(RunRepository().queued())
            if waiting:
                with doing(RUN_ID, waiting[0].run_id):
                    self._carry_out(waiting[0])
            self._silent_on = ""
        except FarolError as error:
            # Asked every few seconds: said once until it is over.
            if str(error) != self._silent_on:
                log.warning("%s: queued runs cannot be carried out: %s", name, error)
            self._silent_on = str(error)

    def _carry_out(self, run: Run) -> None:
        try:
            options = RunOptions.from_mapping(run.options)
        except InvalidRecord as error:
            self._refuse(run, f"option {error}")
            return
        name = self._here.task.name
        code = self._here.subprocesses.run(
            "retraining.pipeline",
            *("--task", name, "--run-id", run.run_id, "--requested-by", run.requested_by),
            *options.to_arguments(),
            task=name,
            wait=False,
        )
        if code is None or code == LEASE_HELD:
            return  # It stays queued and has its turn later.
        log.info("%s: queued run: exit code %d", name, code)
        try:
            after = self._here.registry.run(RunRepository().get(run.run_id))
        except NotFound:
            return
        if after.status is RunStatus.QUEUED:
            # It never began; left queued it would be tried again every few seconds for ever.
            self._refuse(
                after, f"the pipeline did not start (exit code {code}); see the worker's log"
            )

    def _refuse(self, run: Run, error: str) -> None:
        now = self._here.clock()
        failed = replace(run, status=RunStatus.FAILED, finished_at=now, error=error)
        self._here.registry.run(RunRepository().finish(failed))
