"""What the page of a version says of its trial, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dashboard.texts import Language, load_texts
from dashboard.trials_section import canary_line, figure_rows, trial_lines
from model.watch.canary import Canary, CanaryState
from model.watch.shadow import FlagTally, LogCursor, ShadowRecord, ShadowTally
from model.watch.shadow_figures import shadow_figures
from tests.database.builders import START

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
TALLY = ShadowTally(
    FlagTally(200, both=50, champion_only=10, challenger_only=20, expected=60.0,
              champion_found=45.0, challenger_found=48.0),
    same_status=150, timed=50, champion_seconds=0.002, challenger_seconds=0.003, answered=12,
    cells={"0:0": 120, "1:1": 80},
)  # fmt: skip
SHADOW = ShadowRecord(
    "v7", "v5", START, START + timedelta(days=1), LogCursor(START), tally=TALLY, waits=True,
    needed_days=7, needed_predictions=500,
)  # fmt: skip
ON = Canary("v7", "v5", 0.1, CanaryState.ON, START, START, "ana", "a look")


def test_a_trial_says_beside_whom_on_how_much_and_what_waits_for_it() -> None:
    lines = trial_lines(SHADOW, EN)

    assert "v7 beside v5 since" in lines[0] and "200 predictions" in lines[0]
    assert lines[1:] == [
        "Before it takes over it waits at least 7 days.",
        "Before it takes over it waits for 200 of 500 predictions.",
    ]


def test_the_figures_stand_beside_the_champions_and_none_is_told_that_was_not_measured() -> None:
    rows = {
        row["figure"]: (row["v5"], row["v7"])
        for row in figure_rows(shadow_figures(SHADOW), SHADOW, EN)
    }

    assert rows["flagged"] == ("30%", "35%")
    assert rows["same status from both"] == ("", "75%")
    assert rows["found of those who will be at risk, estimated"] == ("75%", "80%")
    assert rows["microseconds a record"] == ("40.00", "60.00")
    assert "found of the new cases, estimated" not in rows


def test_a_version_that_cannot_be_tried_says_why_and_few_predictions_say_nothing() -> None:
    bare = replace(SHADOW, tally=ShadowTally(), fault="not signed", waits=False)

    assert trial_lines(bare, PT)[1:] == [
        "Não pode ser provada: not signed",
        "Poucas previsões ainda para dizer algo.",
    ]


def test_a_canary_says_whom_it_answers_or_why_nobody_any_more() -> None:
    stopped = replace(ON, state=CanaryState.STOPPED, actor="guard", reason="it flags everybody")
    ended = replace(ON, state=CanaryState.ENDED, reason="enough")

    assert "It has answered 10% of the students" in canary_line(ON, SHADOW, EN)
    assert "12 predictions counted" in canary_line(ON, SHADOW, EN)
    assert canary_line(stopped, None, EN).endswith("it flags everybody")
    assert "por ana: enough" in canary_line(ended, None, PT)
