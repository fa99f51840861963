"""A record that was read."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.student import Features, Units


@dataclass(frozen=True, slots=True)
class Asked:
    """A record to score, and about whom.

    Attributes:
        student_id: what Farol knows the student by, `preprocessing.student_ids.key_of`.
        sent_id: the id as it was sent; the same, except where ids are unique within a unit only, or
            kept as pseudonyms.
        units: where the student is, as far as the record says.
        unit: `TaskSpec.unit_of(units)`.
    """

    student_id: str | None
    period: str
    features: Features
    sent_id: str | None = None
    units: Units = field(default_factory=dict)
    unit: str = ""
