"""What an installation that serves nothing yet has to do next, told alike on every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dashboard.texts import Texts
from database.aliases import CHAMPION, AliasRepository
from database.labels import LabelRepository, OrphanRepository
from database.students import PeriodRepository


class NextStep(StrEnum):
    """The step that comes next; each has a sentence of that name in `texts.yaml`."""

    FIRST_FILE = "first_file"
    SECOND_YEAR = "second_year"
    FIRST_OUTCOMES = "first_outcomes"
    MORE_OUTCOMES = "more_outcomes"
    TRAIN = "train"


@dataclass(frozen=True, slots=True)
class TaskNeeds:
    """What a task asks for before it can have a model.

    Attributes:
        outcome: the raw outcome's column.
        horizon: how many periods after the features it becomes known.
        labelled: how many records with an outcome a comparison needs.
    """

    outcome: str = ""
    horizon: int = 1
    labelled: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """What a registry holds.

    Attributes:
        periods: that something is known of, oldest first.
        labels: records with an outcome.
        waiting: outcomes whose records are not here.
        serves: whether there is a champion.
    """

    periods: tuple[str, ...] = ()
    labels: int = 0
    waiting: int = 0
    serves: bool = False


def next_step(held: Held, needs: TaskNeeds) -> NextStep | None:
    """The step that comes next; None once a version serves.

    >>> next_step(Held(), TaskNeeds()).value, next_step(Held(serves=True), TaskNeeds())
    ('first_file', None)
    >>> next_step(Held(("2023",)), TaskNeeds(horizon=1)).value
    'second_year'
    >>> next_step(Held(("2023",)), TaskNeeds(horizon=0)).value
    'first_outcomes'
    >>> next_step(Held(("2023", "2024"), labels=30), TaskNeeds(labelled=100)).value
    'more_outcomes'
    """
    if held.serves:
        return None
    if not held.periods and not held.labels:
        return NextStep.FIRST_FILE
    if not held.labels:
        alone = needs.horizon > 0 and len(held.periods) == 1
        return NextStep.SECOND_YEAR if alone else NextStep.FIRST_OUTCOMES
    return NextStep.MORE_OUTCOMES if held.labels < needs.labelled else NextStep.TRAIN


def held_by(read: Callable[[Any], Any]) -> Held:
    """What a registry holds; where a version serves, nothing is counted.

    Raises:
        RegistryError: it cannot be read.
    """
    if read(AliasRepository().find(CHAMPION)) is not None:
        return Held(serves=True)
    return Held(
        periods=read(PeriodRepository().all()),
        labels=read(LabelRepository().count()),
        waiting=read(OrphanRepository().count()),
    )


def step_told(step: NextStep, held: Held, needs: TaskNeeds, texts: Texts) -> str:
    """The step as a sentence."""
    return texts(
        f"step.{step.value}",
        periods=", ".join(held.periods),
        column=needs.outcome,
        horizon=needs.horizon,
        labels=held.labels,
        needed=needs.labelled,
        waiting=held.waiting,
    )
