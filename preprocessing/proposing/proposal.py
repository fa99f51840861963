"""What is proposed for a task, with what was unsure beside each part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from preprocessing.proposing.outcomes import Rule


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody has decided; the rest is guessed.

    Attributes:
        name: of the task.
        outcome: canonical name of the outcome's column.
        at_risk: the rule in words, `below 10`.
        id: canonical name of the ids' column.
        horizon: periods from features to outcome.
        known: features that are known when predicting, however well they tell the outcome.
    """

    name: str | None = None
    outcome: str | None = None
    at_risk: str | None = None
    id: str | None = None
    horizon: int | None = None
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProposedPart:
    """A part of the task: its keys as in the YAML file, a remark, and what was unsure."""

    name: str
    keys: Mapping[str, object]
    remark: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExcludedColumn:
    """A column that is not used.

    Attributes:
        name: canonical.
        header: as the task's file names it; `*` stands for the period.
        reason: why.
        leak: it tells the outcome.
        doubts: what may be wrong about that.
    """

    name: str
    header: str
    reason: str
    leak: bool = False
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A task as it is proposed; `preprocessing.proposing.writing` makes its file.

    Attributes:
        sources: the files it comes of.
        title: what people read.
        portuguese: so are the headers, and so are the texts of people.
        number_rows: no column tells students apart.
        periods: what a period looks like, where it is no year.
        outcome: the column.
        rivals: canonical names of what might be the outcome.
        positives: how many known outcomes are to be warned of; None: not told.
        persistence: the feature whose present outcome is the rule to beat.
        accepted: features that the leakage guard accepts, with the reason.
        undated: nothing names the period of the files.
        doubts: of the whole.
    """

    sources: tuple[str, ...]
    name: str
    title: str
    portuguese: bool
    id: ProposedPart
    number_rows: bool
    period: ProposedPart | None
    periods: str | None
    unit: tuple[ProposedPart, ...]
    features: tuple[ProposedPart, ...]
    derived: tuple[ProposedPart, ...]
    protected: tuple[ProposedPart, ...]
    excluded: tuple[ExcludedColumn, ...]
    outcome: ProposedPart
    rivals: tuple[str, ...]
    rule: Rule
    horizon: int
    positives: int | None
    persistence: str | None = None
    accepted: Mapping[str, str] = field(default_factory=dict)
    undated: bool = False
    doubts: tuple[str, ...] = ()

    @property
    def min_positives(self) -> int | None:
        """Fewest outcomes to warn of that prove a version, where the default asks for too many."""
        if self.positives is None or self.positives >= 200:
            return None
        return max(10, self.positives // 4)

    def unsure(self) -> list[str]:
        """Everything that was unsure, each with the key it belongs to."""
        parts = {
            "id": (self.id,), "period": (self.period,) if self.period else (),
            "unit": self.unit, "features": self.features, "derived": self.derived,
            "protected": self.protected, "outcome": (self.outcome,),
        }  # fmt: skip
        told = [
            f"{key}.{part.name}: {doubt}"
            for key, named in parts.items()
            for part in named
            for doubt in part.doubts
        ]
        told += [f"outcome, `{self.rule}`: {doubt}" for doubt in self.rule.doubts]
        told += [f"excluded.{one.header}: {d}" for one in self.excluded for d in one.doubts]
        return [*told, *self.doubts]

    def leaks(self) -> list[ExcludedColumn]:
        """What is left out because it tells the outcome."""
        return [one for one in self.excluded if one.leak]
