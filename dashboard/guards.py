"""Why a challenger was promoted or not, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from dashboard.texts import Language, Texts
from model.promotion import Guard, Promotion


def reasons(promotion: Promotion, texts: Texts) -> list[str]:
    """The reasons of a decision; what a person wrote, or no sentence is known for, stays."""
    stated = {guard.reason: guard for guard in promotion.guards}
    numeric = is_numeric(promotion)
    return [
        guard_reason(stated[reason], texts, numeric=numeric) if reason in stated else reason
        for reason in promotion.reasons
    ]


def is_numeric(promotion: Promotion) -> bool:
    """Whether the decision was about a numeric outcome."""
    return promotion.evidence.get("kind") == "numeric"


def guard_reason(guard: Guard, texts: Texts, *, numeric: bool = False) -> str:
    """What a guard found: its own sentence in English, one made of its figures in Portuguese.

    >>> from dashboard.texts import load_texts
    >>> guard = Guard("max_subgroup_gap", True, "recall differs by 5.4 points", 0.054, 0.15)
    >>> guard_reason(guard, load_texts(Language.PT))
    'o que encontra difere 5,4 pontos entre grupos; toleram-se 15,0'
    """
    said = _sentences(texts).get(guard.name)
    if said is None:
        return guard.reason
    if numeric and "numeric" in said:
        said = said["numeric"]
    if guard.value is None and "unmeasured" in said:
        return str(said["unmeasured"])
    figures = {"value": guard.value, "limit": guard.limit}
    unit = said.get("unit", "figure")
    told = {name: _figure(value, unit, texts) for name, value in figures.items()}
    return str(said["passed" if guard.passed else "failed"]).format(**told)


def guard_name(guard: Guard, texts: Texts) -> str:
    """A guard's name as people read it."""
    said = _sentences(texts).get(guard.name)
    return guard.name.replace("_", " ") if said is None else str(said["name"])


def _figure(value: float | None, unit: str, texts: Texts) -> str:
    if value is None:
        return "-"
    match unit:
        case "count":
            return texts.number(value, 0)
        case "share":
            return f"{texts.number(value * 100, 1)} %"
        case "points":
            return texts.number(value * 100, 1)
        case _:
            return texts.number(value, 3)


def _sentences(texts: Texts) -> Mapping[str, Mapping[str, Any]]:
    return _portuguese() if texts.language is Language.PT else {}


@cache
def _portuguese() -> Mapping[str, Mapping[str, Any]]:
    said: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
        (files("dashboard") / "guards_pt.yaml").read_text("utf-8")
    )
    return said
