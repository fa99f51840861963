"""Stored English sentences and their Portuguese."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dashboard.reading.retold import retold, sentences
from dashboard.texts import Language, load_texts

ROOT = Path(__file__).parents[2]
PT, EN = load_texts(Language.PT), load_texts(Language.EN)

# Functions whose sentences the registry keeps and the dashboard shows. What is passed on (an
# error's words, what a person wrote) is theirs.
MAKERS = {
    "drift/report.py": {"_notes"},
    "drift/comparing/gathering.py": {"_choice_notes"},
    "drift/comparing/expecting.py": {"warning"},
    "drift/performance/realised.py": {"disagreements"},
    "retraining/measuring/job.py": {"watch_performance", "_summary"},
    "retraining/worker/drifting.py": {"check_drift"},
    "retraining/worker/maintenance/orphans.py": {"look_at_orphans", "waiting"},
    "retraining/worker/maintenance/retention.py": {"keep_bounded"},
    "retraining/ageing/duty.py": {"_told"},
    "retraining/worker/settling.py": {"settle_approval"},
    "retraining/worker/runs.py": {"start_run"},
    "retraining/worker/triggers.py": {"_too_little"},
    "api/durability/stray.py": {"told"},
    "database/repair.py": {"told"},
    "retraining/run/gathering.py": {"_told", "told_champion", "outlearned"},
    "retraining/run/deliberation.py": {"_measured"},
    "retraining/run/beyond_memory/run.py": {"_told"},
    "retraining/run/execution.py": {"_repair", "_note_erased"},
    "retraining/run/promises.py": {"hold"},
}
PROGRAM = ("api", "database", "drift", "model", "preprocessing", "retraining", "training")
PUT_TOGETHER = {"would have been", "new labelled records"}
"""Beginnings of sentences that an enum's value, or another function, goes on with."""
FEWEST_WORDS = 3


def stated(path: str, functions: set[str]) -> Iterator[str]:
    """The literal sentences of these functions, with a 7 for every value."""
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            documented = ast.get_docstring(node, clean=False)
            for part in _whole(node):
                if part != documented and len(part.split()) >= FEWEST_WORDS and part[0].isalnum():
                    yield part


def _whole(node: ast.AST) -> Iterator[str]:
    """The texts below a node, each whole: the parts of an f-string are not told again."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr):
            yield "".join(
                str(v.value) if isinstance(v, ast.Constant) else "7" for v in child.values
            )
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value
        else:
            yield from _whole(child)


MADE = [(path, one) for path, functions in MAKERS.items() for one in stated(path, functions)]


def test_there_are_sentences_to_ask_for_in_every_function_that_is_named() -> None:
    silent = {
        f"{path}: {one}"
        for path, functions in MAKERS.items()
        for one in functions
        if not any(True for _ in stated(path, {one}))
    }

    assert silent == set(), "renamed, moved or without a sentence of its own"


@cache
def written() -> str:
    """Every text of the program."""
    trees = (
        ast.parse(p.read_text("utf-8")) for room in PROGRAM for p in (ROOT / room).rglob("*.py")
    )
    return "\n".join(text for tree in trees for text in _whole(tree))


@pytest.mark.parametrize("english", sentences())
def test_every_sentence_that_is_put_into_portuguese_is_one_that_the_program_makes(
    english: str,
) -> None:
    parts = [part.strip(" ;:()") for part in re.split(r"\{\w+\}|,", english)]
    begun = [next((b for b in PUT_TOGETHER if part.startswith(b)), part) for part in parts]

    assert [part for part in begun if part not in written()] == [], "changed or gone"


def test_no_sentence_is_put_into_portuguese_twice() -> None:
    text = (ROOT / "dashboard/reading/retold_pt.yaml").read_text("utf-8")
    keys = re.findall(r'^("(?:[^"\\]|\\.)*"):', text, re.MULTILINE)

    assert len(keys) == len(sentences())


@pytest.mark.parametrize(("path", "sentence"), MADE)
def test_every_stored_sentence_has_its_portuguese(path: str, sentence: str) -> None:
    assert retold(sentence, PT) != sentence
    assert retold(sentence, EN) == sentence


@pytest.mark.parametrize("english", sentences())
def test_both_languages_say_the_same_values(english: str) -> None:
    def values(text: str) -> set[str]:
        return {name for _, name, *_ in string.Formatter().parse(text) if name}

    assert values(sentences()[english]) <= values(english)


def test_a_sentence_of_several_is_told_part_by_part_and_what_is_not_known_stays() -> None:
    stored = "1156 records compared; drift in ieg, ida; the dog ate it"

    assert retold(stored, PT) == "1156 registros comparados; mudança em ieg, ida; the dog ate it"


def test_a_step_of_two_sentences_is_told_in_both() -> None:
    stored = "xgboost, judged on 765 labelled records of 2023, out of fold; not used: ipp"

    assert retold(stored, PT) == (
        "xgboost, julgado em 765 registros com desfecho de 2023, por validação cruzada; "
        "não usado: ipp"
    )
