"""Decisions in the reader's language."""

from __future__ import annotations

from importlib.resources import files
from itertools import product

import pytest
import yaml

from dashboard.guards import guard_name, guard_reason, reasons
from dashboard.texts import Language, load_texts
from database.mapping.documents import from_document
from model.promotion import DecisionStatus, Guard, Promotion
from tests.drift.school import NOW

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
SAID = yaml.safe_load((files("dashboard") / "guards_pt.yaml").read_text("utf-8"))
GAIN = Guard("min_recall_gain", False, "recall goes from 75.0% to 75.5%", 0.005, 0.01)


def decided(*guards: Guard, said: tuple[str, ...], **evidence: str) -> Promotion:
    return Promotion(
        "run-1", NOW, "pipeline", "train", DecisionStatus.KEPT, "v2", "v1", said, guards, evidence
    )


def test_english_readers_get_the_sentence_that_was_stored() -> None:
    assert reasons(decided(GAIN, said=(GAIN.reason,)), EN) == [GAIN.reason]
    assert guard_name(GAIN, EN) == "min recall gain"


def test_portuguese_readers_get_the_same_figures_in_portuguese() -> None:
    assert reasons(decided(GAIN, said=(GAIN.reason,)), PT) == [
        "com o mesmo número de alunos apontados, a diferença no que encontra é de 0,5 pontos; "
        "pede-se mais de 1,0"
    ]
    assert guard_name(GAIN, PT) == "ganho mínimo"


def test_what_a_person_wrote_and_guards_nobody_translated_stay_as_they_are() -> None:
    other = Guard("brand_new", False, "something new", 1.0, 2.0)

    assert reasons(decided(other, said=("something new", "asked by Ana")), PT) == [
        "something new",
        "asked by Ana",
    ]


def test_a_rule_beaten_on_a_numeric_outcome_is_told_in_its_own_unit() -> None:
    guard = Guard("beats_dummy", True, "error 3.1; the dummy rule has 4.2", 3.1, 4.2)

    (told,) = reasons(decided(guard, said=(guard.reason,), kind="numeric"), PT)

    assert told == "erra em média 3,100; dizer a média de todos erra 4,200"


@pytest.mark.parametrize("kind", SAID)
def test_every_sentence_can_be_said_with_and_without_figures(kind: str) -> None:
    for name in SAID[kind]:
        for passed, value in product((True, False), (0.5, None)):
            told = guard_reason(Guard(name, passed, "stored", value, 0.1), PT, kind=kind)
            assert told != "stored" and "{" not in told


def test_a_decision_that_was_stored_before_is_told_in_both_languages() -> None:
    stored = {
        "_id": "run-7", "at": NOW, "actor": "pipeline", "action": "train", "status": "kept",
        "challenger": "v3", "champion": "v2", "revision": None, "evidence": {},
        "reasons": ["only 60 new labelled records to judge on; 100 are needed"],
        "guards": [
            {
                "name": "min_labelled", "passed": False, "value": 60, "limit": 100,
                "reason": "only 60 new labelled records to judge on; 100 are needed",
            }
        ],
    }  # fmt: skip

    promotion = from_document(Promotion, stored, key="promotion_id")

    assert reasons(promotion, EN) == ["only 60 new labelled records to judge on; 100 are needed"]
    assert reasons(promotion, PT) == [
        "só 60 novos registros com desfecho para comparar; são precisos 100"
    ]
