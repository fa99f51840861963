"""Looks at the labels of a period, which share one error budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TakenLook:
    """One comparison with the champion that was taken. Names no student.

    Attributes:
        at: when it was taken (aware UTC).
        run_id: the run that took it.
        digest: of everything the comparison follows from; the same for the same look only.
        labelled: labels of the period that there were then; of a renewed budget, those alone that
            came since the budget before it was spent.
        information: share of the labels expected of the period, 0 to 1.
        alpha: the error probability it was tested at.
        budget: how many times the budget had been renewed by then.
    """

    at: datetime
    run_id: str
    digest: str
    labelled: int
    information: float
    alpha: float
    budget: int = 0


@dataclass(frozen=True, slots=True)
class PeriodLooks:
    """Every look at the labels of one period, oldest first.

    Attributes:
        period: the newest period that was judged.
        revision: of the document; 0 where nothing is stored yet.
    """

    period: str
    looks: tuple[TakenLook, ...] = ()
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """One look as decisions and runs tell of it.

    Attributes:
        period: whose error budget it shares.
        number: which look at that period it was, 1 the first; 0 where it was not taken.
        information: share of the period's expected labels that were there.
        alpha: the error probability it was tested at; 0 where it was not taken.
        spent: of the budget by all looks that share it, this one included.
        budget: the error probability that all looks share.
    """

    period: str
    number: int
    information: float
    alpha: float
    spent: float
    budget: float
