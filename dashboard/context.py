"""What every page is given, and how it says that something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure, FarolApi
from dashboard.scales import score_columns
from dashboard.texts import Texts
from database.driver.client import SyncRegistry
from model.prediction import RiskStatus

# Names of the theme's colours, which are the palette's; the status itself always stands beside.
COLOURS = {
    RiskStatus.CRITICAL: "red",
    RiskStatus.ALERT: "orange",
    RiskStatus.EXPECTED: "blue",
    RiskStatus.INSUFFICIENT: "gray",
}

TRY = "curl -s {url}/schema\ncurl -s -X POST {url}/predict/STUDENT"
"""What a record may hold, and a first prediction for a student that a school file told of."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every page is given.

    Attributes:
        registry: what pages read from, through the repositories.
        api: what pages act through.
        texts: the reader's language.
        now: aware UTC.
        approval_days: how long a version waits for approval.
        whole: whether the reader may see all units; if not, only what the API answers is shown.
    """

    registry: SyncRegistry
    api: FarolApi
    texts: Texts
    now: datetime
    approval_days: int
    whole: bool = True


def status_name(status: RiskStatus, texts: Texts) -> str:
    """The status as a counsellor reads it."""
    return texts(f"status.{status.value}")


def known_share(known_weight: float | None, texts: Texts) -> str:
    """How much of what the version goes by was known, empty where that is not told."""
    return "" if known_weight is None else texts.share(known_weight)


def assessment_columns(texts: Texts) -> dict[str, Any]:
    """How tables show the columns that name a status (a coloured mark) and a score."""
    return {
        texts("students.status"): st.column_config.MultiselectColumn(
            options=[status_name(status, texts) for status in RiskStatus],
            color=[COLOURS[status] for status in RiskStatus],
            width="small",
        ),
        **score_columns(texts),
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
