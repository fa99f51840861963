"""What a replay of past periods found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from model.decisions.realised import NO_PROMISES, RealisedGain, TrackRecord, is_kept
from model.promotion import Promise
from retraining.replay.alternatives import POLICIES


@dataclass(frozen=True, slots=True)
class Served:
    """How one period went, known a period later.

    Attributes:
        labelled: students whose outcome became known.
        flagged: how many of them could be helped.
        recall: policy to the share of those at risk it would have caught.
        version: policy to the version it would have served.
        best: the highest recall of any version that was registered then.
        new_positives: of the positives, those who were not at risk when they were scored; None
            where no one can tell.
        new_recall: policy to the share of these it would have caught.
    """

    period: str
    labelled: int
    positives: int
    flagged: int
    recall: Mapping[str, float]
    version: Mapping[str, str]
    best: float
    new_positives: int | None = None
    new_recall: Mapping[str, float] = field(default_factory=dict)

    def regret(self, policy: str) -> float:
        """Recall given away against the best version there was."""
        return self.best - self.recall[policy]


@dataclass(frozen=True, slots=True)
class Decided:
    """What happened when a period's file had come in."""

    period: str
    students: int
    new_outcomes: int
    drifted: tuple[str, ...]
    challenger: str | None
    status: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Promised:
    """What one promotion promised, and what came of it.

    Attributes:
        came: None where no later period had enough outcomes.
    """

    challenger: str
    champion: str
    promise: Promise
    came: RealisedGain | None

    def to_mapping(self) -> dict[str, Any]:
        """As JSON can hold it."""
        came = self.came and {**asdict(self.came), "at": self.came.at.isoformat()}
        kept = is_kept(self.promise, self.came) if self.came else None
        return {**asdict(self), "came": came, "kept": kept}


@dataclass(frozen=True, slots=True)
class History:
    """A replay from the first period to the last.

    Attributes:
        promised: by each promotion that replaced a champion, oldest first.
        track_record: how those turned out.
    """

    decided: tuple[Decided, ...]
    served: tuple[Served, ...]
    promised: tuple[Promised, ...] = ()
    track_record: TrackRecord = NO_PROMISES

    def regret(self, policy: str) -> float:
        """Recall given away over all periods."""
        return sum(served.regret(policy) for served in self.served)

    def mean_recall(self, policy: str) -> float:
        """Mean over the periods; NaN without any."""
        recalls = [served.recall[policy] for served in self.served]
        return float(np.mean(recalls)) if recalls else float("nan")

    def mean_new_recall(self, policy: str) -> float | None:
        """Mean over the periods with new cases; None without any."""
        found = [s.new_recall[policy] for s in self.served if policy in s.new_recall]
        return float(np.mean(found)) if found else None

    def to_mapping(self) -> dict[str, Any]:
        """What `--json` prints; totals are over the periods whose outcomes are known."""
        totals = {
            policy: {
                "regret": self.regret(policy),
                "mean_recall": self.mean_recall(policy),
                "mean_new_recall": self.mean_new_recall(policy),
            }
            for policy in (POLICIES if self.served else ())
        }
        return {
            "decided": [asdict(decided) for decided in self.decided],
            "served": [asdict(served) for served in self.served],
            "totals": totals,
            "promised": [promised.to_mapping() for promised in self.promised],
            "track_record": asdict(self.track_record),
        }
