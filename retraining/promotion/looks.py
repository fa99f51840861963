"""Whether a look at the labels of a period may be taken, and at which error probability.

All looks of a period share one error budget, 1 - `confidence`. What may be spent by then grows with
the share of the period's labels that are there (alpha spending: Lan and DeMets 1983; the power
family of Kim and DeMets 1987, whose exponent 3 is close to O'Brien and Fleming's boundary). A look
gets what is allowed by then and not spent yet, and is tested at that level. The levels add up to
the budget at most, so at least one false promotion has at most that probability, however the looks
depend on each other (Bonferroni). Why so: docs/decisions/0007-one-error-budget-per-period.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

from model.decisions.looks import Look, PeriodLooks, TakenLook

EXPONENT = 3
"""Of the information; the larger, the more is kept for the period's last labels."""
LEAST = 0.02
"""Part of the budget below which a look is not taken: 0.1 % of error, which 2,000 resamples can
just show."""
MORE = 0.5
"""New labels a look needs, as a part of those of the look before."""
FEWEST = 25


@dataclass(frozen=True, slots=True)
class Counted:
    """What numbers alone tell of a look that might be taken.

    Attributes:
        period: the newest period to judge.
        labelled: labels of the period, seen by the champion or not.
        expected: how many it is expected to have in the end; 0 where that is not known.
        new: labels of the period that came after the last look; all of them before the first.
    """

    period: str
    labelled: int
    expected: int
    new: int

    @property
    def information(self) -> float:
        """Share of the expected labels that are there; 1 where none are expected.

        >>> Counted("2023", labelled=400, expected=800, new=400).information
        0.5
        """
        return min(1.0, self.labelled / self.expected) if self.expected else 1.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a look would be, before anything is trained.

    Attributes:
        counted: the labels.
        budget: what all looks of the period share.
        spent: of it, by the looks taken so far.
        left: what this look would be tested at.
        needed: new labels it must have.
        renewed: it would begin a new budget, judged on the new labels alone.
        last: the look taken before; None before the first.
    """

    counted: Counted
    budget: float
    spent: float
    left: float
    needed: int
    renewed: bool
    last: TakenLook | None

    @property
    def affordable(self) -> bool:
        """Whether enough of the budget is left to decide anything."""
        return self.left >= self.least

    @property
    def least(self) -> float:
        """The smallest error probability that a look is taken at."""
        return LEAST * self.budget

    @property
    def informed(self) -> bool:
        """Whether there are new labels enough, or the period's last ones are there."""
        return self.counted.new >= self.needed or self.counted.information == 1.0

    @property
    def since(self) -> datetime | None:
        """Only labels that came later are judged; None judges all that are new to the champion."""
        return self.last.at if self.renewed and self.last else None


def allowed(budget: float, information: float) -> float:
    """How much of the budget may be spent when that share of the labels is there.

    >>> allowed(0.05, 0.5), allowed(0.05, 1.0)
    (0.00625, 0.05)
    """
    return budget * float(information) ** EXPONENT


def weigh(held: PeriodLooks, counted: Counted, budget: float) -> Weighed:
    """What the next look would be.

    Args:
        held: the looks taken at that period.
        counted: the labels there are.
        budget: the error probability that all looks share.
    """
    last = held.looks[-1] if held.looks else None
    if last is None:
        left = allowed(budget, counted.information)
        return Weighed(counted, budget, 0.0, left, 0, renewed=False, last=None)
    spent = spent_of(held, last.budget)
    left = max(0.0, allowed(budget, counted.information) - spent) if not last.budget else 0.0
    if left < LEAST * budget and counted.new >= last.labelled:
        return Weighed(counted, budget, 0.0, budget, last.labelled, renewed=True, last=last)
    needed = last.labelled if last.budget else max(FEWEST, math.ceil(MORE * last.labelled))
    return Weighed(counted, budget, spent, left, needed, renewed=False, last=last)


def spent_of(held: PeriodLooks, budget: int) -> float:
    """What the looks of one budget of the period spent, the renewed ones counted from 0."""
    return math.fsum(look.alpha for look in held.looks if look.budget == budget)


def identical(held: PeriodLooks, digest: str) -> TakenLook | None:
    """The look of that digest, if it was taken already: repeating it costs nothing."""
    return next((look for look in held.looks if look.digest == digest), None)


def since(held: PeriodLooks, look: TakenLook) -> datetime | None:
    """Labels that a taken look judged came later than this; None where it judged all."""
    if not look.budget:
        return None
    return [each.at for each in held.looks if each.budget < look.budget][-1]


def taken(weighed: Weighed, *, at: datetime, run_id: str, digest: str) -> TakenLook:
    """The look, as it is written before its evidence is shown."""
    counted, last = weighed.counted, weighed.last
    return TakenLook(
        at=at,
        run_id=run_id,
        digest=digest,
        labelled=counted.new if weighed.renewed else counted.labelled,
        information=1.0 if weighed.renewed else counted.information,
        alpha=weighed.left,
        budget=last.budget + weighed.renewed if last else 0,
    )


def added(held: PeriodLooks, look: TakenLook) -> PeriodLooks:
    """The looks with one more."""
    return replace(held, looks=(*held.looks, look))


def told(held: PeriodLooks, look: TakenLook, budget: float) -> Look:
    """A taken look as the decision tells of it."""
    return Look(
        period=held.period,
        number=held.looks.index(look) + 1,
        information=look.information,
        alpha=look.alpha,
        spent=spent_of(held, look.budget),
        budget=budget,
    )


def not_taken(weighed: Weighed) -> Look:
    """A look that was not taken, as the run tells of it."""
    return Look(
        period=weighed.counted.period,
        number=0,
        information=weighed.counted.information,
        alpha=0.0,
        spent=weighed.spent,
        budget=weighed.budget,
    )
