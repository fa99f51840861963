"""Runs: how far each is, what it took, and what it told."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.beginning.steps import NextStep
from dashboard.reading.took import took
from dashboard.runs.detail import log_text
from dashboard.runs.rows import (
    progress_line,
    progress_of,
    run_rows,
    step_name,
    step_rows,
    usual_time,
)
from dashboard.texts import Language, load_texts
from model.run import AGAIN, STEPS, Run, RunStatus, RunStep
from model.watch.run_log import LogLine, RunLog

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RETRAINING = Path(__file__).parents[2] / "retraining"


def run(*steps: str, status: RunStatus = RunStatus.RUNNING, minutes: int | None = None) -> Run:
    told = tuple(RunStep(name, AT + timedelta(minutes=i + 1), "x") for i, name in enumerate(steps))
    ended = None if minutes is None else AT + timedelta(minutes=minutes)
    return Run("r", status, "ana", AT, AT, ended, steps=told, reason="a new school")


def named_steps() -> set[str]:
    """Every step that the code of a run names by itself."""
    return {
        call.args[0].value
        for path in (RETRAINING / "run").glob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "step"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def test_every_step_of_a_run_has_its_place_in_the_order() -> None:
    assert named_steps() - {*STEPS} == set(), "model/run.py: STEPS lacks these"


@pytest.mark.parametrize("name", [*STEPS, AGAIN])
def test_every_step_is_named_in_portuguese(name: str) -> None:
    key = name.replace(" ", "_")

    assert f"step.{key}" in PT.sentences or f"run.{key}" in PT.sentences


def test_a_step_has_one_name_and_no_name_is_left_of_a_step_that_is_gone() -> None:
    named = {key.removeprefix("step.") for key in PT.sentences if key.startswith("step.")}
    ends = {key.removeprefix("run.") for key in PT.sentences if key.startswith("run.")}
    taken = {name.replace(" ", "_") for name in (*STEPS, AGAIN)} - ends

    assert named - {step.value for step in NextStep} <= taken | {"decided"}


def test_a_run_is_further_with_each_step_and_whole_only_when_it_has_ended() -> None:
    shares = [progress_of(run(*STEPS[: n + 1])) for n in range(STEPS.index("recalibration") + 1)]

    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] < 1
    assert progress_of(run(status=RunStatus.QUEUED)) == 0
    assert progress_of(run("window", status=RunStatus.FAILED)) == 1
    assert progress_of(run("a step of a later release")) == 0


def test_how_far_a_run_is_is_told_with_what_one_usually_takes() -> None:
    before = [run(status=RunStatus.KEPT, minutes=m) for m in (2, 3, 50)]
    usual = usual_time([*before, run(status=RunStatus.FAILED, minutes=1)])

    told = progress_line(run("window", "trained"), usual, AT + timedelta(seconds=83), EN)

    assert usual == timedelta(minutes=3)
    assert told == "Running for 1 min 23 s; last step: challenger trained. It usually takes 3 min."
    assert progress_line(run(status=RunStatus.KEPT), None, AT, PT) == "Terminou: mantido."


def test_each_step_tells_what_it_took_since_the_one_before() -> None:
    first, second = step_rows(run("window", "trained"), PT)

    assert (first["etapa"], first["duração"]) == ("registros lidos", "1 min")
    assert second["o que se viu"] == "x"


def test_the_reason_that_somebody_gave_is_in_the_row_of_the_run() -> None:
    (row,) = run_rows([run("window")], EN)

    assert row["reason given"] == "a new school"
    assert row["last step"] == "records read"
    assert step_name("fit", EN) == "fit"


def test_a_duration_is_told_in_hours_minutes_or_seconds() -> None:
    told = [took(AT, AT + timedelta(seconds=s), EN) for s in (0, 59, 60, 3_725)]

    assert told == ["0 s", "59 s", "1 min", "1 h 2 min"]
    assert took(AT, None, EN) == took(None, AT, EN) == ""
    assert took(AT, AT - timedelta(seconds=5), EN) == "0 s"


def test_the_newest_lines_of_a_log_are_shown_and_the_others_counted() -> None:
    log = RunLog("r", AT).plus(LogLine(AT, f"line {i}") for i in range(700))

    lines = log_text(log, EN).splitlines()

    assert (len(log.lines), log.dropped) == (500, 200)
    assert lines[0] == "(500 earlier lines)"
    assert lines[-1] == "12:00:00  line 699"
    assert len(lines) == 201
    assert replace(log, dropped=0, lines=log.lines[:2]).plus([]).lines[0].text == "line 200"
