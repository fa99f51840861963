"""The page about data: outcomes by hand, a file before it is kept, and the step that is next."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import api_client
from dashboard.api_client import ApiFailure, FarolApi
from dashboard.beginning.steps import Held, NextStep, TaskNeeds, next_step, step_told
from dashboard.data import rows
from dashboard.data.rows import OutcomeMeaning
from dashboard.texts import Language, Texts, load_texts
from dashboard.views.data import SECTIONS
from model.label import JoinStatus
from model.units.coverage import CoveredPlace
from preprocessing.files.headers import ColumnRole

BOTH = [load_texts(language) for language in Language]
EN = load_texts(Language.EN)
NEEDS = TaskNeeds("defasagem", 1, 100)
BINARY = OutcomeMeaning("defasagem", True, ("escola",))
LISTED = {
    "period": "2023",
    "more": False,
    "students": [
        {"student_id": "A", "units": {"escola": "Escola A"}},
        {"student_id": "B", "units": {}},
    ],
}
TABLE: dict[str, Any] = {
    "source": "x.csv", "period": "2023", "outcome_period": "2022", "rows_read": 4, "rows_kept": 3,
    "students": 3, "outcomes": 2, "known": False, "erased": 1, "elsewhere": 0, "objecting": 0,
    "held": 0, "orphans_joined": 2,
    "objections": {"lies in the future": 1},
    "columns": [
        {"name": "ra", "role": "id", "header": "RA", "unreadable": 0},
        {"name": "ieg", "role": "feature", "header": "IEG", "unreadable": 2},
        {"name": "mat", "role": "feature", "header": None, "unreadable": 0},
        {"name": "genero", "role": "protected", "header": "Gênero", "unreadable": 0},
    ],
    "unused": [{"header": "Cor", "reason": "unknown to this task"}],
    "implausible": [
        {"column": "idade", "earlier": "2022", "later": "2023", "asked": 1, "students": 40,
         "broken": 3, "row": 7, "moved": 0.0},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("held", "step"),
    [
        (Held(), NextStep.FIRST_FILE),
        (Held(("2023",), waiting=9), NextStep.SECOND_YEAR),
        (Held(("2022", "2023")), NextStep.FIRST_OUTCOMES),
        (Held(("2022", "2023"), labels=99), NextStep.MORE_OUTCOMES),
        (Held(("2022", "2023"), labels=100), NextStep.TRAIN),
        (Held((), labels=100), NextStep.TRAIN),
        (Held(serves=True), None),
    ],
)
def test_one_step_is_next_until_a_version_serves(held: Held, step: NextStep | None) -> None:
    assert next_step(held, NEEDS) is step


@pytest.mark.parametrize("texts", BOTH, ids=("pt", "en"))
def test_everything_that_can_be_told_has_its_sentence(texts: Texts) -> None:
    for step in NextStep:
        assert "{" not in step_told(step, Held(("2023",), 3, 4), NEEDS, texts)
    for role in ColumnRole:
        assert texts(f"role.{role.value}")
    for status in {*JoinStatus} - {JoinStatus.REJECTED}:
        assert status.value in rows.STATUSES and texts(f"data.{status.value}", n=1)
    for section in SECTIONS:
        assert texts(f"section.{section}")
    for key, pattern in rows.REASONS.items():
        assert texts(f"reject.{key}", **dict.fromkeys(pattern.groupindex, "3"))


def test_a_reason_is_told_in_the_readers_language_and_an_unknown_one_as_it_came() -> None:
    pt = load_texts(Language.PT)

    assert rows.reason_told("is the same as in row 12", pt) == "é igual ao da linha 12"
    assert rows.reason_told("must be between 0 and 10", pt) == "must be between 0 and 10"


@pytest.mark.parametrize("texts", BOTH, ids=("pt", "en"))
def test_the_rows_that_were_filled_in_are_outcomes_of_their_students_and_schools(
    texts: Texts,
) -> None:
    table = rows.missing_rows(LISTED, BINARY, texts)
    table[0][texts("data.outcome")] = texts("data.not_at_risk")

    assert rows.entered(table, LISTED, BINARY, texts) == [
        {"student_id": "A", "period": "2023", "escola": "Escola A", "outcome": False}
    ]


def test_an_outcome_that_is_a_number_is_sent_as_one_even_where_it_is_zero() -> None:
    numeric = OutcomeMeaning.of({"outcome": {"column": "grade", "kind": "numeric"}, "units": []})
    table = rows.missing_rows(LISTED, numeric, EN)
    table[1][EN("data.outcome")] = 0

    assert rows.entered(table, LISTED, numeric, EN) == [
        {"student_id": "B", "period": "2023", "outcome": 0.0}
    ]


def test_a_preview_tells_what_is_read_as_what_and_what_is_not() -> None:
    assert "**4** rows read, **3** kept, **1** rejected" in rows.table_line(TABLE, EN)
    assert [row["column of the file"] for row in rows.column_rows(TABLE, EN)] == [
        "RA", "IEG", "Gênero",
    ]  # fmt: skip
    assert rows.absent_line(TABLE, EN) == "Not found in the file: mat."
    assert "(Gênero)" in (rows.protected_line(TABLE, EN) or "")
    assert rows.unused_rows(TABLE, EN) == [
        {"column of the file": "Cor", "reason": "the task does not know this column"}
    ]


def test_a_file_that_was_kept_tells_everything_that_became_of_it() -> None:
    lines = rows.kept_lines(TABLE, EN)

    assert lines == [
        "x.csv: 3 rows kept.",
        "1 rows refused: their students were erased.",
        "2 outcomes that waited were joined.",
        "1 outcomes refused: lies in the future",
        "Implausible: idade. For 3 of 40 students it did not move by 1 from 2022 to 2023; "
        "look at row 7.",
    ]
    assert rows.kept_lines({**TABLE, "known": True}, EN) == [
        "x.csv: this content is here already; keeping it again changes nothing."
    ]


def test_what_tells_of_a_handful_is_withheld_from_the_coverage() -> None:
    places = [CoveredPlace("2023", "Escola A", 40, 10), CoveredPlace("2023", "Escola B", 30, None)]

    assert [list(row.values()) for row in rows.coverage_rows(places, EN, units=True)] == [
        ["2023", "Escola A", "40", "10", "25%"],
        ["2023", "Escola B", "30", "withheld", ""],
    ]


def test_a_file_longer_than_a_page_should_hold_is_not_taken_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(api_client, "LARGEST_FILE", 5)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/refused":
            return httpx.Response(403, json={"detail": "lacks the scope read"})
        return httpx.Response(200, content=b"x" * int(request.url.params["n"]))

    api = FarolApi("http://farol", transport=httpx.MockTransport(answer))

    assert api.download("/log", {"n": 5}) == b"xxxxx"
    with pytest.raises(ApiFailure, match="use the command"):
        api.download("/log", {"n": 6})
    with pytest.raises(ApiFailure, match="lacks the scope read") as refused:
        api.download("/refused", {})
    assert refused.value.needs_key


def data_page() -> None:
    """The page of who sees some units, over an API that goes away on the second outcome."""
    from datetime import UTC, datetime
    from typing import Any, cast

    import httpx
    import streamlit as st

    from dashboard.api_client import FarolApi
    from dashboard.context import Context
    from dashboard.texts import Language, load_texts
    from dashboard.views.data import show

    sent = st.session_state.setdefault("sent", [])
    schema = {
        "outcome": {"column": "defasagem", "kind": "binary"},
        "units": [{"name": "escola"}],
    }
    students = [{"student_id": "A", "units": {"escola": "Escola A"}}]
    counts = dict.fromkeys(("joined", "orphaned", "duplicate", "early"), 0)
    answers: dict[str, Any] = {
        "/schema": schema,
        "/outcomes/missing": {"period": "2023", "students": students, "more": False},
        "/labels": {"accepted": 1, "corrected": 1, "rejected": [], **counts},
        "/batches": {"total": 0, "batches": []},
    }

    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            sent.append(request.read())
            if len(sent) == 2:
                raise httpx.ConnectError("away")
        return httpx.Response(200, json=answers[request.url.path])

    api = FarolApi("http://farol", transport=httpx.MockTransport(respond))
    now = datetime(2026, 3, 1, tzinfo=UTC)
    nobody = cast(Any, None)
    show(Context(nobody, api, load_texts(Language.EN), now, 14, whole=False))


def test_an_outcome_is_entered_by_hand_and_stays_typed_where_it_cannot_be_sent() -> None:
    app = AppTest.from_function(data_page, default_timeout=60).run()

    def sent(student: str) -> AppTest:
        app.text_input(key="data_one_student").input(student)
        app.radio(key="data_one_value").set_value("was at risk")
        return app.button(key="data_one").click().run()

    said = [element.value for element in sent("RA-7").success]
    emptied = app.text_input(key="data_one_student").value
    away = [element.value for element in sent("RA-8").error]
    app.segmented_control(key="data_section").set_value("log").run()
    app.segmented_control(key="data_section").set_value("outcomes").run()

    assert not app.exception
    assert said == ["1 outcome(s) received. Corrected: 1."] and emptied == ""
    assert app.session_state["sent"] == [ANY, ANY]
    assert b'"student_id":"RA-7"' in app.session_state["sent"][0]
    assert "does not answer" in away[0]
    assert app.text_input(key="data_one_student").value == "RA-8", "after it was not drawn"
    assert app.radio(key="data_one_value").value == "was at risk"


def test_every_section_opens_for_who_sees_some_units_only() -> None:
    app = AppTest.from_function(data_page, default_timeout=60).run()

    for section in SECTIONS:
        app.segmented_control(key="data_section").set_value(section).run()
        assert not app.exception, section
        assert not app.error, section
