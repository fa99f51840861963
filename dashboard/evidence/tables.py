"""What a decision was taken on, as tables a person can read: pure.

Evidence is kept as plain data, of every release that ever wrote one. So nothing here knows which
fields there are: what is named in the texts is told by its name there, and the rest by its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.texts import Texts

MODELS = ("champion", "challenger")
Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """One table with its heading."""

    title: str
    rows: list[Cells]


def evidence_tables(evidence: Mapping[str, Any], texts: Texts) -> list[EvidenceTable]:
    """The evidence as tables: what was compared, both models side by side, then each part.

    Args:
        evidence: as the ledger keeps it.
        texts: the reader's language.
    """
    facts = {key: value for key, value in evidence.items() if _is_plain(value)}
    tables = [EvidenceTable(texts("evidence.facts"), fact_rows(facts, texts))] if facts else []
    if models := model_rows(evidence, texts):
        tables.append(EvidenceTable(texts("evidence.models"), models))
    for key, value in evidence.items():
        if key in facts or (key in MODELS and models):
            continue
        if isinstance(value, Mapping):
            rows = fact_rows(_flat(value), texts)
        else:
            rows = [_row(one, texts) for one in value]
        if rows:
            tables.append(EvidenceTable(name_of(key, texts), rows))
    return tables


def fact_rows(facts: Mapping[str, Any], texts: Texts) -> list[Cells]:
    """One table row a fact."""
    return [
        {
            texts("evidence.what"): name_of(key, texts),
            texts("evidence.figure"): told(value, texts),
        }
        for key, value in facts.items()
    ]


def model_rows(evidence: Mapping[str, Any], texts: Texts) -> list[Cells]:
    """One table row a figure, with a column for each model under its version's name."""
    cards = [(part, evidence[part]) for part in MODELS if isinstance(evidence.get(part), Mapping)]
    names = dict.fromkeys(key for _, card in cards for key in card if key != "version")
    return [
        {
            texts("evidence.what"): name_of(key, texts),
            **{
                f"{card.get('version', part)} ({name_of(part, texts)})": told(card.get(key), texts)
                for part, card in cards
            },
        }
        for key in names
    ]


def name_of(key: str, texts: Texts) -> str:
    """What a field is called, or one that lies below another, by the names of both."""
    return " ".join(
        texts.or_name(f"evidence.{part}", texts.or_name(f"metric.{part}", part.replace("_", " ")))
        for part in key.split(" ")
    )


def told(value: Any, texts: Texts) -> str:
    """A value as a cell shows it; empty where there is none.

    >>> from dashboard.texts import Language
    >>> english = Texts(Language.EN, {"evidence.yes": "yes", "word.origins": "earlier periods"})
    >>> told(True, english), told(0.25, english), told(None, english), told(["2022"], english)
    ('yes', '0.250', '', '2022')
    >>> told("origins", english)
    'earlier periods'
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return texts("evidence.yes" if value else "evidence.no")
    if isinstance(value, float):
        return texts.number(value, 0 if value.is_integer() and abs(value) > 1 else 3)
    if isinstance(value, datetime):
        return texts.moment(value)
    if isinstance(value, str):
        key = value.lower().replace(" ", "_")
        status = texts.or_name(f"run.{key}", value)
        return texts.or_name(f"word.{key}", texts.or_name(f"metric.{key}", status))
    if isinstance(value, Mapping):
        return ", ".join(f"{name_of(k, texts)} {told(v, texts)}" for k, v in value.items())
    if isinstance(value, Sequence):
        return ", ".join(told(one, texts) for one in value)
    return str(value)


def _row(one: Any, texts: Texts) -> Cells:
    if not isinstance(one, Mapping):
        return {texts("evidence.figure"): told(one, texts)}
    return {name_of(key, texts): told(value, texts) for key, value in one.items()}


def _is_plain(value: Any) -> bool:
    """Whether a value fits a cell: no mapping, and no list of mappings."""
    if isinstance(value, Mapping):
        return False
    if isinstance(value, Sequence) and not isinstance(value, str):
        return not any(isinstance(one, Mapping) for one in value)
    return True


def _flat(value: Mapping[str, Any]) -> dict[str, Any]:
    """The same with what lies deeper under the names of both."""
    flat: dict[str, Any] = {}
    for key, one in value.items():
        if isinstance(one, Mapping):
            flat |= {f"{key} {below}": deeper for below, deeper in _flat(one).items()}
        else:
            flat[key] = one
    return flat
