"""The form of a record, built from the schema, and what comes of sending it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.api_client import FarolApi
from dashboard.texts import Language, load_texts
from dashboard.trying.record import (
    Field,
    changed,
    fields_of,
    moved_by,
    newest_record,
    reason_rows,
    record_of,
)
from model.prediction import PredictionSource

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
SCHEMA: dict[str, Any] = {
    "task": "little",
    "features": [
        {"name": "ieg", "kind": "numeric", "low": 0.0, "high": 10.0, "integer": False,
         "description": "Engagement.", "description_pt": "Engajamento."},
        {"name": "fase", "kind": "numeric", "low": 0, "high": 9, "integer": True,
         "description": "Phase.", "description_pt": "", "label": "Phase", "label_pt": "Fase"},
        {"name": "stone", "kind": "category", "categories": ["quartzo", "agata"],
         "description": "Stone.", "description_pt": "Pedra."},
        {"name": "city", "kind": "category", "categories": [], "description": "City.",
         "description_pt": ""},
    ],
    "units": [{"name": "school", "kind": "category", "categories": [], "description": "School."}],
}  # fmt: skip
DOSSIER = {"tasks": {"little": {"records": [
    {"period": "2023", "features": {"ieg": 1.0}},
    {"period": "2024", "features": {"ieg": 4, "stone": "agata", "fase": 99}},
]}}}  # fmt: skip


def test_the_inputs_are_the_schemas_features_in_its_order_and_the_readers_language() -> None:
    ieg, fase, stone, city = fields_of(SCHEMA["features"], Language.PT)

    assert (ieg.label, ieg.about, ieg.numeric, ieg.low, ieg.high) == (
        "ieg", "Engajamento.", True, 0.0, 10.0,
    )  # fmt: skip
    assert (fase.label, fase.about, fase.integer) == ("Fase", "Phase.", True)
    assert stone.categories == ("quartzo", "agata")
    assert not city.numeric and city.categories == ()


def test_what_a_student_is_known_by_fills_what_it_can_and_leaves_the_rest() -> None:
    known = newest_record(DOSSIER, "little")

    filled = {one.name: one.filled(known.get(one.name)) for one in fields_of(
        SCHEMA["features"], Language.EN
    )}  # fmt: skip

    assert filled == {"ieg": 4.0, "fase": None, "stone": "agata", "city": None}
    assert isinstance(filled["ieg"], float)
    assert newest_record(DOSSIER, "another") == {}


@pytest.mark.parametrize("value", [True, "x", 11, -1, None])
def test_a_value_that_an_input_does_not_take_is_left_out(value: object) -> None:
    assert Field("ida", "IDA", "", numeric=True, low=0, high=10).filled(value) is None


def test_what_was_left_empty_is_not_sent() -> None:
    assert record_of({"ieg": 0.0, "fase": None, "student_id": ""}) == {"ieg": 0.0}


def test_two_records_differ_by_what_was_changed_and_the_score_by_points() -> None:
    rows = changed({"ieg": 4.0, "fase": 2}, {"ieg": 7.5, "fase": 2}, {"ieg": "IEG"}, PT)

    assert rows == [{"item": "IEG", "antes": "4", "agora": "7,50"}]
    assert moved_by({"risk_score": 0.8}, {"risk_score": 0.55}, EN) == "-25 points"
    assert moved_by({"predicted": 50.0}, {"predicted": 51.5}, PT) == "1,5"


def test_each_reason_says_which_way_it_moves_the_score() -> None:
    given = [{"feature": "ieg", "value": 3.25, "contribution": -0.8}]

    assert reason_rows(given, {}, EN) == [
        {"feature": "ieg", "value": "3.25", "effect": "lowers", "by": "-0.80"}
    ]


def test_a_record_is_tried_with_the_dashboard_as_its_source() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"prediction_id": "p"})

    api = FarolApi("http://farol", transport=httpx.MockTransport(respond))
    api.try_out({"ieg": 4.0})

    assert seen[0].url.path == "/predict"
    assert dict(seen[0].url.params) == {"explain": "true", "source": PredictionSource.DASHBOARD}
    assert json.loads(seen[0].content) == {"ieg": 4.0}


def answer(request: httpx.Request) -> httpx.Response:
    """As the API answers, the risk by the engagement that was given."""
    if request.url.path == "/schema":
        return httpx.Response(200, json=SCHEMA)
    if request.url.path.startswith("/students/"):
        return httpx.Response(200, json=DOSSIER)
    ieg = json.loads(request.content).get("ieg", 5.0)
    return httpx.Response(200, json={
        "prediction_id": "p1", "student_id": None, "risk_score": 1 - ieg / 10, "status": "alert",
        "model_version": "v1", "imputed": ["fase"],
        "reasons": [{"feature": "ieg", "value": ieg, "contribution": 0.4}],
    })  # fmt: skip


def shown() -> None:
    from datetime import UTC, datetime
    from typing import Any, cast

    import httpx

    from dashboard.api_client import FarolApi
    from dashboard.context import Context
    from dashboard.texts import Language, load_texts
    from dashboard.views import trying
    from tests.dashboard.test_trying import answer

    api = FarolApi("http://farol", transport=httpx.MockTransport(answer))
    now = datetime(2026, 3, 1, tzinfo=UTC)
    trying.show(Context(cast(Any, None), api, load_texts(Language.EN), now, 14))


def test_a_student_fills_the_form_and_a_changed_value_shows_both_scores() -> None:
    app = AppTest.from_function(shown, default_timeout=60).run()
    assert not app.exception
    app.text_input[0].set_value("RA-1")
    app.button[0].click().run()
    assert app.number_input(key="try-ieg").value == 4.0
    assert app.selectbox(key="try-stone").value == "agata"

    app.button[1].click().run()
    first = app.metric[0]
    app.number_input(key="try-ieg").set_value(8.0)
    app.button[1].click().run()
    second = app.metric[0]

    assert not app.exception
    assert (first.value, first.delta) == ("60%", "")
    assert (second.value, second.delta) == ("20%", "-40 points")
    moved = app.dataframe[0].value
    assert moved.to_dict("records") == [{"feature": "ieg", "before": "4", "now": "8"}]
    assert "It is no promise" in " ".join(one.value for one in app.caption)
    assert "tried-little" in app.session_state, "of this task alone"
