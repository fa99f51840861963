"""What an entry of `KINDS` lacks is named here."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from database.ageing.kinds import KINDS, AgeingKind
from preprocessing.task.policies import RetentionPolicy

ROOT = Path(__file__).parents[2]
TEXTS = yaml.safe_load((files("dashboard") / "texts.yaml").read_text("utf-8"))
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
OF_THEIR_OWN = {"orphans_days"}
"""Keys that a job of its own reads."""


def test_every_age_of_a_task_is_a_kind_and_every_kind_has_its_key() -> None:
    keys = {name for name in RetentionPolicy.model_fields if name.endswith("_days")}

    assert keys - OF_THEIR_OWN == {f"{kind.name}_days" for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_named_in_both_languages_and_in_the_documents(kind: AgeingKind) -> None:
    assert f"retention.{kind.name}" in TEXTS, f"dashboard/texts.yaml lacks retention.{kind.name}"
    assert f"\n| `{kind.name}_days` |" in PAGE, f"docs/operations.md lacks {kind.name}_days"


def test_nothing_ages_unless_the_task_says_so() -> None:
    assert [kind.name for kind in KINDS if getattr(RetentionPolicy(), f"{kind.name}_days")] == []
