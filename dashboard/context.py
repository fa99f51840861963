"""What every page is given, and how it says that something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import streamlit as st

from dashboard.api_client import ApiFailure, FarolApi
from dashboard.beginning.steps import TaskNeeds
from dashboard.entry.officer import Officer
from dashboard.scales import score_columns
from dashboard.texts import Texts
from database.driver.client import SyncRegistry
from model.people.looked import Looked
from model.prediction import RiskStatus

# Names of the theme's colours, which are the palette's; the status itself always stands beside.
COLOURS: Mapping[RiskStatus, Literal["red", "orange", "blue", "gray"]] = {
    RiskStatus.CRITICAL: "red",
    RiskStatus.ALERT: "orange",
    RiskStatus.EXPECTED: "blue",
    RiskStatus.INSUFFICIENT: "gray",
}

TRY = "curl -s {url}/schema\ncurl -s -X POST {url}/predict/STUDENT"
"""What a record may hold, and a first prediction for a student that a school file told of."""


def _not_kept(_what: Looked, _student_id: str = "") -> None:
    """Who looked is not kept where nobody has to say who it is."""


def _as_typed(key: str) -> str:
    """Ids are kept as they are, where the installation makes no pseudonyms."""
    return key


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
        person: the name of who is in, as the API calls whoever acts; "" with authentication off.
        saw: a page that shows one student, or hands out a list, says so here at every run, before
            it does; the audit trail keeps it (`model.people.looked`).
        officer: reads the audit trail; None where the reader may not.
        known_as: what the registry knows a student by whose id somebody typed.
        needs: what the task asks for before it can have a model.
    """

    registry: SyncRegistry
    api: FarolApi
    texts: Texts
    now: datetime
    approval_days: int
    whole: bool = True
    person: str = ""
    saw: Callable[[Looked, str], None] = _not_kept
    officer: Officer | None = None
    known_as: Callable[[str], str] = _as_typed
    needs: TaskNeeds = field(default_factory=TaskNeeds)


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
