"""What the dashboard says, in both languages."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from dashboard.texts import Language, load_texts
from model.drift import Unjudged

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "dashboard", "database", "deployment", "drift", "model", "preprocessing",
         "retraining", "training")  # fmt: skip
SAID = yaml.safe_load((files("dashboard") / "texts.yaml").read_text("utf-8"))


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", SAID)
def test_every_sentence_is_there_in_both_languages_and_says_the_same_values(key: str) -> None:
    both = SAID[key]

    assert both.keys() == {"pt", "en"}
    assert both["pt"] and both["en"]
    assert fields(both["pt"]) == fields(both["en"])


def test_every_sentence_a_page_asks_for_exists_and_none_is_left_over() -> None:
    code = "\n".join(p.read_text("utf-8") for p in (ROOT / "dashboard").rglob("*.py"))
    asked = set(re.findall(r"[\"']([a-z]+(?:\.[a-z0-9_]+)+)[\"']", code))
    built = re.findall(r"f[\"']([a-z]+\.(?:[a-z]+\.)*)\{.*?\}(_[a-z]+)?[\"']", code)
    named = names_of_the_product()

    assert {key for key in asked if key.split(".")[0] in {k.split(".")[0] for k in SAID}} <= {*SAID}
    assert [k for k in SAID if k not in asked and not (ends_of(k, built) & named)] == []


def ends_of(key: str, built: Iterable[tuple[str, str]]) -> set[str]:
    """What a page would have to fill in to ask for the sentence."""
    return {
        key.removeprefix(start).removesuffix(end)
        for start, end in built
        if key.startswith(start) and key.endswith(end)
    }


def names_of_the_product() -> set[str]:
    """Whatever a page may fill into a key: words of the code, its fields, and members of enums."""
    named = set()
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value.replace(" ", "_"))
            elif isinstance(node, ast.Name):
                named.add(node.id.lower())
            elif isinstance(node, ast.keyword) and node.arg:
                named.add(node.arg)
    return named


def test_a_sentence_is_left_over_though_others_with_its_beginning_are_built() -> None:
    built, named = [("audit.did.", ""), ("metric.", "_help")], {"export", "auc"}

    assert ends_of("audit.did.export", built) & named and ends_of("metric.auc_help", built) & named
    assert not ends_of("audit.did.borrow", built) & named
    assert not ends_of("metric.auc_hint", built) & named


@pytest.mark.parametrize("reason", Unjudged)
def test_every_reason_not_to_compare_records_has_a_sentence(reason: Unjudged) -> None:
    assert f"unjudged.{reason.value}" in SAID


def test_a_missing_value_is_an_error_and_not_a_hole_in_the_sentence() -> None:
    with pytest.raises(KeyError):
        load_texts(Language.PT)("overview.serving")


def test_a_name_without_a_sentence_stays_as_it_is() -> None:
    assert load_texts(Language.EN).or_name("feature.ieg", "ieg") == "ieg"
