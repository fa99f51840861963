"""What a task says of itself and of its columns, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from drift.contract import Said
from model.prediction import Scale


class DescribedColumn(Protocol):
    """What is read of a column here."""

    @property
    def name(self) -> str:
        """Canonical name."""

    @property
    def description(self) -> str:
        """In English."""

    @property
    def description_pt(self) -> str:
        """In Portuguese."""


class DescribedTask(Protocol):
    """What is read of a TaskSpec here."""

    @property
    def title(self) -> str:
        """In English."""

    @property
    def title_pt(self) -> str:
        """In Portuguese."""

    @property
    def features(self) -> Sequence[DescribedColumn]:
        """All that a record may hold."""

    @property
    def scale(self) -> Scale:
        """What the scores are."""


@dataclass(frozen=True, slots=True)
class TaskWords:
    """What the page of a report says of a task.

    Attributes:
        title: the task's.
        features: feature to what it is.
        probabilities: whether the scores are probabilities.
    """

    title: Said
    features: Mapping[str, Said] = field(default_factory=dict)
    probabilities: bool = True


def words_of(task: DescribedTask) -> TaskWords:
    """The words of a TaskSpec."""
    return TaskWords(
        title=Said(task.title, task.title_pt or task.title),
        features={c.name: Said(c.description, c.description_pt) for c in task.features},
        probabilities=task.scale is Scale.RISK,
    )
