"""Why a challenger was promoted or not, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dashboard.texts import Language, Texts
from model.decisions.guard_sentences import PORTUGUESE, sentence
from model.parsing.packaged import packaged_yaml
from model.promotion import Guard, Promotion


def reasons(promotion: Promotion, texts: Texts) -> list[str]:
    """The reasons of a decision; what a person wrote, or no sentence is known for, stays."""
    stated = {guard.reason: guard for guard in promotion.guards}
    kind = kind_of(promotion)
    return [
        guard_reason(stated[reason], texts, kind=kind) if reason in stated else reason
        for reason in promotion.reasons
    ]


def kind_of(promotion: Promotion) -> str:
    """The kind of outcome that the decision was about."""
    return str(promotion.evidence.get("kind", "binary"))


def guard_reason(guard: Guard, texts: Texts, *, kind: str = "binary") -> str:
    """What a guard found: its own sentence in English, one made of its figures in Portuguese.

    >>> from dashboard.texts import load_texts
    >>> guard = Guard("max_subgroup_gap", True, "recall differs by 5.4 points", 0.054, 0.15)
    >>> guard_reason(guard, load_texts(Language.PT))
    'o que encontra difere 5,4 pontos entre grupos; toleram-se 15,0'
    """
    sentences = _sentences(texts, kind).get(guard.name)
    if sentences is None:
        return guard.reason
    figures = {"value": guard.value, "limit": guard.limit}
    return sentence(sentences, PORTUGUESE, passed=guard.passed, figures=figures, case=guard.case)


def guard_name(guard: Guard, texts: Texts, *, kind: str = "binary") -> str:
    """A guard's name as people read it."""
    sentences = _sentences(texts, kind).get(guard.name)
    return guard.name.replace("_", " ") if sentences is None else sentences["name"]


def _sentences(texts: Texts, kind: str) -> Mapping[str, Mapping[str, str]]:
    return _portuguese().get(kind, {}) if texts.language is Language.PT else {}


@cache
def _portuguese() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Kind of outcome to guard to sentences, as `retraining.promotion.guards` declares them."""
    found: Mapping[str, Mapping[str, Mapping[str, str]]] = packaged_yaml(
        "dashboard", "guards_pt.yaml"
    )
    return found
