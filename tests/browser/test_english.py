"""What tells English from Portuguese."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
import yaml

from tests.browser.english import english


@pytest.mark.parametrize(
    "line",
    ["Serving: v3", "Nobody served yet.", "3 records of the newest year", "Choose an option"],
)
def test_english_is_found(line: str) -> None:
    assert english([line])


@pytest.mark.parametrize("line", ["Em serviço: v3", "AUC 0,88", "drift.check", "XGBoost", "2 s"])
def test_portuguese_names_and_figures_are_left_alone(line: str) -> None:
    assert english([line]) == []


def test_no_word_that_gives_english_away_is_in_a_portuguese_text() -> None:
    said = yaml.safe_load((files("dashboard") / "texts.yaml").read_text("utf-8"))
    literal = {key: re.sub(r"\{\w+\}", "", both["pt"]) for key, both in said.items()}

    assert {key: found for key, text in literal.items() if (found := english([text]))} == {}
