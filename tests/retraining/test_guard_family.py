"""Every guard is whole: decision, sentences, policy, documents and dashboard have it."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from string import Formatter
from typing import Any

import numpy as np
import pytest
import yaml
from pydantic import PrivateAttr

from model.decisions.guard_sentences import ENGLISH, PORTUGUESE, sentence
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion import guards
from retraining.promotion.decision import decide, objections_to
from retraining.promotion.guards import binary, binary_precision, examples
from retraining.promotion.guards.rule import Found, GuardRule, Stage
from retraining.promotion.guards.table import GUARDS
from retraining.run.window import baseline_answers
from tests.retraining import guard_documents, school
from tests.retraining.test_window import data

POLICY = PromotionPolicy()
REWRITE = "write it anew: python -m tests.retraining.guard_documents"
BY_ID = {f"{rule.name}-{'-'.join(sorted(rule.kinds))}": rule for rule in GUARDS}


class Watched(PromotionPolicy):
    """The default policy, and which of its keys were read."""

    _read: set[str] = PrivateAttr(default_factory=set)

    def __getattribute__(self, name: str) -> Any:
        """The key's value; that it was asked for is noted."""
        if name in PromotionPolicy.model_fields:
            self._read.add(name)
        return super().__getattribute__(name)


def keys_read(rule: GuardRule[Any]) -> set[str]:
    """The policy's keys that a guard reads to judge its example."""
    policy = Watched(**rule.policy.model_dump())
    policy._read.clear()
    rule.look(rule.example, policy)
    return set(policy._read)


def cases_found(rule: GuardRule[Any]) -> set[str]:
    """The cases that a guard's function gives, read from its source."""
    source = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(rule.look))))
    given = [
        node.value
        for node in ast.walk(source)
        if (isinstance(node, ast.keyword) and node.arg == "case")
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "case")
    ]
    constants = [one for value in given for one in ast.walk(value) if isinstance(one, ast.Constant)]
    return {one.value for one in constants if isinstance(one.value, str) and one.value}


def missing(rule: GuardRule[Any]) -> list[str]:
    """What a guard lacks, in words; nothing if it is whole."""
    found = rule.look(rule.example, rule.policy)
    if found is None:
        return ["example: there is nothing in it to look at"]
    return [*_decides(rule), *_says(rule, found), *_stands_in_documents(rule)]


def _decides(rule: GuardRule[Any]) -> Iterator[str]:
    policy_keys = PromotionPolicy.model_fields.keys()
    yield from (
        f"keys: {key} is not in PromotionPolicy" for key in rule.keys if key not in policy_keys
    )
    yield from (f"keys: it reads {key} too" for key in sorted(keys_read(rule) - {*rule.keys}))
    if rule.name in rule.keys and rule.name not in keys_read(rule):
        yield f"keys: it does not read {rule.name}"
    if not rule.kinds or not rule.stages:
        yield "kinds and stages: the guard is never looked at"
    if rule not in GUARDS:
        yield "table: the guard is not in GUARDS"
    if Stage.WRITING in rule.stages:
        objections = [rule.name] if not rule.guard(rule.example, rule.policy).passed else []  # type: ignore[union-attr]
    elif Stage.LOOK in rule.stages:
        objections = [g.name for g in objections_to(rule.example, rule.policy) if not g.passed]
    else:
        objections = [g.name for g in decide(rule.example, rule.policy).guards if not g.passed]
    if objections != [rule.name]:
        yield f"example: {', '.join(objections) or 'no guard'} objects instead of {rule.name}"


def _says(rule: GuardRule[Any], found: Found) -> Iterator[str]:
    figures = {"value": found.value, "limit": found.limit}
    languages = (
        ("english", rule.english, ENGLISH, {**found.figures, **figures}, found.case),
        ("portuguese", rule.portuguese, PORTUGUESE, figures, found.case),
    )
    for language, said, form, known, case in languages:
        if not ({"either"} <= said.keys() or {"passed"} <= said.keys()):
            yield f"{language}: no sentence for a guard that passed"
        for name, template in said.items():
            fields = {f for _, f, _, _ in Formatter().parse(template) if f}
            yield from (f"{language}: {name} names {f}, unknown" for f in fields - known.keys())
        try:
            told = sentence(said, form, passed=found.passed, figures=known, case=case)
        except KeyError as error:
            yield f"{language}: no sentence or figure {error} for the example"
            continue
        if found.value is not None and not any(digit.isdigit() for digit in told):
            yield f"{language}: the example's sentence tells no figure"
    for case in sorted(cases_found(rule) - rule.english.keys()):
        yield f"english: no sentence for the case {case}"
    if "unmeasured" in rule.english.keys() ^ rule.portuguese.keys():
        yield "unmeasured: a sentence in one language only"
    if "name" not in rule.portuguese:
        yield "portuguese: no name"


