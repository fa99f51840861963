"""What the page of erasures shows of the receipts."""

from __future__ import annotations

from typing import Any

from dashboard.texts import Language, load_texts
from dashboard.views.erasures import outstanding, receipt_row

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
AT = "2026-03-02T10:00:00Z"
RECEIPT: dict[str, Any] = {
    "receipt_id": "erasure-3",
    "at": AT,
    "actor": "officer",
    "finished_at": AT,
    "complete": False,
    "tasks": {
        "pede_lag": {"deleted": {"students": 1, "outbox": 2}, "model_versions": ["v1", "v2"]},
        "exam_scores": {"deleted": {"labels": 1}, "model_versions": []},
    },
    "not_reached": ["night_school"],
    "hosts": [
        {"host": "a", "name": "here", "seen_at": AT, "done_at": AT},
        {"host": "b", "name": "cellar", "seen_at": AT, "done_at": None},
    ],
    "backups": {"days": None, "until": None},
}


def test_a_receipt_is_a_row_that_names_nobody_who_was_erased() -> None:
    row = receipt_row(RECEIPT, EN)

    assert (row["receipt"], row["tasks"], row["records erased"]) == (
        "erasure-3", "pede_lag, exam_scores", 4,
    )  # fmt: skip
    assert row["computers"] == "1 of 2"
    assert row["versions that learned from the student"] == "pede_lag: v1, v2"
    assert row["tasks not reached"] == "night_school"
    assert row["no backup holds the student from"] == "not told"
    assert receipt_row(RECEIPT, PT)["computadores"] == "1 de 2"


def test_what_is_outstanding_is_said_above() -> None:
    (waits,) = outstanding([RECEIPT], EN)
    (broken,) = outstanding([{**RECEIPT, "finished_at": None}], EN)

    assert waits.startswith("erasure-3: cellar has not freed its own files of the student yet")
    assert broken == "erasure-3 was interrupted: erase the student once more."
    assert "interrompida" in outstanding([{**RECEIPT, "finished_at": None}], PT)[0]
