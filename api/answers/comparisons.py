"""What is answered about comparisons of two versions, and about the log of a run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.comparing.comparison import ComparisonFinding, ComparisonStatus, NotComparable
from model.run import RunStatus
from model.watch.run_log import LogLine


class ComparisonAnswer(TypedDict):
    """One comparison of two versions.

    Attributes:
        done_at: when it was made, or could not be; null while it waits.
        why: why there is nothing to compare; null otherwise.
        found: where there is too little, the labelled records that neither learned from.
        error: what stopped it; empty otherwise.
        finding: what it showed; null until it is done.
    """

    comparison_id: str
    at: datetime
    first: str
    second: str
    requested_by: str
    status: ComparisonStatus
    done_at: datetime | None
    why: NotComparable | None
    found: Count
    error: str
    finding: ComparisonFinding | None


class ComparisonsAnswer(TypedDict):
    """Comparisons, newest first."""

    comparisons: Sequence[ComparisonAnswer]


class RunLogAnswer(TypedDict):
    """What a run has told so far, oldest line first.

    Attributes:
        status: of the run.
        dropped: older lines that are not kept.
    """

    run_id: str
    status: RunStatus
    lines: Sequence[LogLine]
    dropped: Count
