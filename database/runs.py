"""Retraining runs and their steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from database import leases
from database.driver.commands import Document, Find, InsertMany, Op, Replace, ReplaceMany
from database.mapping.documents import from_document, to_document
from model.errors import Conflict, LeaseLost, NotFound
from model.run import Lease, Run, RunStatus, RunStep

COLLECTION = "runs"
_KEY = "run_id"
_OPEN = (RunStatus.QUEUED, RunStatus.RUNNING)


def start(run: Run) -> Op[None]:
    """Records a run, queued or running; a queued run of the same id becomes this one.

    Raises:
        Conflict: the run was started or finished by somebody else.
    """
    fresh = _document(run, revision=1)
    known = yield InsertMany(COLLECTION, [fresh])
    if known:
        where = {"_id": run.run_id, "status": RunStatus.QUEUED.value}
        done = yield ReplaceMany(COLLECTION, [Replace(where, fresh)])
        if not done:
            raise Conflict(f"run {run.run_id} is not queued")


def step(run_id: str, finished: RunStep) -> Op[None]:
    """Adds a finished step.

    Raises:
        NotFound: no such run.
    """
    while True:
        document = yield from _stored(run_id)
        run = from_document(Run, document, key=_KEY)
        done = yield from _swap(document, replace(run, steps=(*run.steps, finished)))
        if done:
            return


def finish(run: Run, *, lease: Lease | None = None) -> Op[None]:
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
        document = yield from _stored(run.run_id)
        if lease is not None:
            yield from leases.fence(lease)
            _check_token(document, lease)
        before = from_document(Run, document, key=_KEY)
        after = replace(
            run, steps=before.steps if len(before.steps) > len(run.steps) else run.steps
        )
        if before.status not in _OPEN and before.status != run.status:
            raise Conflict(f"run {run.run_id} has ended as {before.status}")
        done = yield from _swap(document, after)
        if done:
            return


def _check_token(document: Document, lease: Lease) -> None:
    if document.get("token") != lease.token:
        raise LeaseLost(f"run {document['_id']} is carried out under another lease")
    if document["status"] == RunStatus.ABANDONED.value:
        raise LeaseLost(f"run {document['_id']} was given up as abandoned")


def get(run_id: str) -> Op[Run]:
    """The run of that id.

    Raises:
        NotFound: no such run.
    """
    document = yield from _stored(run_id)
    return from_document(Run, document, key=_KEY)


def newest(limit: int = 50) -> Op[list[Run]]:
    """The runs requested last, newest first."""
    found = yield Find(COLLECTION, {}, sort=[("requested_at", -1), ("_id", 1)], limit=limit)
    return [from_document(Run, document, key=_KEY) for document in found]


def queued() -> Op[list[Run]]:
    """The runs that wait to be started, oldest first."""
    runs = yield from _with_status(RunStatus.QUEUED)
    return runs


def abandon_stale(now: datetime, *, lease: str = "retraining") -> Op[int]:
    """Marks running runs as abandoned whose lease is no longer held; gives how many.

    Args:
        now: aware UTC.
        lease: the lease that runs hold; tokens of another lease count on their own.
    """
    held = yield from leases.get(lease)
    live = {held.token} if held is not None and held.expires_at > now else set[int]()
    running = yield from _with_status(RunStatus.RUNNING)
    abandoned = 0
    for run in (run for run in running if run.token not in live):
        ended = replace(
            run,
            status=RunStatus.ABANDONED,
            finished_at=now,
            error="the run stopped without a word; its lease is no longer held",
        )
        try:
            yield from finish(ended)
        except Conflict:
            # It ended by itself between the two looks.
            continue
        abandoned += 1
    return abandoned


def _with_status(status: RunStatus) -> Op[list[Run]]:
    found = yield Find(COLLECTION, {"status": status.value}, sort=[("requested_at", 1), ("_id", 1)])
    return [from_document(Run, document, key=_KEY) for document in found]


def _stored(run_id: str) -> Op[Document]:
    found: list[Document] = yield Find(COLLECTION, {"_id": run_id})
    if not found:
        raise NotFound(f"run {run_id}")
    return found[0]


def _swap(was: Document, run: Run) -> Op[bool]:
    where: dict[str, Any] = {"_id": run.run_id, "revision": was["revision"]}
    document = _document(run, revision=was["revision"] + 1)
    done = yield ReplaceMany(COLLECTION, [Replace(where, document)])
    return bool(done)


def _document(run: Run, *, revision: int) -> Document:
    return to_document(run, key=_KEY) | {"revision": revision}