def _stands_in_documents(rule: GuardRule[Any]) -> Iterator[str]:
    known = all(key in PromotionPolicy.model_fields for key in rule.keys)
    if known and guard_documents.row(rule) not in guard_documents.shown():
        yield f"docs/promotion.md: no row {guard_documents.row(rule).strip()}; {REWRITE}"
    shown = yaml.safe_load(guard_documents.SENTENCES.read_text("utf-8"))
    for kind in rule.kinds:
        if shown.get(kind, {}).get(rule.name) != rule.portuguese:
            yield f"dashboard/guards_pt.yaml: not the sentences of {kind} {rule.name}; {REWRITE}"


@pytest.mark.parametrize("rule", BY_ID.values(), ids=BY_ID.keys())
def test_a_guard_is_whole(rule: GuardRule[Any]) -> None:
    assert missing(rule) == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"name": "brand_new"}, "docs/promotion.md: no row | `brand_new`"),
        ({"name": "brand_new"}, "dashboard/guards_pt.yaml: not the sentences of binary brand_new"),
        ({"keys": ("minimum",)}, "keys: minimum is not in PromotionPolicy"),
        ({"kinds": frozenset()}, "kinds and stages: the guard is never looked at"),
        ({"example": examples.SUCCESSOR}, "example: no guard objects instead of precision_floor"),
        ({"english": {}}, "english: no sentence for a guard that passed"),
        ({"english": {"either": "of {all}"}}, "english: either names all, unknown"),
        ({"english": {"either": "too low"}}, "english: the example's sentence tells no figure"),
        ({"portuguese": {"name": "precisão"}}, "portuguese: no sentence for a guard that passed"),
        ({"portuguese": {"either": "{value:.1%}"}}, "portuguese: no name"),
        ({"asks": "something else"}, "docs/promotion.md: no row | `precision_floor`"),
        ({"keys": ()}, "keys: it reads precision_floor too"),
        ({"look": lambda *_: Found(False, 0.4, 0.5)}, "keys: it does not read precision_floor"),
        ({"english": {"either": "{value}", "unmeasured": "-"}}, "unmeasured: a sentence in one"),
        ({"look": lambda *_: None}, "example: there is nothing in it to look at"),
        ({"look": binary.alert_budget}, "english: no sentence for the case budget"),
    ],
)
def test_what_a_guard_lacks_is_named(changed: dict[str, Any], named: str) -> None:
    found = missing(replace(binary_precision.PRECISION_FLOOR, **changed))

    assert any(told.startswith(named) for told in found), found


def test_every_guard_that_is_declared_is_in_the_table_once() -> None:
    declared = {
        f"{module.__name__}.{name}": value
        for found in pkgutil.iter_modules(guards.__path__, f"{guards.__name__}.")
        for module in (import_module(found.name),)
        for name, value in vars(module).items()
        if isinstance(value, GuardRule)
    }
    names = [(kind, rule.name) for rule in GUARDS for kind in rule.kinds]

    assert [name for name, rule in declared.items() if rule not in GUARDS] == []
    assert sorted({name for name in names if names.count(name) > 1}) == []


AFTER_THE_GUARDS = {"approval", "approval_days", "shadow", "canary"}
"""Keys about what becomes of a decision; no guard asks for them."""


def test_every_key_of_the_policy_is_asked_by_a_guard() -> None:
    asked = {key for rule in GUARDS for key in rule.keys}
    read = {key for rule in GUARDS for key in keys_read(rule)}

    assert sorted(PromotionPolicy.model_fields.keys() - asked - AFTER_THE_GUARDS) == []
    assert sorted(PromotionPolicy.model_fields.keys() - read - AFTER_THE_GUARDS) == []


@pytest.mark.parametrize("kind", ["binary", "numeric"])
def test_every_rule_that_needs_no_model_must_be_beaten(kind: str) -> None:
    made = data(np.ones(40), ["2022"] * 40)
    placed = replace(made, places={"town": np.array(["a", "b"] * 20)})
    task = school.task().model_copy(update={"environment": ("town",)})
    rules = baseline_answers(placed, task, placed)
    guards = {rule.name for rule in GUARDS if kind in rule.kinds}

    assert "environment" in rules
    assert [name for name in rules if f"beats_{name}" not in guards] == []


def test_the_documents_table_is_the_one_of_the_guards() -> None:
    assert guard_documents.shown() == guard_documents.table(), (
        f"docs/promotion.md should have:\n{guard_documents.table()}{REWRITE}"
    )


def test_the_dashboards_sentences_are_those_of_the_guards() -> None:
    assert guard_documents.SENTENCES.read_text("utf-8") == guard_documents.sentences(), REWRITE
