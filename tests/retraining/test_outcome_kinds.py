"""Every kind of outcome has a strategy on every level, and no other code asks for the kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from preprocessing.leakage_measures import PROBED
from preprocessing.task.outcome_kinds import FORMS, OutcomeKind
from retraining.promotion.guards.table import GUARDS
from retraining.run.judged_kinds import JUDGED
from training.kinds import KINDS

ROOT = Path(__file__).parents[2]
FOLDERS = ("api", "drift", "preprocessing", "retraining", "training")
CARD = ("training/card/facts.py",)
"""The card's templates differ by kind; its facts say which."""


@pytest.mark.parametrize(
    "table",
    [FORMS, PROBED, KINDS, JUDGED],
    ids=["preprocessing.task", "preprocessing.leakage", "training", "retraining.run"],
)
def test_every_kind_of_outcome_has_a_strategy(table: Mapping[str, Any]) -> None:
    assert set(get_args(OutcomeKind)) - table.keys() == set()


def test_every_kind_of_outcome_has_guards() -> None:
    assert set(get_args(OutcomeKind)) - {kind for rule in GUARDS for kind in rule.kinds} == set()


def test_nothing_but_the_strategies_asks_for_the_kind_of_an_outcome() -> None:
    asked = re.compile(r"kind\s*(==|!=|is)\s*\"(binary|numeric)\"|\"(binary|numeric)\"\s*==")
    sources = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    found = [str(p.relative_to(ROOT)) for p in sources if asked.search(p.read_text("utf-8"))]

    assert [name for name in found if name not in CARD] == []
