"""What the dashboard shows of notices, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.notices import notice_rows
from dashboard.texts import Language, load_texts
from database.driver.client import SyncRegistry
from database.watch.notices import NoticeRepository
from model.watch.notice import Notice, Severity, Telling
from tests.dashboard.test_pages import db, opened, page, uri, words
from tests.drift.school import NOW

__all__ = ["db", "opened", "uri"]

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
NOTICE = Notice(
    "alarm:v1/ieg#1", "alarm:v1/ieg", "alarm", Severity.WARNING, NOW, NOW,
    {"pt": "Os dados mudaram", "en": "The data have changed"},
    {"pt": "ieg mudou.", "en": "ieg has changed."},
    Telling.FAILED, NOW, detail="address 1 (JSON): answered 404",
)  # fmt: skip


def test_a_notice_is_a_row_in_the_readers_language() -> None:
    (english,), (portuguese,) = notice_rows([NOTICE], EN), notice_rows([NOTICE], PT)

    assert (english["message"], portuguese["mensagem"]) == ("ieg has changed.", "ieg mudou.")
    assert (english["sending"], portuguese["envio"]) == (
        "could not be sent",
        "não foi possível enviar",
    )
    assert english["problem"] == "address 1 (JSON): answered 404"


@pytest.mark.parametrize("state", Telling)
def test_every_state_and_severity_has_its_words(state: Telling) -> None:
    for severity in Severity:
        (row,) = notice_rows([replace(NOTICE, state=state, severity=severity)], PT)
        assert row["envio"] and row["importância"]


def test_the_page_history_lists_them(opened: SyncRegistry) -> None:
    opened.run(NoticeRepository().write([NOTICE]))

    app = page("history", "pt")

    assert not app.exception
    assert "Avisos" in words(app)
