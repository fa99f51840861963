"""A line of the log: what it tells, in both forms, and what it never does."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from deployment.log_lines import JsonLine, TextLine
from model.errors import ConfigurationError
from model.telemetry.context import REQUEST_ID, RUN_ID, TASK, doing

QUOTED = "RA-17 has no ida"


def record(error: Exception | None = None, *args: object) -> logging.LogRecord:
    raised = None
    if error is not None:
        try:
            raise error
        except Exception:  # noqa: BLE001  whatever it is
            raised = sys.exc_info()
    return logging.LogRecord("api", logging.ERROR, __file__, 1, "%s failed", args or ("x",), raised)


def test_a_json_line_tells_what_is_being_done() -> None:
    with doing(REQUEST_ID, "r1"), doing(TASK, "pede_lag"), doing(RUN_ID, "run-1"):
        told = json.loads(JsonLine().format(record()))

    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "ERROR", "logger": "api", "message": "x failed", "request_id": "r1",
        "run_id": "run-1", "task": "pede_lag",
    }  # fmt: skip


def test_what_is_not_being_done_is_left_out() -> None:
    with doing(TASK, "pede_lag"):
        pass

    assert {"request_id", "run_id", "task"} & json.loads(
        JsonLine().format(record())
    ).keys() == set()


@pytest.mark.parametrize("line", [JsonLine(), TextLine()], ids=["json", "text"])
def test_an_error_that_nobody_foresaw_is_told_by_kind_and_place_alone(
    line: logging.Formatter,
) -> None:
    told = line.format(record(ValueError(QUOTED)))

    assert "ValueError" in told and "test_log_lines.py:" in told
    assert QUOTED not in told


@pytest.mark.parametrize("line", [JsonLine(), TextLine()], ids=["json", "text"])
def test_an_error_of_ours_is_told_in_its_own_words(line: logging.Formatter) -> None:
    told = line.format(record(ConfigurationError("FAROL_TASK: no such file")))

    assert "ConfigurationError: FAROL_TASK: no such file" in told


def test_a_json_line_is_one_line_whatever_is_in_it() -> None:
    told = JsonLine().format(record(None, 'a\nb"c'))

    assert "\n" not in told
    assert json.loads(told)["message"] == 'a\nb"c failed'
