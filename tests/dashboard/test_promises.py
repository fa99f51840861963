"""What pages tell of promises, of what waits, and with which buttons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from dashboard.promises import promise_line, promise_rows, record_line
from dashboard.texts import Language, load_texts
from dashboard.waiting import waiting_line
from database.decisions import approval
from database.decisions.realised import RealisedGainRepository
from database.driver.client import SyncRegistry
from database.promotions import PromotionRepository
from model.decisions.realised import NO_PROMISES, RealisedGain, TrackRecord
from model.promotion import DecisionStatus, Promise, Promotion
from tests.dashboard.test_api_client import api
from tests.dashboard.test_pages import db, fill, opened, page, uri, words
from tests.drift.school import NOW

__all__ = ["db", "opened", "uri"]

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
PROMISE = Promise(0.036, 0.003, 0.078, "2023", "measured")
MADE = Promotion(
    "p", NOW, "pipeline", "train", DecisionStatus.PROMOTED, "v2", "v1", ("better",), revision=2,
    promise=PROMISE,
)  # fmt: skip
CAME = RealisedGain(
    "p", NOW, "2024", "v2", "v1", 300, 90, 90, 0.019, -0.01, 0.05, "d", 20, 0.05, -0.1, 0.2
)


def test_a_promise_is_a_row_with_what_came_and_the_new_cases_beside() -> None:
    (row,) = promise_rows([MADE], {"p": CAME}, EN)

    assert (row["promised"], row["came"]) == ("+3.6 (+0.3 to +7.8)", "+1.9 (-1.0 to +5.0)")
    assert (row["came, new cases"], row["measured in"], row["kept"]) == ("+5.0", "2024", "✓")
    (row,) = promise_rows([MADE], {"p": replace(CAME, gain=-0.019)}, PT)
    assert (row["veio"], row["cumprida"]) == ("-1,9 (-1,0 a +5,0)", "✗")


def test_a_promise_that_is_open_has_blanks() -> None:
    open_one, hand = (
        promise_rows([MADE], {}, EN),
        promise_rows([replace(MADE, promise=None)], {}, EN),
    )

    assert [open_one[0][name] for name in ("came", "came, new cases", "kept")] == ["", "", ""]
    assert hand == []


def test_a_promise_is_one_sentence_under_its_decision() -> None:
    assert promise_line(PROMISE, EN) == (
        "It promises +3.6 (+0.3 to +7.8) points in the first period after 2023."
    )
    assert "+3,6 (+0,3 a +7,8) pontos" in promise_line(PROMISE, PT)


def test_the_track_record_is_one_sentence_in_both_languages() -> None:
    record = TrackRecord(2, 1, 1, 0.03, 0.02)

    assert record_line(record, EN) == (
        "2 of 3 promises kept, 1 open. Promised +3.0 on average, came +2.0."
    )
    assert record_line(record, PT).endswith("Prometido em média +3,0, veio +2,0.")
    assert "have not arrived" in record_line(replace(NO_PROMISES, open=1), EN)


def test_what_waits_says_whose_place_it_would_take_and_until_when() -> None:
    staged = replace(MADE, status=DecisionStatus.STAGED)

    assert "to replace v1" in waiting_line(staged, 14, EN)
    assert "para substituir v1" in waiting_line(staged, 14, PT)
    assert "v1" not in waiting_line(replace(staged, champion=None), 14, EN)


@pytest.mark.parametrize("name", ["overview", "history"])
def test_a_version_that_waits_is_shown_with_two_buttons_that_ask_for_a_reason(
    opened: SyncRegistry, name: str
) -> None:
    fill(opened)
    staged = replace(MADE, status=DecisionStatus.STAGED, revision=None, promise=None)
    opened.run(approval.stage(replace(staged, at=datetime.now(UTC) - timedelta(days=1))))

    app = page(name)
    buttons = {button.label: button for button in app.button}
    assert {"Approve", "Refuse"} <= buttons.keys()
    assert "v2 has waited since" in words(app)

    buttons["Approve"].click().run()
    assert "Write a reason first." in words(app)
    assert not app.exception


def test_the_history_tells_promises_and_who_served_when(opened: SyncRegistry) -> None:
    fill(opened)
    opened.run(PromotionRepository().promote(replace(MADE, revision=None), expected_revision=1))
    opened.run(RealisedGainRepository().put(CAME))

    app = page("history")

    assert not app.exception
    assert "1 of 1 promises kept, 0 open." in words(app)
    assert "**v2**, since" in words(app)


@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_an_answer_sends_its_reason(act: str) -> None:
    seen: list[httpx.Request] = []
    client = api(httpx.Response(200, json={"version": "v2"}), seen)

    assert getattr(client, act)("v2", "seen") == "v2"
    assert seen[0].url.path == f"/models/v2/{act}"
    assert seen[0].read() == b'{"reason":"seen"}'
