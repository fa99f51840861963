"""Why a student is on the list, in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.texts import Language, Texts

SHOWN = 3


def main_reasons(reasons: Sequence[Mapping[str, Any]], texts: Texts) -> str:
    """The strongest reasons: an arrow up for what raises the risk, and down for what lowers it.

    Args:
        reasons: as the API gives them, strongest first.
        texts: the reader's language.

    >>> from dashboard.texts import load_texts
    >>> given = [
    ...     {"feature": "ieg", "value": 3.25, "contribution": 0.8},
    ...     {"feature": "anos_programa", "value": 4.0, "contribution": -0.3},
    ... ]
    >>> main_reasons(given, load_texts(Language.EN))
    '↑ IEG 3.2 · ↓ ANOS PROGRAMA 4'
    """
    return " · ".join(
        f"{'↑' if reason['contribution'] > 0 else '↓'} "
        f"{feature_name(reason['feature'])} {_value(reason['value'], texts)}"
        for reason in reasons[:SHOWN]
    )


def feature_name(canonical: str) -> str:
    """A feature's canonical name as schools write it."""
    return canonical.replace("_", " ").upper()


def glossary(schema: Mapping[str, Any], language: Language) -> list[str]:
    """What each feature means, one line of Markdown each, from the API's schema."""
    key = "description_pt" if language is Language.PT else "description"
    return [
        f"- **{feature_name(feature['name'])}**: {feature.get(key) or feature['description']}"
        for feature in schema["features"]
    ]


def _value(value: Any, texts: Texts) -> str:
    if value is None:
        return texts("reason.missing")
    if isinstance(value, float):
        rounded = round(value, 1)
        return texts.number(rounded, 0 if rounded.is_integer() else 1)
    return str(value)
