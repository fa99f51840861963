"""Examples of what is no JSON: tables, pages and measurements as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preprocessing.task.spec import TaskSpec

CSV = "text/csv"

ANSWERS: Mapping[tuple[str, str], str] = {
    ("predict_bulk", CSV): (
        "row,student_id,period,prediction_id,risk_score,risk_label,status,error_field,error\n"
        "1,RA-77,2026,0f3a9c52b7de4e0f8a1c6d5e4b3a2918,0.71,high,alert,,\n"
    ),
    ("list_missing", CSV): "student_id;period;outcome\nRA-77;2026;\n",
    ("list_rejects", CSV): "row;field;reason\n12;ida;must be between 0 and 10\n",
    ("get_prediction_log", CSV): (
        "prediction_id,created_at,student_id,period,risk_score,status,model_version\n"
        "0f3a9c52b7de4e0f8a1c6d5e4b3a2918,2026-03-09T12:00:00Z,RA-77,2026,0.71,alert,v3\n"
    ),
    ("students_at_risk_file", CSV): "rank;student_id;risk_score;status\n1;RA-77;0,71;alert\n",
}
"""Of operations whose tables tell something of their own."""

BY_KIND: Mapping[str, str] = {
    CSV: "student_id,period\nRA-77,2026\n",
    "application/x-ndjson": '{"student_id":"RA-77","period":"2026","status":"alert"}\n',
    "text/html": "<!DOCTYPE html>\n<html>...</html>\n",
    "text/markdown": "# v3\n\nWhat it was trained on, and how well it holds.\n",
    "text/plain": 'farol_predictions_total{model_version="v3",task="pede_lag"} 1200\n',
}
"""Of each kind of text; what has none is binary."""


def answer_text(operation: str, kind: str) -> str | None:
    """An answer that is no JSON; None where it is binary."""
    return ANSWERS.get((operation, kind), BY_KIND.get(kind))


def body_text(operation: str, kind: str, task: TaskSpec, record: Mapping[str, Any]) -> str | None:
    """A body that is no JSON; None where it is binary.

    Args:
        operation: its name.
        kind: the media type.
        task: whose records they are.
        record: an example of one, as `/predict` takes it.
    """
    if kind != CSV:
        return BY_KIND.get(kind)
    if operation == "label":
        return "student_id,period,outcome\nRA-77,2026,1\n"
    cells = {name: value for name, value in record.items() if name != "student_id"}
    return _lines([task.id.name, *cells], ["RA-77", *cells.values()])


def _lines(*rows: list[Any]) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)
