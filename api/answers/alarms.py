"""What is answered about the alarms of the drift watch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.watch.alarm import FalseAlarms, FeatureAlarm


class AlarmsAnswer(TypedDict):
    """Every feature's state, as the newest drift check left it; null and empty before the first.

    Attributes:
        model_version: the champion that the check was about.
        report_id: of the check's report.
        checks_needed: counted checks in a row that make an alarm.
        alarmed: features in alarm that nobody has acknowledged.
        expected_false_alarms: how many a year to expect while nothing changes.
    """

    model_version: str | None
    at: datetime | None
    report_id: str | None
    period: str | None
    checks_needed: Count
    alarmed: Sequence[str]
    features: Sequence[FeatureAlarm]
    expected_false_alarms: FalseAlarms | None
