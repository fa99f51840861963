"""Labelled records as the trainer sees them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.erasing.record_ids import Learned, record_id
from model.label import Label
from model.student import Features
from preprocessing.task.spelling import fold


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """n labelled records, column by column.

    Attributes:
        records: n feature mappings, as known when predicting.
        outcome: shape (n,), float64.
        students: shape (n,), who each record is about; the group in every split.
        periods: shape (n,), the period of the features.
        protected: attribute name to n group names ("" where unknown).
        early: shape (n,), the outcome was observed before its period began; None: not known.
        units: shape (n,), the unit of each record, folded ("" where unknown); no model sees it.
            None: not asked for.
        arrived: shape (n,), when each outcome first arrived, seconds since 1970. None: not known.
        places: unit column to n names, folded ("" where unknown); no model sees them.
        helped: shape (n,), whose student was helped before the outcome; no model sees it. None: no
            help was ever given, or it was not asked for.
    """

    records: tuple[Features, ...]
    outcome: NDArray[np.float64]
    students: NDArray[np.str_]
    periods: NDArray[np.str_]
    protected: Mapping[str, NDArray[np.str_]]
    early: NDArray[np.bool_] | None = None
    units: NDArray[np.str_] | None = None
    arrived: NDArray[np.float64] | None = None
    places: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    helped: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.records)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> TrainingSet:
        """The records at those positions, or where the mask is true."""
        positions = np.flatnonzero(index) if index.dtype == np.bool_ else index
        return TrainingSet(
            records=tuple(self.records[i] for i in positions),
            outcome=self.outcome[positions],
            students=self.students[positions],
            periods=self.periods[positions],
            protected={k: v[positions] for k, v in self.protected.items()},
            early=None if self.early is None else self.early[positions],
            units=None if self.units is None else self.units[positions],
            arrived=None if self.arrived is None else self.arrived[positions],
            places={k: v[positions] for k, v in self.places.items()},
            helped=None if self.helped is None else self.helped[positions],
        )

    def record_ids(self) -> tuple[str, ...]:
        """One hashed id a record, the same on every installation; for digests of many alone."""
        return tuple(record_id(student, period) for student, period in self.subjects())

    def subjects(self) -> Iterator[tuple[str, str]]:
        """Student and period of each record."""
        for student, period in zip(self.students, self.periods, strict=True):
            yield str(student), str(period)

    def known_to(self, learned: Learned) -> NDArray[np.bool_]:
        """The records that somebody learned from, shape (n,)."""
        found = (learned.holds(student, period) for student, period in self.subjects())
        return np.fromiter(found, dtype=np.bool_, count=len(self))

    def digest(self) -> str:
        """SHA-256 over the sorted record ids, hex."""
        return hashlib.sha256("\n".join(sorted(self.record_ids())).encode()).hexdigest()


def training_set(labels: Sequence[Label], protected: Sequence[str]) -> TrainingSet:
    """Turns labels into a training set, ordered by period and student so that order is no input."""
    ordered = sorted(labels, key=lambda label: (label.period, label.student_id))
    return TrainingSet(
        records=tuple(label.features for label in ordered),
        outcome=np.array([label.outcome for label in ordered], dtype=np.float64),
        students=np.array([label.student_id for label in ordered], dtype=np.str_),
        periods=np.array([label.period for label in ordered], dtype=np.str_),
        protected={
            name: np.array([label.protected.get(name, "") for label in ordered], dtype=np.str_)
            for name in protected
        },
        early=np.array([label.early for label in ordered], dtype=np.bool_),
        units=np.array([label.unit for label in ordered], dtype=np.str_),
        arrived=np.array([label.first_arrived_at.timestamp() for label in ordered]),
        places={
            name: np.array([fold(label.units.get(name, "")) for label in ordered], dtype=np.str_)
            for name in sorted({name for label in ordered for name in label.units})
        },
    )
