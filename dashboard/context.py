"""What every page is given, and how it says that something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure, FarolApi
from dashboard.texts import Texts
from database.client import SyncRegistry
from model.prediction import RiskStatus

COLOURS = {RiskStatus.CRITICAL: "red", RiskStatus.ALERT: "orange", RiskStatus.EXPECTED: "green"}

TRY = (
    "curl -s {url}/predict -H 'content-type: application/json' "
    """-d '{{"student_id":"RA-1","inde":7.5,"ieg":8.0,"ida":6.5,"fase":3}}'"""
)


@dataclass(frozen=True, slots=True)
class Context:
    """What every page is given.

    Attributes:
        registry: what pages read from, through the repositories.
        api: what pages act through.
        texts: the reader's language.
        now: aware UTC.
    """

    registry: SyncRegistry
    api: FarolApi
    texts: Texts
    now: datetime


def status_name(status: RiskStatus, texts: Texts) -> str:
    """The status as a counsellor reads it."""
    return texts(f"status.{status.value}")


def percents(share: float) -> int:
    """A share as whole percents.

    >>> percents(0.876)
    88
    """
    return round(share * 100)


def risk_columns(texts: Texts) -> dict[str, Any]:
    """How tables show the columns that name a status (a coloured mark) and a score (a bar)."""
    score = texts("students.score")
    return {
        texts("students.status"): st.column_config.MultiselectColumn(
            options=[status_name(status, texts) for status in RiskStatus],
            color=[COLOURS[status] for status in RiskStatus],
            width="small",
        ),
        score: st.column_config.ProgressColumn(
            score, min_value=0, max_value=100, format="%d %%", color="auto-inverse"
        ),
    }


def empty(texts: Texts, key: str, command: str) -> None:
    """Says that there is nothing yet, and the command that changes it."""
    st.info(texts(key), icon=":material/info:")
    st.code(command, language="bash")


def explain_failure(failure: ApiFailure, context: Context) -> str:
    """What to do about a call that failed."""
    if failure.unreachable:
        return context.texts("error.api_away", url=context.api.url)
    if failure.needs_key:
        return context.texts("error.api_key")
    return context.texts("error.api", why=failure)
