"""Decisions in the reader's language."""

from __future__ import annotations

import re
import string
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from dashboard.guards import guard_name, guard_reason, reasons
from dashboard.texts import Language, load_texts
from model.promotion import DecisionStatus, Guard, Promotion
from tests.drift.school import NOW

ROOT = Path(__file__).parents[2]
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


@pytest.mark.parametrize("name", SAID)
def test_every_sentence_can_be_said_with_and_without_figures(name: str) -> None:
    for passed in (True, False):
        for value in (0.5, None):
            told = guard_reason(Guard(name, passed, "stored", value, 0.1), PT)
            assert told != "stored" and "{" not in told
    texts = [v for v in (SAID[name], SAID[name].get("numeric", {})) if v]
    for said in texts:
        fields = {f for key in ("passed", "failed") for _, f, _, _ in
                  string.Formatter().parse(said[key]) if f}  # fmt: skip
        assert fields <= {"value", "limit"}


def test_every_guard_of_the_pipeline_has_a_portuguese_sentence() -> None:
    code = "\n".join(p.read_text("utf-8") for p in (ROOT / "retraining").rglob("*.py"))
    guards = set(re.findall(r"\bGuard\(\s*\"([a-z_]+)\"", code))

    assert len(guards) > 10
    assert guards - SAID.keys() == set()
