"""How each column of a drift report was distributed then and now: what its page draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FeaturePicture:
    """One column before and now, small enough to be kept for every report.

    Of `labels`, `values` and `edges` one is given: it says what the bars are. Where it is `edges`
    there is one bar more than edges: the first holds what is at most the first edge, the last what
    is above the last.

    Attributes:
        feature: canonical name, or `risk_score`.
        description: what it is, in English.
        description_pt: the same in Portuguese.
        labels: categories, most frequent first.
        values: numbers that have a bar each, ascending.
        edges: between bars of many numbers, ascending.
        then: share of the known values in each bar, in the reference; empty where there are none.
        now: the same in the recent records.
        others: the last bar holds the categories without a bar of their own.
        quartiles_then: a quarter, half and three quarters of a number's values are at most these.
        quartiles_now: the same in the recent records.
        known_then: records with a value, in the reference.
        known_now: the same in the recent records.
        missing_then: share of records without a value, in the reference.
        missing_now: the same in the recent records.
    """

    feature: str
    description: str
    description_pt: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    edges: tuple[float, ...]
    then: tuple[float, ...]
    now: tuple[float, ...]
    others: bool
    quartiles_then: tuple[float, ...]
    quartiles_now: tuple[float, ...]
    known_then: int
    known_now: int
    missing_then: float
    missing_now: float


@dataclass(frozen=True, slots=True)
class DriftPicture:
    """What the page of one drift report shows besides the report itself.

    Attributes:
        report_id: the report.
        at: when it was made (aware UTC).
        title: the task's, in English.
        title_pt: the same in Portuguese.
        rows_then: records of the reference.
        features: the columns, in the order of the reference.
        reference: name of the file that the records were compared with; empty where it was what
            the champion was trained on.
        expected_then: mean of the scores in the reference: the share expected to be at risk; None
            without scores, or where these are no probabilities.
        expected_now: the same of the recent records.
    """

    report_id: str
    at: datetime
    title: str
    title_pt: str
    rows_then: int
    features: tuple[FeaturePicture, ...]
    reference: str = ""
    expected_then: float | None = None
    expected_now: float | None = None
