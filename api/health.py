"""The state of each part, told so that an operator knows where to look."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from typing import cast

from api.answers.system import (
    ApprovalPart,
    ChampionPart,
    HealthAnswer,
    JobHealth,
    JobsPart,
    OutboxPart,
    Part,
    Parts,
    RegistryPart,
    RetrainingPart,
    TaskHealth,
    TokensPart,
    WorkerPart,
)
from api.durability.outbox import waiting
from api.durability.worker_slots import alive
from api.services import Services
from database.decisions import approval
from database.embedded.outgrown import LIMIT_BYTES, EmbeddedSize
from database.leases import LONGEST, RELEASED, LeaseRepository, worker_lease
from database.watch.jobs import JobRepository
from model.errors import RegistryError, TaskRefused
from model.promotion import Promotion
from model.watch.job import JobState

PATIENCE = 0.5
BACKLOG = 250_000
"""Waiting predictions of a host from which on somebody should look at the registry: more than
four workers let come together in a burst (`api.durability.shipper`)."""


async def report_all(tasks: Mapping[str, Services]) -> HealthAnswer:
    """The report of the default task with each task in short; ok where all of them are.

    Args:
        tasks: the services of each task by its name, the default one first.
    """
    reports = await asyncio.gather(*(report(one) for one in tasks.values()))
    whole = reports[0]
    short: dict[str, TaskHealth] = {
        name: {
            "status": one["status"],
            "ready": one["ready"],
            "model_version": one["model_version"],
        }
        for name, one in zip(tasks, reports, strict=True)
    }
    if whole["status"] == "ok" and any(one["status"] != "ok" for one in reports):
        whole["status"] = "degraded"
    return {**whole, "tasks": short}


async def report(here: Services) -> HealthAnswer:
    """Every part of a task with its state (`ok`, `degraded`, `failed`, `down`), and the whole.

    Predictions need a champion and a place to keep records; the registry may be away.
    """
    parts: Parts = {
        "registry": await _registry(here),
        "champion": _champion(here),
        "outbox": await _outbox(here),
        "worker": _worker(here),
        "retraining": await _retraining(here),
        "approval": await _approval(here),
        "jobs": await _jobs(here),
        "tokens": _tokens(here),
    }
    ready = here.unable() is None
    healthy = all(cast(Part, part)["state"] == "ok" for part in parts.values())
    return {
        "status": "ok" if healthy else "degraded" if ready else "down",
        "ready": ready,
        "model_version": here.holder.current.version if here.holder.current else None,
        "parts": parts,
        "workers": alive(here.folders.states),
    }


def measure(here: Services) -> None:
    """Brings the metrics of this worker up to date."""
    current = here.holder.current
    here.metrics.flush()
    here.metrics.outbox_rows.set(here.outbox.rows + here.bulk.rows)
    here.metrics.outbox_failed.set(1 if here.storage.fault else 0)
    here.metrics.host.home_free.set(here.storage.free)
    _measure_registry(here)
    here.metrics.degraded.set(1 if here.fault() else 0)
    here.metrics.generation.set(here.holder.generation)
    here.metrics.load_seconds.set(here.holder.load_seconds)
    here.metrics.host.started.labels(str(here.slot.number)).set(here.started_at.timestamp())
    here.metrics.provisional.set(1 if current and current.pointer.provisional else 0)
    here.metrics.serve(current.version if current else None)


def _measure_registry(here: Services) -> None:
    size = here.storage.registry
    here.metrics.host.registry_bytes.set(size.bytes if size else 0)
    here.metrics.host.registry_outgrown.set(1 if size and size.outgrown else 0)


async def _registry(here: Services) -> RegistryPart:
    with contextlib.suppress(RegistryError, TimeoutError):
        try:
            await asyncio.wait_for(here.registry.ping(), PATIENCE)
        except TaskRefused as refused:
            # It answers, so to look at the registry would lead an operator astray.
            return {"state": "failed", "detail": str(refused)}
        return _answering(here.storage.registry)
    return {"state": "down", "detail": "the registry does not answer"}


def _answering(size: EmbeddedSize | None) -> RegistryPart:
    """A registry that answers; one that was outgrown works on, and says what to do."""
    if size is None:
        return {"state": "ok"}
    part: RegistryPart = {
        "state": "ok",
        "bytes": size.bytes,
        "limit_bytes": LIMIT_BYTES,
        "outgrown": size.outgrown,
    }
    if size.outgrown:
        part["detail"] = size.told()
    return part


def _champion(here: Services) -> ChampionPart:
    current, fault = here.holder.current, here.fault()
    part: ChampionPart
    if current is None:
        part = {"state": "down", "detail": here.nobody()}
    else:
        part = {
            "state": "degraded" if fault else "ok",
            "version": current.version,
            "revision": current.pointer.revision,
            "generation": here.holder.generation,
            "provisional": current.pointer.provisional,
        }
    if fault is not None:
        part["quarantined"] = fault.version
        part["reason"] = fault.reason
    return part


async def _retraining(here: Services) -> RetrainingPart:
    """The retraining worker; one that was never started, or was stopped, is nobody's fault."""
    try:
        lease = await asyncio.wait_for(
            here.root.run(LeaseRepository().find(worker_lease(here.task.name))), PATIENCE
        )
    except (RegistryError, TimeoutError):
        return {"state": "ok", "detail": "not known while the registry is away"}
    if lease is not None and lease.detail:
        told = f"{lease.holder} does not work on this task ({lease.expires_at:%F %T} UTC): "
        return {"state": "degraded", "detail": f"{told}{lease.detail}"}
    if lease is None or lease.expires_at == RELEASED:
        return {"state": "ok", "detail": "no retraining worker is up"}
    if lease.expires_at < here.now():
        return {"state": "degraded", "detail": f"not heard of since {lease.expires_at:%F %T} UTC"}
    if lease.expires_at > here.now() + LONGEST:
        told = f"the clock of {lease.holder} or of this host is wrong: the lease"
        return {"state": "degraded", "detail": f"{told} ends at {lease.expires_at:%F %T} UTC"}
    return {"state": "ok", "holder": lease.holder}


