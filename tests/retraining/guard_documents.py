"""What is derived from the guards' declarations: a table and the dashboard's Portuguese sentences.

`python -m tests.retraining.guard_documents` writes both anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.guards.rule import GuardRule
from retraining.promotion.guards.table import GUARDS

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "promotion.md"
SENTENCES = ROOT / "dashboard" / "guards_pt.yaml"
HEADER = "| guard | outcome | stage | asks | default |\n|---|---|---|---|---|\n"
NOTE = (
    "# Derived from the guards' declarations (retraining/promotion/guards); to change a sentence,\n"
    "# change it there and run: python -m tests.retraining.guard_documents\n\n"
)


def table() -> str:
    """The guards as `docs/promotion.md` shows them, one row per guard."""
    return HEADER + "".join(map(row, GUARDS))


def row(rule: GuardRule[Any]) -> str:
    """The table's row of a guard."""
    kinds = "any" if len(rule.kinds) > 1 else "".join(rule.kinds)
    defaults = ", ".join(_default(rule.name, key) for key in rule.keys)
    cells = (f"`{rule.name}`", kinds, " or ".join(sorted(rule.stages)), rule.asks, defaults)
    return f"| {' | '.join(cells)} |\n"


def sentences() -> str:
    """The dashboard's file: kind of outcome to guard to Portuguese sentences."""
    kinds = sorted({kind for rule in GUARDS for kind in rule.kinds})
    found = {
        kind: {rule.name: dict(rule.portuguese) for rule in GUARDS if kind in rule.kinds}
        for kind in kinds
    }
    return NOTE + yaml.safe_dump(found, allow_unicode=True, sort_keys=False, width=200)


def shown() -> str:
    """The table that `docs/promotion.md` has; empty if there is none."""
    _, header, after = DOCUMENT.read_text("utf-8").partition(HEADER)
    return header + after.partition("\n\n")[0] + "\n" if header else ""


def write() -> None:
    """Writes both anew."""
    text = DOCUMENT.read_text("utf-8")
    DOCUMENT.write_text(text.replace(shown(), table()), "utf-8")
    SENTENCES.write_text(sentences(), "utf-8")


def _default(name: str, key: str) -> str:
    default = PromotionPolicy.model_fields[key].default
    told = "none" if default is None else str(default)
    return told if key == name else f"`{key}` {told}"


if __name__ == "__main__":
    write()
