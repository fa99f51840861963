"""The columns of a list as a file: one declaration for every form of file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.answers.predictions import ListedStudent
from api.lists.words import Words
from model.explanation import Reason
from model.prediction import Scale
from preprocessing.task.spec import TaskSpec

MOST_REASONS = 3
UNIT = "unit:"
NOT_PRINTED = frozenset({"lane", "score_before", "known_weight", "model_version"})
Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """How students become cells.

    Attributes:
        task: whose units are columns.
        scale: of the scores.
        words: of the language.
        names: what people call columns and categories in it (`TaskSpec.shown_names`).
    """

    task: TaskSpec
    scale: Scale
    words: Words
    names: Mapping[str, str]

    @property
    def keys(self) -> tuple[str, ...]:
        """What each column holds."""
        score = "risk_score" if self.scale is Scale.RISK else "predicted"
        units = (f"{UNIT}{column.name}" for column in self.task.unit)
        return (
            "rank", "change", "within", "lane", "status", "student_id", *units, score,
            "score_before", "reasons", "done", "assigned", "known_weight", "model_version",
        )  # fmt: skip

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(
            key.removeprefix(UNIT) if key.startswith(UNIT) else self.words(f"column.{key}")
            for key in self.keys
        )

    @property
    def printed(self) -> list[tuple[int, str]]:
        """Place and name of the columns that are printed, each lane under its own title."""
        named = enumerate(zip(self.keys, self.header, strict=True))
        return [(place, name) for place, (key, name) in named if key not in NOT_PRINTED]

    def cells(self, student: ListedStudent) -> tuple[Cell, ...]:
        """One student's cells, in the order of the header; numbers are numbers."""
        told, done = self.words, student["done"]
        known, score = student["known_weight"], _score(student)
        return (
            student["rank"],
            self._change(student),
            told.yes(student["within"]),
            told(f"lane.{student['lane'].value}"),
            told(f"status.{student['status'].value}"),
            student["student_id"],
            *(student["units"].get(column.name) for column in self.task.unit),
            self._shown(score),
            self._shown(student["score_before"]),
            self._reasons(student["reasons"]),
            None if done is None else told(f"done.{done.value}"),
            student["assigned"],
            None if known is None else round(known * 100),
            student["model_version"],
        )

    def _shown(self, score: float | None) -> float | None:
        """A risk in per cent, as finely as ranks tell students apart."""
        if score is None:
            return None
        return round(score * 100, 1) if self.scale is Scale.RISK else round(score, 2)

    def _change(self, student: ListedStudent) -> Cell:
        """How many places the student has risen (+) since the list was published."""
        before = student["rank_before"]
        return None if before is None else before - student["rank"]

    def _reasons(self, reasons: Iterable[Reason]) -> str:
        """What speaks for concern, strongest first, each with its value."""
        sign = -1.0 if self.scale is Scale.VALUE_LOW else 1.0
        speaking = [one for one in reasons if sign * one.contribution > 0][:MOST_REASONS]
        return "; ".join(f"{self._named(one)}: {self._value(one)}" for one in speaking)

    def _named(self, one: Reason) -> str:
        return self.names.get(f"feature.{one.feature}", one.feature.replace("_", " "))

    def _value(self, one: Reason) -> str:
        if one.value is None:
            return self.words("value.missing")
        if isinstance(one.value, str):
            return self.names.get(f"category.{one.feature}.{one.value}", one.value)
        return self.words.number(one.value)


def _score(student: Mapping[str, Any]) -> float:
    score: float = student["risk_score"] if "risk_score" in student else student["predicted"]
    return score