async def _approval(here: Services) -> ApprovalPart:
    """What waits for a person; that is no fault, however long."""
    try:
        staged = await _staged(here)
    except (RegistryError, TimeoutError):
        return {"state": "ok", "detail": "not known while the registry is away"}
    if staged is None:
        return {"state": "ok"}
    until = approval.expires_at(staged, here.task.promotion.approval_days)
    return {
        "state": "ok",
        "version": staged.challenger,
        "since": staged.at,
        "expires_at": until,
        "detail": f"{staged.challenger} waits for approval until {until:%F %T} UTC",
    }


async def _jobs(here: Services) -> JobsPart:
    """The worker's jobs; one that fails until it succeeds is a fault, one that waits is none."""
    try:
        found = await asyncio.wait_for(here.registry.run(JobRepository().all()), PATIENCE)
    except (RegistryError, TimeoutError):
        return {"state": "ok", "detail": "not known while the registry is away", "jobs": []}
    failing = [f"{job.name}: {job.detail}" for job in found if job.ok is False]
    jobs = [_job(job) for job in found]
    if failing:
        return {"state": "degraded", "detail": "; ".join(failing), "jobs": jobs}
    return {"state": "ok", "jobs": jobs}


def _tokens(here: Services) -> TokensPart:
    """The keys that verify tokens; API keys and people are let in without them."""
    if here.tokens is None:
        return {"state": "ok", "detail": "no tokens are accepted"}
    known, fault = here.tokens.keys, here.tokens.fault
    part: TokensPart = {"state": "degraded" if fault or known is None else "ok"}
    if known is not None:
        part["keys"], part["read_at"] = len(known.by_id), known.read_at
    if fault or known is None:
        part["detail"] = fault or "not read yet"
    return part


def _job(job: JobState) -> JobHealth:
    return {
        "job": job.name,
        "next_at": job.next_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "ok": job.ok,
        "failures": job.failures,
        "result": job.result,
        "detail": job.detail,
    }


async def _staged(here: Services) -> Promotion | None:
    days = here.task.promotion.approval_days
    found = here.registry.run(approval.waiting(days, now=here.now()))
    return await asyncio.wait_for(found, PATIENCE)


async def _outbox(here: Services) -> OutboxPart:
    rows = await asyncio.to_thread(waiting, here.folders.outbox)
    storage = here.storage
    part: OutboxPart = {
        "state": "degraded" if storage.low or rows > BACKLOG else "ok",
        "rows": rows,
        "in_memory": here.log.waiting,
    }
    if storage.fault:
        part["state"] = "failed"
    if storage.told():
        part["detail"] = storage.told()
    return part


def _worker(here: Services) -> WorkerPart:
    """This worker; degraded while one of its loops fails that others do not tell of."""
    loops = (
        here.refresher, here.canary, here.canary_follower, here.loop,
        here.erased, here.objections, here.host_erasures,
    )  # fmt: skip
    faults = [loop.turns.fault for loop in loops if loop.turns.fault]
    part: WorkerPart = {
        "state": "degraded" if faults else "ok",
        "pid": os.getpid(),
        "slot": here.slot.number,
        "generation": here.holder.generation,
        "leads": here.refresher.leads,
    }
    if faults:
        part["detail"] = "; ".join(faults)
    return part
