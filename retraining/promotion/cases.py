"""What two models are compared on: the labelled records, and each model's answers about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from preprocessing.lanes import Lanes
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.ranking import Floats


@dataclass(frozen=True, slots=True)
class Answers:
    """One model's answers.

    Attributes:
        scores: calibrated, shape (n,).
        threshold: its operating threshold.
        cuts: each record's own, shape (n,), where its lanes have several; None: the threshold.
    """

    version: str
    scores: Floats
    threshold: float
    cuts: Floats | None = None

    @property
    def high(self) -> NDArray[np.bool_]:
        """Whom its own cut-offs flag, shape (n,)."""
        flagged: NDArray[np.bool_]
        flagged = self.scores >= (self.threshold if self.cuts is None else self.cuts)
        return flagged

    def take(self, chosen: NDArray[np.bool_]) -> Answers:
        """The answers about the records where the mask is true."""
        cuts = None if self.cuts is None else self.cuts[chosen]
        return replace(self, scores=self.scores[chosen], cuts=cuts)


@dataclass(frozen=True, slots=True)
class Cases:
    """The n labelled records that both models are read on.

    Attributes:
        outcome: shape (n,), 1.0 at risk, 0.0 not.
        students: shape (n,), who each record is about.
        periods: shape (n,), the period of the features.
        protected: attribute to n group names, "" where unknown.
        rules: baseline name to n flags (1.0 flagged), NaN nowhere.
        early: how many of the outcomes were observed before their period began.
        new: shape (n,), who is not at risk now; None where no one can tell.
        helped: shape (n,), whose student was helped before the outcome; None: nobody's.
    """

    outcome: Floats
    students: NDArray[np.str_]
    periods: NDArray[np.str_]
    protected: Mapping[str, NDArray[np.str_]]
    rules: Mapping[str, Floats]
    early: int = 0
    new: NDArray[np.bool_] | None = None
    helped: NDArray[np.bool_] | None = None

    def take(self, chosen: NDArray[np.bool_]) -> Cases:
        """The records where the mask is true; how many of the outcomes are early is not known."""
        return Cases(
            outcome=self.outcome[chosen],
            students=self.students[chosen],
            periods=self.periods[chosen],
            protected={name: groups[chosen] for name, groups in self.protected.items()},
            rules={name: flags[chosen] for name, flags in self.rules.items()},
            new=None if self.new is None else self.new[chosen],
            helped=None if self.helped is None else self.helped[chosen],
        )


def flagged_within(outcome: Floats, alert_budget: float | None) -> int:
    """How many students are flagged: the school's budget, or else as many as are at risk.

    >>> flagged_within(np.array([1.0, 0.0, 0.0, 1.0]), None)
    2
    >>> flagged_within(np.array([1.0, 0.0, 0.0, 1.0]), 0.3)
    1
    """
    wanted = outcome.sum() if alert_budget is None else np.floor(alert_budget * len(outcome))
    return max(1, int(wanted))


def lanes_in(cases: Cases, policy: PromotionPolicy) -> Lanes | None:
    """The room of each lane where the policy names one and the cases can be told apart."""
    if policy.lanes is None or cases.new is None:
        return None
    return Lanes(cases.new, policy.lanes.known, policy.lanes.new)
