"""How a run reads its window and trains on it; whatever the way, what follows is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from database.driver.client import SyncRegistry
from retraining.run.deliberation import Trained, train
from retraining.run.gathering import Gathered, gather
from retraining.run.journal import Journal
from retraining.run.plan import RunPlan


class Gather(Protocol):
    """Reads the window and who serves, as `retraining.run.gathering.gather`."""

    def __call__(
        self,
        registry: SyncRegistry,
        plan: RunPlan,
        folder: Path,
        journal: Journal,
        *,
        now: datetime,
    ) -> Gathered:
        """What a run decides on."""


class Train(Protocol):
    """Makes a challenger, as `retraining.run.deliberation.train`."""

    def __call__(
        self, gathered: Gathered, plan: RunPlan, folder: Path, journal: Journal
    ) -> Trained:
        """The challenger with its honest scores and its bundle."""


def _students(gathered: Gathered) -> Iterable[str]:
    return set(gathered.data.students.tolist())


@dataclass(frozen=True, slots=True)
class Ways:
    """What a window beyond memory does otherwise.

    Attributes:
        gather: reads the window.
        train: makes a challenger.
        students: whom it has read, some perhaps more than once.
    """

    gather: Gather = gather
    train: Train = train
    students: Callable[[Gathered], Iterable[str]] = _students


IN_MEMORY = Ways()
