"""Retraining runs and their steps."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import datetime

from database.driver.commands import Document, Find, Op, Replace, ReplaceMany
from database.leases import LeaseRepository
from database.mapping.documents import from_document, milliseconds
from database.repository import Repository
from model.errors import Conflict, LeaseLost, NotFound
from model.run import Lease, Run, RunOutline, RunStatus, RunStep, stopped

_OPEN = (RunStatus.QUEUED, RunStatus.RUNNING)


class RunRepository(Repository[Run]):
    """Retraining runs by id, each with the steps it has finished."""

    collection = "runs"
    indexes = (
        [("requested_at", -1)],  # newest, outlines
        [("status", 1)],  # queued, abandon_stale
    )
    record = Run
    key = "run_id"
    order = (("requested_at", -1), ("_id", 1))
    missing = "run {}"

    def start(self, run: Run) -> Op[None]:
        """Records a run, queued or running; a queued run of the same id becomes this one.

        Raises:
            Conflict: the run was started or finished by somebody else.
        """
        fresh = self._document(run) | {"revision": 1}
        if not (yield from self._add(fresh)):
            where = {"_id": run.run_id, "status": RunStatus.QUEUED.value}
            done = yield ReplaceMany(self.collection, [Replace(where, fresh)])
            if not done:
                raise Conflict(f"run {run.run_id} is not queued")

    def step(self, run_id: str, finished: RunStep) -> Op[None]:
        """Adds a finished step.

        Raises:
            NotFound: no such run.
        """
        while True:
            document = yield from self._existing(run_id)
            run = self.read(document)
            done = yield from self._move(document, replace(run, steps=(*run.steps, finished)))
            if done:
                return

    def finish(self, run: Run, *, lease: Lease | None = None) -> Op[None]:
        """Records how a run ended. The steps stored already are kept.

        Args:
            run: with its final status.
            lease: the lease the run holds, if the run itself is speaking.

        Raises:
            NotFound: no such run.
            Conflict: the run has ended already, another way.
            LeaseLost: another run took over; how this one ends is no longer its own to say.
        """
        while True:
            document = yield from self._existing(run.run_id)
            if lease is not None:
                yield from LeaseRepository().check_token(lease)
                _check_token(document, lease)
            before = self.read(document)
            after = replace(
                run, steps=before.steps if len(before.steps) > len(run.steps) else run.steps
            )
            if before.status not in _OPEN and before.status != run.status:
                raise Conflict(f"run {run.run_id} has ended as {before.status}")
            done = yield from self._move(document, after)
            if done:
                return

    def outlines(self, limit: int) -> Op[list[RunOutline]]:
        """How the newest runs ended, newest first; their steps are not read.

        Raises:
            RegistryError: a run cannot be read.
        """
        fields = [one.name for one in dataclasses.fields(RunOutline) if one.name != self.key]
        found = yield Find(self.collection, {}, sort=self.order, limit=limit, fields=fields)
        return [from_document(RunOutline, document, key=self.key) for document in found]

    def queued(self) -> Op[list[Run]]:
        """The runs that wait to be started, oldest first.

        Raises:
            RegistryError: a run cannot be read.
        """
        return (yield from self._with_status(RunStatus.QUEUED))

    def since(self, moment: datetime, limit: int) -> Op[list[Run]]:
        """The latest runs that were asked for since a moment, newest first.

        Raises:
            RegistryError: a run cannot be read.
        """
        where = {"requested_at": {"$gte": milliseconds(moment)}}
        return (yield from self._matching(where, limit=limit))

    def abandon_stale(self, now: datetime, *, lease: str = "retraining") -> Op[int]:
        """Ends running runs whose lease is no longer held (`model.run.stopped`); gives how many.

        Args:
            now: aware UTC.
            lease: the lease that runs hold; tokens of another lease count on their own.

        Raises:
            RegistryError: a run or the lease cannot be read.
        """
        held = yield from LeaseRepository().find(lease)
        live = {held.token} if held is not None and held.expires_at > now else set[int]()
        running = yield from self._with_status(RunStatus.RUNNING)
        abandoned = 0
        for run in (run for run in running if run.token not in live):
            why = "the run stopped without a word; its lease is no longer held"
            ended = stopped(run, now, why)
            try:
                yield from self.finish(ended)
            except Conflict:
                # It ended by itself between the two looks.
                continue
            abandoned += 1
        return abandoned

    def _with_status(self, status: RunStatus) -> Op[list[Run]]:
        where = {"status": status.value}
        return (yield from self._matching(where, sort=[("requested_at", 1), ("_id", 1)]))

    def _move(self, was: Document, run: Run) -> Op[bool]:
        return (yield from self._swap(self._document(run), read=was["revision"]))

    def _existing(self, run_id: str) -> Op[Document]:
        document = yield from self.stored(run_id)
        if document is None:
            raise NotFound(self.missing.format(run_id))
        return document


def _check_token(document: Document, lease: Lease) -> None:
    if document.get("token") != lease.token:
        raise LeaseLost(f"run {document['_id']} is carried out under another lease")
    if document["status"] == RunStatus.ABANDONED.value:
        raise LeaseLost(f"run {document['_id']} was given up as abandoned")
