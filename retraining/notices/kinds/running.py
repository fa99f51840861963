"""Notices of what runs or should run: training, the worker's jobs, workers, serving."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from database.leases import RELEASED
from model.run import Lease, Run, RunStatus
from model.watch.job import JobState
from model.watch.notice import Severity
from retraining.notices.kinds.examples import BEFORE, NOW, QUIET, RUN
from retraining.notices.rule import Fact, NoticeRule
from retraining.notices.scene import Scene, Serving, ServingFault

FAILED = frozenset({RunStatus.FAILED, RunStatus.ABANDONED})
UNDER_WAY = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})
CHAIN = timedelta(hours=20)
"""A run that fails within so long after another that failed is the same run tried again."""

MANY = 3
"""Failures in a row from which on a job is told of."""

SILENT = timedelta(minutes=5)
LONG_AGO = timedelta(days=8)
"""A worker that was not heard of for so long belongs to a host or a task that is no more."""

WORKER = "worker:"
"""How the leases of workers begin (`database.leases.worker_lease`)."""

OWN = "notices"
"""The job that tells; of its own failures it cannot tell."""


def failed_runs(scene: Scene) -> Iterator[Fact]:
    """Runs that failed; of a run that is tried again and again the first one."""
    last: Run | None = None
    for one in sorted(scene.runs, key=lambda run: (run.requested_at, run.run_id)):
        if one.status in UNDER_WAY:
            continue
        if one.status not in FAILED:
            last = None
            continue
        if last is None or one.requested_at - last.requested_at > CHAIN:
            figures = {"run": one.run_id, "step": one.steps[-1].name if one.steps else ""}
            ended = one.finished_at or one.requested_at
            yield Fact(one.run_id, ended, figures, "told" if one.steps else "at_once")
        last = one


def failing_jobs(scene: Scene) -> Iterator[Fact]:
    """Jobs of the worker that failed several times in a row."""
    for one in scene.jobs:
        if one.failures >= MANY and one.duty != OWN:
            at = one.finished_at or one.started_at or scene.now
            yield Fact(one.name, at, {"job": one.duty, "failures": one.failures})


def silent_workers(scene: Scene) -> Iterator[Fact]:
    """Tasks that no worker works on, told by the first task that one works on."""
    if not is_first(scene):
        return
    for name, one in _workers(scene).items():
        if scene.now - LONG_AGO < one.expires_at < scene.now - SILENT or (
            one.detail and one.expires_at <= scene.now
        ):
            yield Fact(name, one.expires_at, {"task": name}, "declined" if one.detail else "told")


def is_first(scene: Scene) -> bool:
    """Whether this task tells what is about all tasks: the first one that a worker works on."""
    workers = _workers(scene).items()
    alive = [name for name, one in workers if one.expires_at > scene.now]
    return min(alive, default=scene.task) == scene.task


def bad_serving(scene: Scene) -> Iterator[Fact]:
    """What is wrong with serving."""
    if scene.serving is not None:
        fault, version = scene.serving.fault, scene.serving.version
        yield Fact(f"{fault}/{version or '-'}", scene.now, {"version": version}, fault.value)


def _workers(scene: Scene) -> dict[str, Lease]:
    return {one.name.removeprefix(WORKER): one for one in scene.leases if _of_worker(one)}


def _of_worker(lease: Lease) -> bool:
    return lease.name.startswith(WORKER) and lease.expires_at != RELEASED


RUN_FAILED = NoticeRule(
    name="run_failed",
    severity=Severity.WARNING,
    about="a training run failed or was given up; told once for a run that is tried again",
    find=failed_runs,
    title={"pt": "Um treino falhou", "en": "A training run failed"},
    sentences={
        "told": {
            "pt": "O treino {run} parou depois da etapa {step}. O que está em serviço não mudou. A "
            "página Histórico diz o motivo.",
            "en": "The training run {run} stopped after the step {step}. What serves has not "
            "changed. The page History says why.",
        },
        "at_once": {
            "pt": "O treino {run} não passou da primeira etapa. O que está em serviço não mudou. A "
            "página Histórico diz o motivo.",
            "en": "The training run {run} did not get beyond its first step. What serves has not "
            "changed. The page History says why.",
        },
    },
    examples={
        "told": replace(QUIET, runs=(RUN,)),
        "at_once": replace(QUIET, runs=(replace(RUN, steps=()),)),
    },
)

_JOB = JobState("drift", "host/1", None, BEFORE, BEFORE, "", False, 3)

JOB_FAILING = NoticeRule(
    name="job_failing",
    severity=Severity.WARNING,
    about=f"a job of the worker failed {MANY} times in a row",
    find=failing_jobs,
    title={"pt": "Uma tarefa automática falha", "en": "An automatic job keeps failing"},
    sentences={
        "told": {
            "pt": "O trabalho {job} falhou {failures} vezes seguidas. O painel diz o motivo; o "
            "registro de mensagens do worker diz mais.",
            "en": "The job {job} failed {failures} times in a row. The dashboard says why; the "
            "worker's log says more.",
        },
    },
    examples={"told": replace(QUIET, jobs=(_JOB,))},
    standing=True,
)

_HELD = Lease("worker:school", "host/1", 1, NOW + timedelta(seconds=30))

WORKER_SILENT = NoticeRule(
    name="worker_silent",
    severity=Severity.WARNING,
    about="no worker works on another task, or one declines to",
    find=silent_workers,
    title={"pt": "Uma tarefa está parada", "en": "A task stands still"},
    sentences={
        "told": {
            "pt": "Nenhum worker dá sinal de vida na tarefa {task}: não há treinos nem "
            "verificações. As previsões continuam.",
            "en": "No worker gives a sign of life in the task {task}: nothing is trained or "
            "checked. Predictions go on.",
        },
        "declined": {
            "pt": "O worker não trabalha na tarefa {task}; GET /health diz o motivo. As previsões "
            "continuam.",
            "en": "The worker does not work on the task {task}; GET /health says why. Predictions "
            "go on.",
        },
    },
    examples={
        "told": replace(QUIET, leases=(_HELD, Lease("worker:other", "host/2", 1, BEFORE))),
        "declined": replace(
            QUIET, leases=(_HELD, Lease("worker:other", "host/2", 1, BEFORE, "changed"))
        ),
    },
    standing=True,
    patience=SILENT,
)

SERVING_DEGRADED = NoticeRule(
    name="serving_degraded",
    severity=Severity.CRITICAL,
    about="the version that should serve is refused, or the API is not well, for five minutes",
    find=bad_serving,
    title={"pt": "As previsões estão prejudicadas", "en": "Predictions are impaired"},
    sentences={
        ServingFault.REFUSED: {
            "pt": "{version} deveria estar em serviço e foi recusado por não ser confiável; o "
            "modelo anterior responde, se houver.",
            "en": "{version} should serve and was refused because it cannot be trusted; the model "
            "before it answers, if there is one.",
        },
        ServingFault.DEGRADED: {
            "pt": "A API responde e diz que uma parte dela não está bem; GET /health diz qual.",
            "en": "The API answers and says that a part of it is not well; GET /health says which.",
        },
        ServingFault.DOWN: {
            "pt": "A API não responde, ou nenhum modelo está em serviço: não há previsões.",
            "en": "The API does not answer, or no model serves: there are no predictions.",
        },
    },
    examples={
        fault: replace(QUIET, serving=Serving(fault, "v7" if fault is ServingFault.REFUSED else ""))
        for fault in ServingFault
    },
    standing=True,
    patience=timedelta(minutes=5),
)
