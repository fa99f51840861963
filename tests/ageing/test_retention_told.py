"""What the command and the dashboard tell of old records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dashboard.keeping.section import age_rows
from dashboard.texts import Language, load_texts
from deployment.retention.__main__ import lines
from model.ageing.record import SUBJECT, AgeingRecord, KindAge

NOW = datetime(2026, 3, 2, 3, 45, tzinfo=UTC)
OLD = NOW - timedelta(days=900)
LOOKED = AgeingRecord(
    SUBJECT,
    NOW,
    (
        KindAge("predictions", 730, NOW, OLD, 1204, OLD),
        KindAge("lists", 365, OLD, OLD, 3, OLD, removed=5, removed_at=NOW),
        KindAge("rejects", 90, OLD, OLD),
    ),
)


def test_the_command_says_what_is_old_what_went_and_what_goes_when() -> None:
    assert lines(LOOKED) == [
        "predictions      1,204 older than 730 days, the oldest of 2023-09-14; "
        "removed from 2026-03-09 on",
        "lists                3 older than 365 days, the oldest of 2023-09-14; removed",
        "rejects              0 older than 90 days",
    ]
    (nothing,) = lines(AgeingRecord(SUBJECT, NOW, ()))
    assert "all are kept" in nothing and "predictions_days" in nothing


def test_the_page_tells_the_same_in_both_languages() -> None:
    portuguese, english = (
        age_rows(LOOKED, load_texts(language)) for language in (Language.PT, Language.EN)
    )

    assert [next(iter(row.values())) for row in portuguese[:2]] == [
        "previsões",
        "listas publicadas",
    ]
    assert [row["goes from"] for row in english][1:] == ["gone", ""]
    assert [[*row.values()][1:3] for row in portuguese] == [[730, 1204], [365, 3], [90, 0]]
    assert [*map(len, portuguese)] == [*map(len, english)]
