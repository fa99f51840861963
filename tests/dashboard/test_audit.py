"""The page of the audit trail: in words, in both languages, and for nobody but the officer."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.entry.admission import HERE, Visitor
from dashboard.entry.officer import may_audit
from dashboard.texts import Language, Texts, load_texts
from dashboard.views.audit import check_words, entry_rows
from database.driver.client import SyncRegistry
from database.trail.trail import TrailRepository
from deployment.settings import load_settings
from model.access import Scope
from model.audit.anchors import Anchor
from model.audit.check import ChainCheck, Tampering, TouchedBlocks
from model.audit.entry import ActorKind, Entry, pseudonym
from model.pseudonyms.pseudonyms import Pseudonyms
from model.trust.tombstone import TombstoneKey
from tests.dashboard.test_pages import db, opened, page, uri, words

__all__ = ["db", "opened", "uri"]  # Fixtures.

KEY = TombstoneKey(b"the data key")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PT, EN = load_texts(Language.PT), load_texts(Language.EN)
OPENED = Entry(
    NOW, "t", "ana", ActorKind.PERSON, "student opened", pseudonym("RA-1", KEY), "", "10.0.0.3"
)


def test_an_entry_is_told_as_people_speak_and_a_student_by_the_beginning_of_the_pseudonym() -> None:
    texts = PT.of_school({}, ZoneInfo("America/Sao_Paulo"))

    (row,) = entry_rows([OPENED], texts)
    (own,) = entry_rows([replace(OPENED, action="newer action", subject="v7")], EN)

    assert list(row.values()) == [
        "2 mar 2026, 09:00", "ana (pessoa)", "viu a página de um aluno",
        f"um aluno ({OPENED.subject[:8]}…)", "", "10.0.0.3",
    ]  # fmt: skip
    assert list(own.values())[2:4] == ["newer action", "v7"]


@pytest.mark.parametrize("texts", [PT, EN], ids=["pt", "en"])
def test_a_check_says_in_words_what_was_touched_or_how_far_it_is_held(texts: Texts) -> None:
    whole = ChainCheck("t", 3, 1_200, None, Anchor(NOW, "t", 3, "s"), ())
    said = check_words(whole, texts)

    assert "t: 1" in said and texts.moment(NOW) in said
    assert check_words(replace(whole, anchored=None), texts) != said
    for what in Tampering:
        found = TouchedBlocks("", what, (2, 4), NOW, None)
        told = check_words(replace(whole, task="", findings=(found,)), texts)
        assert texts("audit.installation") in told and texts("audit.unknown_moment") in told
        assert ("2" in told.splitlines()[1]) or what is Tampering.FORMER


def test_nobody_reads_the_trail_who_is_no_administrator_of_all_units() -> None:
    admin = Visitor("a", "a", frozenset({Scope.ADMIN}))

    assert may_audit(admin) and may_audit(HERE)
    assert not may_audit(replace(admin, scopes=frozenset(Scope) - {Scope.ADMIN}))
    assert not may_audit(replace(admin, units=("Escola A",)))


@pytest.mark.slow
def test_the_page_checks_the_trail_and_finds_a_student_by_the_whole_id(
    opened: SyncRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = load_settings(os.environ).tombstone_key
    now = datetime.now(UTC)
    told = replace(OPENED, task="little", subject=pseudonym("RA-1", key))
    opened.run(TrailRepository().tell([told], key, now=now))

    app: AppTest = page("audit")
    assert not app.exception and "Only the newest" not in words(app)
    assert list(app.dataframe[0].value["Who"]) == ["ana (person)"]
    next(one for one in app.button if one.label == "Check now").click()
    app = app.run()
    assert "little: 1 entries" in " ".join(one.value for one in app.success)
    app.text_input(key="audit_student").set_value("RA-2")
    app = app.run()
    assert not app.dataframe and "Nothing was told" in words(app)
    app.text_input(key="audit_student").set_value("RA-1")
    assert len(app.run().dataframe[0].value) == 1


@pytest.mark.slow
def test_the_page_finds_a_student_by_the_own_id_where_a_keyed_pseudonym_is_kept(
    opened: SyncRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, key = "the key that nobody else has, 32+", load_settings(os.environ).tombstone_key
    known = Pseudonyms(secret.encode()).of("RA-1")
    told = replace(OPENED, task="little", subject=pseudonym(known, key))
    opened.run(TrailRepository().tell([told], key, now=datetime.now(UTC)))
    monkeypatch.setenv("FAROL_PSEUDONYMS", "key")
    monkeypatch.setenv("FAROL_PSEUDONYM_KEY", secret)

    app = page("audit")
    app.text_input(key="audit_student").set_value("RA-1")
    app = app.run()

    assert not app.exception
    assert list(app.dataframe[0].value["Who"]) == ["ana (person)"]
