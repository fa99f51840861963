"""What a drift report names in so many words, beside the figures of its tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ValueShare:
    """A value with its share of the records that have one, on the side that knows it."""

    value: str
    share: float


@dataclass(frozen=True, slots=True)
class ChangedValues:
    """Values of a feature that one side has and the other has not, beyond chance.

    Attributes:
        feature: a category, or a number of few whole values.
        new: values that only the recent records have.
        vanished: values that only the reference has.
    """

    feature: str
    new: tuple[ValueShare, ...]
    vanished: tuple[ValueShare, ...]


@dataclass(frozen=True, slots=True)
class MissingWhere:
    """Records in which a feature is missing now, told by the values of another.

    Attributes:
        feature: that is missing more often than it was, or in records with a value that is new.
        by: the other feature.
        values: of the other feature; practically all records with one of them lack the feature.
        share: of the records that lack the feature, how many have one of these values.
    """

    feature: str
    by: str
    values: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class AtRiskNow:
    """Share of students who are at risk now already, by the outcome's own rule.

    Attributes:
        then: in the reference.
        now: in the recent records.
    """

    then: float
    now: float


@dataclass(frozen=True, slots=True)
class NamedChanges:
    """All that is named.

    Attributes:
        at_risk: None where the task does not tell who is at risk now.
    """

    values: tuple[ChangedValues, ...] = ()
    missing: tuple[MissingWhere, ...] = ()
    at_risk: AtRiskNow | None = None

    @property
    def missing_together(self) -> list[tuple[MissingWhere, ...]]:
        """What is missing in the same records, together."""
        places: dict[tuple[str, tuple[str, ...]], list[MissingWhere]] = {}
        for one in self.missing:
            places.setdefault((one.by, one.values), []).append(one)
        return [tuple(alike) for alike in places.values()]
