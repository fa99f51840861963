"""What became of what promotions promised, and the platform's own track record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import hypot
from statistics import fmean

from model.promotion import DecisionStatus, Promise, Promotion, told_gain, told_promise


@dataclass(frozen=True, slots=True)
class RealisedGain:
    """What came of a promotion in the first period that neither version learned from.

    Attributes:
        promotion_id: the promotion.
        at: when it was measured last (aware UTC).
        period: whose outcomes it was measured on.
        promoted: the version that was promoted.
        replaced: the one it took the place of.
        rows: labelled records.
        positives: how many of them were at risk; 0 of a numeric outcome.
        flagged: how many either version flags; 0 of a numeric outcome.
        gain: promoted over replaced, in the promise's metric; above zero is better.
        low: lower end of its 95 % bootstrap interval.
        high: upper end.
        digest: of the records and their outcomes.
        new_positives: at risk and not so before, where the task knows that.
        new_gain: the gain of recall among those, with as many flags; None without any.
        new_low: lower end of its interval.
        new_high: upper end.
    """

    promotion_id: str
    at: datetime
    period: str
    promoted: str
    replaced: str
    rows: int
    positives: int
    flagged: int
    gain: float
    low: float
    high: float
    digest: str
    new_positives: int = 0
    new_gain: float | None = None
    new_low: float | None = None
    new_high: float | None = None


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How the promises of all promotions turned out.

    Attributes:
        kept: promises whose gain came, see `is_kept`.
        broken: those whose did not.
        open: those whose period has no outcomes yet.
        mean_promised: over those that are kept or broken; None without any.
        mean_came: over the same.
    """

    kept: int
    broken: int
    open: int
    mean_promised: float | None
    mean_came: float | None


NO_PROMISES = TrackRecord(0, 0, 0, None, None)


def is_kept(promise: Promise, came: RealisedGain) -> bool:
    """Whether a gain came, no further below the promised one than the error of both allows.

    Both are measured on different students, so the halves of their 95 % intervals add up as
    squares. On few students nearly any gain keeps a promise; the means of the track record have no
    such slack.

    >>> promise = Promise(0.036, 0.003, 0.078, "2022", "measured")
    >>> at = datetime(2025, 1, 1)
    >>> came = RealisedGain("p", at, "2023", "v2", "v1", 300, 90, 90, 0.019, -0.02, 0.05, "")
    >>> is_kept(promise, came)
    True
    """
    allowed = hypot(promise.gain - promise.low, came.high - came.gain)
    return came.gain > 0 and came.gain >= promise.gain - allowed


def track_record(ledger: Iterable[Promotion], came: Mapping[str, RealisedGain]) -> TrackRecord:
    """The sum over the ledger.

    Args:
        ledger: decisions, in any order; those that promoted and promised count.
        came: promotion id to what came.
    """
    promised = promising(ledger)
    settled = [(p, came[i]) for i, p in promised.items() if i in came]
    kept = sum(is_kept(promise, found) for promise, found in settled)
    return TrackRecord(
        kept=kept,
        broken=len(settled) - kept,
        open=len(promised) - len(settled),
        mean_promised=fmean(p.gain for p, _ in settled) if settled else None,
        mean_came=fmean(found.gain for _, found in settled) if settled else None,
    )


def promising(ledger: Iterable[Promotion]) -> dict[str, Promise]:
    """Id of each promotion that promised something, to its promise."""
    return {
        p.promotion_id: p.promise
        for p in ledger
        if p.status is DecisionStatus.PROMOTED and p.promise is not None and p.champion
    }


def told_came(promise: Promise, came: RealisedGain | None) -> str:
    """A promise and what came of it, in words.

    >>> told_came(Promise(0.036, 0.003, 0.078, "2022", "measured"), None)
    'promised +3.6 points of recall (+0.3 to +7.8); outcomes after 2022 are awaited'
    """
    promised = f"promised {told_promise(promise)}"
    if came is None:
        return f"{promised}; outcomes after {promise.period} are awaited"
    gain = told_gain(came.gain, came.low, came.high, promise.metric)
    return f"{promised}, came {gain} in {came.period}"


def told_record(record: TrackRecord) -> str:
    """A track record in words.

    >>> told_record(TrackRecord(2, 1, 1, 0.03, 0.02))
    '2 of 3 promises kept, 1 open; promised +3.0 points on average, came +2.0'
    >>> told_record(NO_PROMISES)
    'no promise has been made'
    """
    settled = record.kept + record.broken
    if not settled:
        return f"{record.open} promises open, none settled" if record.open else NO_PROMISE
    assert record.mean_promised is not None and record.mean_came is not None
    return (
        f"{record.kept} of {settled} promises kept, {record.open} open; promised "
        f"{record.mean_promised * 100:+.1f} points on average, came {record.mean_came * 100:+.1f}"
    )


NO_PROMISE = "no promise has been made"
