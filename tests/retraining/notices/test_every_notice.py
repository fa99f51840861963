"""Every kind of notice is whole: finding, sentences, examples, documents have it."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from string import Formatter
from typing import Any

import pytest

from retraining.notices import kinds
from retraining.notices.kinds.examples import QUIET
from retraining.notices.reconcile import found_in
from retraining.notices.rule import Fact, NoticeRule
from retraining.notices.table import NOTICES
from tests.retraining.notices import documented

LANGUAGES = {"pt", "en"}
REWRITE = "write it anew: python -m tests.retraining.notices.documented"
BY_NAME = {rule.name: rule for rule in NOTICES}


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def missing(rule: NoticeRule) -> list[str]:
    """What a kind lacks, in words; nothing if it is whole."""
    return [*_says(rule), *_finds(rule), *_stands_in_documents(rule)]


def _says(rule: NoticeRule) -> Iterator[str]:
    if {*rule.title} != LANGUAGES or not all(rule.title.values()):
        yield "title: not in both languages"
    for case, said in rule.sentences.items():
        if {*said} != LANGUAGES:
            yield f"sentences: {case} is not in both languages"
        elif fields(said["pt"]) != fields(said["en"]):
            yield f"sentences: {case} names other figures in Portuguese than in English"
    for case in sorted({*rule.sentences} - {*rule.examples}):
        yield f"examples: none of the case {case}"


def _finds(rule: NoticeRule) -> Iterator[str]:
    if list(rule.find(QUIET)):
        yield "find: something where there is nothing to tell"
    for case, scene in rule.examples.items():
        found = list(rule.find(scene))
        if [fact.case for fact in found] != [case]:
            yield f"examples: that of {case} holds {[fact.case for fact in found]}"
            continue
        others = [other.name for other, _ in found_in(scene) if other.name != rule.name]
        if others:
            yield f"examples: that of {case} is also {', '.join(others)}"
        try:
            told = rule.told(found[0])
        except (KeyError, ValueError, TypeError) as error:
            yield f"sentences: {case} cannot be told ({type(error).__name__}: {error})"
            continue
        if told["pt"] == told["en"]:
            yield f"sentences: {case} says the same in both languages"
        if found[0].at.tzinfo is None:
            yield f"find: {case} has no time zone"


def _stands_in_documents(rule: NoticeRule) -> Iterator[str]:
    if rule not in NOTICES:
        yield "table: the kind is not in NOTICES"
    if len(list(rule.find(next(iter(rule.examples.values()), QUIET)))) != 1:
        return
    try:
        row = documented.row(rule)
    except (KeyError, ValueError, TypeError):
        return
    if row not in documented.TABLE.written():
        yield f"docs/notices.md: no row {row[:60]}; {REWRITE}"


@pytest.mark.parametrize("rule", NOTICES, ids=list(BY_NAME))
def test_a_kind_of_notice_is_whole(rule: NoticeRule) -> None:
    assert missing(rule) == []


def one_fact(**figures: float) -> Any:
    return lambda scene: [Fact("x", scene.now, figures)] if scene is not QUIET else []


ALARM = BY_NAME["alarm"]
SAID: Mapping[str, Mapping[str, str]] = {"told": {"pt": "olá", "en": "hello"}}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"name": "brand_new"}, "table: the kind is not in NOTICES"),
        ({"name": "brand_new"}, "docs/notices.md: no row | `brand_new`"),
        ({"title": {"pt": "só um"}}, "title: not in both languages"),
        ({"sentences": {**ALARM.sentences, "told": {"pt": "x"}}}, "sentences: told is not in both"),
        (
            {"sentences": {**ALARM.sentences, "told": {"pt": "{checks}", "en": "now"}}},
            "sentences: told names other figures in Portuguese",
        ),
        (
            {"sentences": {**ALARM.sentences, "told": {"pt": "{x}", "en": "{x}!"}}},
            "sentences: told cannot be told (KeyError",
        ),
        (
            {"sentences": {**ALARM.sentences, "told": {"pt": "igual", "en": "igual"}}},
            "sentences: told says the same in both languages",
        ),
        ({"sentences": {**ALARM.sentences, "new": SAID["told"]}}, "examples: none of the case new"),
        ({"examples": {**ALARM.examples, "told": QUIET}}, "examples: that of told holds []"),
        ({"find": lambda scene: [Fact("x", scene.now)]}, "find: something where there is nothing"),
        ({"about": "something else"}, "docs/notices.md: no row | `alarm`"),
    ],
)
def test_what_a_kind_lacks_is_named(changed: dict[str, Any], named: str) -> None:
    found = missing(replace(ALARM, **changed))

    assert any(told.startswith(named) for told in found), found


def test_every_kind_that_is_declared_is_in_the_table_once() -> None:
    declared = {
        f"{module.__name__}.{name}": value
        for found in pkgutil.iter_modules(kinds.__path__, f"{kinds.__name__}.")
        for module in (import_module(found.name),)
        for name, value in vars(module).items()
        if isinstance(value, NoticeRule)
    }

    assert [name for name, rule in declared.items() if rule not in NOTICES] == []
    assert len(BY_NAME) == len(NOTICES) == len({*map(id, declared.values())})


@pytest.mark.parametrize("rule", NOTICES, ids=list(BY_NAME))
def test_no_kind_reads_a_text_that_somebody_wrote(rule: NoticeRule) -> None:
    written = {"reason", "reasons", "error", "actor", "requested_by", "detail", "result",
               "acknowledged_by", "holder", "client", "unit", "units"}  # fmt: skip
    module = ast.parse(textwrap.dedent(inspect.getsource(inspect.getmodule(rule.find) or ast)))

    figures = [
        node.attr
        for one in ast.walk(module)
        if isinstance(one, ast.Dict)
        for node in ast.walk(one)
        if isinstance(node, ast.Attribute)
    ]

    assert written & {*figures} == set()


def test_the_documents_table_is_the_one_of_the_kinds() -> None:
    assert documented.TABLE.written() == documented.table(), REWRITE
