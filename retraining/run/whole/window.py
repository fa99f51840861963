"""A window of which a run has only a part in memory: what it must know of the rest."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.erasing.record_ids import Learned, record_id
from model.trust.tombstone import TombstoneKey
from model.version import Window
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from retraining.promotion.spread import Standing
from retraining.run.champion import StoredChampion
from retraining.run.standing import CONTAINED, KNOWN, same_recipe

Ids = NDArray[np.bytes_]


@dataclass(frozen=True, slots=True)
class WholePeriod:
    """The labelled records of one period.

    Attributes:
        ids: shape (m,), as a version's list names the m records that are learned from.
        plain: shape (m,), the same without a key.
        positives: of these, at risk.
        arrived: shape (n,), when each of all n outcomes first arrived, seconds since 1970.
    """

    ids: Ids
    plain: Ids
    positives: int
    arrived: NDArray[np.float64]


def whole_period(
    learned: TrainingSet, arrived: NDArray[np.float64], key: TombstoneKey | None
) -> WholePeriod:
    """What is kept of some records of one period.

    Args:
        learned: those that a model learns from.
        arrived: of all, shape (n,).
        key: the installation's data key; None of a registry without one.
    """
    plain = [record_id(student, period) for student, period in learned.subjects()]
    ids = plain if key is None else [key.of_record(s, p) for s, p in learned.subjects()]
    return WholePeriod(
        np.array(ids, dtype=np.bytes_),
        np.array(plain, dtype=np.bytes_),
        int((learned.outcome == 1).sum()),
        arrived,
    )


@dataclass(frozen=True)
class WholeWindow:
    """All labelled records of a window, 56 bytes each.

    Attributes:
        periods: period to its records.
    """

    periods: Mapping[str, WholePeriod]

    @property
    def labels(self) -> Counter[str]:
        """Labelled records by period, those included that are only judged on."""
        return Counter({period: len(one.arrived) for period, one in self.periods.items()})

    @property
    def rows(self) -> int:
        """How many are learned from."""
        return sum(len(one.ids) for one in self.periods.values())

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the sorted ids without a key, hex, as of a `TrainingSet`."""
        return hashlib.sha256(_lines([one.plain for one in self.periods.values()])).hexdigest()

    def listed(self) -> bytes:
        """The list of a version that learned from them, as `model.erasing.record_ids.listed`."""
        return _lines([one.ids for one in self.periods.values()])

    def came_after(self, period: str, moment: datetime) -> int:
        """How many outcomes of a period first arrived later."""
        return int((self.periods[period].arrived > moment.timestamp()).sum())

    def described(self, arrived_until: datetime, left_out: Mapping[str, int]) -> Window:
        """The window as a version remembers it."""
        return Window(
            periods=tuple(sorted(self.periods)),
            rows=self.rows,
            positives=sum(one.positives for one in self.periods.values()),
            digest=self.digest,
            arrived_until=arrived_until,
            left_out=left_out,
        )

    def standing(self, champion: StoredChampion, cases: TrainingSet, task: TaskSpec) -> Standing:
        """How both models stand to the records judged; no recipe is tried on earlier periods.

        Args:
            champion: whose list tells what it learned from.
            cases: what both are judged on.
            task: what the challenger is trained by.
        """
        known = {period: _known(one, champion.trained_on) for period, one in self.periods.items()}
        shared, theirs = sum(known.values()), len(champion.trained_on)
        share = {
            period: known[period] / max(len(one.ids), 1) for period, one in self.periods.items()
        }
        judged = [share.get(str(period), 0.0) for period in cases.periods]
        both = bool(judged) and float(np.mean(judged)) >= KNOWN
        contained = 0 < shared < self.rows and shared >= CONTAINED * theirs
        return Standing(
            both=both,
            refresh=same_recipe(champion.version, task) and contained and not both,
            unshared=1 - shared / (self.rows + theirs - shared),
        )


def joined(parts: Iterable[Mapping[str, WholePeriod]]) -> WholeWindow:
    """The records of several parts of a window."""
    found: dict[str, list[WholePeriod]] = {}
    for part in parts:
        for period, one in part.items():
            found.setdefault(period, []).append(one)
    return WholeWindow(
        {
            period: WholePeriod(
                np.concatenate([one.ids for one in some]),
                np.concatenate([one.plain for one in some]),
                sum(one.positives for one in some),
                np.concatenate([one.arrived for one in some]),
            )
            for period, some in sorted(found.items())
        }
    )


def _known(period: WholePeriod, learned: Learned) -> int:
    """How many of a period's records somebody learned from; a list may hold ids of both kinds."""
    either = zip(period.ids.tolist(), period.plain.tolist(), strict=True)
    ids = learned.ids
    return sum(keyed.decode() in ids or plain.decode() in ids for keyed, plain in either)


def _lines(parts: Iterable[Ids]) -> bytes:
    """Texts of one length, sorted, one a line; a byte string each would take five times as much."""
    ids = np.concatenate([*parts])
    ids.sort()
    width = ids.dtype.itemsize
    lines = np.full((len(ids), width + 1), ord("\n"), dtype=np.uint8)
    lines[:, :width] = ids.view(np.uint8).reshape(len(ids), width)
    return lines.tobytes()[:-1]
