"""What a job of the worker has at hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from database.driver.client import SyncRegistry
from model.telemetry.tracer import Tracer
from preprocessing.task.spec import TaskSpec
from retraining.notices.telling import Surroundings
from retraining.run.lock import Clock
from retraining.worker.subprocesses import Subprocesses


@dataclass(frozen=True, slots=True)
class AtWork:
    """A task with what is needed to work on it.

    Attributes:
        registry: the task's.
        root: of what belongs to all tasks.
        task: as its file says now.
        signing_key: the installation's.
        home: the task's folder on this host.
        subprocesses: runs commands; one of a task at a time.
        clock: gives now (aware UTC).
        around: gives where people are told, and what this host knows beside the registry; raises
            ConfigurationError where an address is wrong.
        deciding: held from the decision that a run is called for until that run has ended, so that
            no other job decides meanwhile.
        busy: the duties that this worker is at, whatever its TaskSpec was when it began them.
        guard: held to look at `busy` and change it.
        tracer: told of every job; None: nobody is.
        tracking: a digest of where runs and versions are sent to; empty where they are not.
    """

    registry: SyncRegistry
    root: SyncRegistry
    task: TaskSpec
    signing_key: bytes
    home: Path
    subprocesses: Subprocesses
    clock: Clock
    around: Callable[[], Surroundings]
    deciding: threading.Lock = field(default_factory=threading.Lock)
    busy: set[str] = field(default_factory=set)
    guard: threading.Lock = field(default_factory=threading.Lock)
    tracer: Tracer | None = None
    tracking: str = ""
