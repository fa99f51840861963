"""Reasons in words, from the task's own words."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.reasons import (
    Indicator,
    Weight,
    glossary,
    in_words,
    indicators,
    main_reasons,
    sorted_reasons,
)
from dashboard.texts import Language, Texts, load_texts
from model.prediction import Scale
from preprocessing.task.spec import load_task

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
MIDDLES = {"ipv": 7.1, "ieg": 8.0, "defasagem_prevista": -1.0, "pedra": "ametista", "ida": 6.0}


def schema(task: str = "pede_lag") -> dict[str, Any]:
    """As the API tells it."""
    spec = load_task(task)
    told = [{**one.model_dump(), "middle": MIDDLES.get(one.name)} for one in spec.features]
    derived = [{**one.model_dump(), "middle": MIDDLES.get(one.name)} for one in spec.derived]
    return {"features": told, "derived": derived}


NAMES = indicators(schema(), Language.EN, Scale.RISK)
NOMES = indicators(schema(), Language.PT, Scale.RISK)


def reason(feature: str, value: object, contribution: float) -> dict[str, Any]:
    return {"feature": feature, "value": value, "contribution": contribution}


@pytest.mark.parametrize(
    ("name", "value", "english", "portuguese"),
    [
        (
            "ipv", 3.2, "Turning point low: 3.2 (school's middle: 7.1)",
            "Indicador de ponto de virada: valor baixo, 3,2 (meio da escola: 7,1)",
        ),
        (
            "defasagem_prevista", -2.0, "Lag expected next year low: -2 (school's middle: -1)",
            "Defasagem prevista: valor baixo, -2 (meio da escola: -1)",
        ),
        (
            "ieg", 9.52, "Engagement high: 9.5 (school's middle: 8)",
            "Indicador de engajamento: valor alto, 9,5 (meio da escola: 8)",
        ),
        (
            "ipv", 7.12, "Turning point at the school's middle: 7.1",
            "Indicador de ponto de virada: no meio da escola, 7,1",
        ),
        ("ips", 4.0, "Psychosocial: 4", "Indicador psicossocial: 4"),
        ("ipp", None, "Psychopedagogical: no value", "Indicador psicopedagógico: sem valor"),
        (
            "pedra", "quartzo", "Stone: quartzo (most have: ametista)",
            "Pedra: quartzo (o mais comum: ametista)",
        ),
    ],
)  # fmt: skip
def test_a_reason_says_the_indicator_its_value_and_the_middle_in_both_languages(
    name: str, value: object, english: str, portuguese: str
) -> None:
    assert in_words(value, NAMES[name], EN) == english
    assert in_words(value, NOMES[name], PT) == portuguese


def test_a_category_is_told_as_the_school_writes_it_where_its_name_is_known() -> None:
    known = Texts(Language.PT, {**PT.sentences, "category.pedra.agata": "Ágata"})

    assert in_words("agata", NOMES["pedra"], known) == "Pedra: Ágata (o mais comum: ametista)"


def test_no_reason_for_concern_has_a_number_that_says_the_contrary() -> None:
    """A linear model may weigh a good engagement as a risk; nobody should read that as advice."""
    given = [
        reason("ieg", 9.5, 0.9),
        reason("ipv", 3.2, 0.5),
        reason("ida", 2.0, -0.4),
        reason("defasagem_prevista", 0.0, -0.2),
    ]

    found = sorted_reasons(given, NAMES, Scale.RISK, EN)

    assert found[Weight.RAISES] == ["Turning point low: 3.2 (school's middle: 7.1)"]
    assert found[Weight.LESSENS] == ["Lag expected next year high: 0 (school's middle: -1)"]
    assert [told.split()[0] for told in found[Weight.AGAINST_ITSELF]] == ["Engagement", "Learning"]
    assert main_reasons(given, NAMES, Scale.RISK, EN) == found[Weight.RAISES][0]


def test_where_a_low_value_is_of_concern_what_lowers_it_is_a_reason() -> None:
    names = {"study": Indicator("study", "Weekly study", "", middle=3.0, better=1)}
    given = [reason("study", 1.0, -4.0)]

    assert main_reasons(given, names, Scale.VALUE_LOW, EN).startswith("Weekly study low: 1")
    against = main_reasons([reason("study", 4.0, 2.0)], names, Scale.VALUE_LOW, EN)
    assert against == "Speaks against a risk: Weekly study high: 4 (school's middle: 3)"


def test_what_more_of_is_better_follows_the_scale() -> None:
    given = {"features": [{"name": "x", "monotone": -1}]}

    assert indicators(given, Language.EN, Scale.RISK)["x"].better == 1
    assert indicators(given, Language.EN, Scale.VALUE_LOW)["x"].better == -1


@pytest.mark.parametrize(("texts", "names"), [(EN, NAMES), (PT, NOMES)])
def test_the_glossary_explains_every_feature_and_how_derived_ones_are_worked_out(
    texts: Texts, names: dict[str, Indicator]
) -> None:
    lines = glossary(names, texts)

    assert len(lines) == len(load_task("pede_lag").features) + 1
    assert "`fase - min(8," in lines[-1]
    said = {Language.EN: "Lag expected next year", Language.PT: "Defasagem prevista"}
    assert said[texts.language] in lines[-1]


def test_a_school_without_portuguese_words_is_told_in_english() -> None:
    given = {"features": [{"name": "x_1", "label": "", "description": "Only English."}]}

    names = indicators(given, Language.PT, Scale.RISK)

    assert glossary(names, PT) == ["- **X 1**: Only English."]
