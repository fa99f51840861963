"""The registry's English sentences in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from dashboard.texts import Texts
from dashboard.wording import Language
from model.parsing.packaged import packaged_yaml

BETWEEN = "; "
FIGURE = re.compile(r"-?\d+\.\d+")
PLACE = re.compile(r"\\\{(\w+)\\\}")


def retold(stored: str, texts: Texts) -> str:
    """A stored sentence in the reader's language; what is not known stays as it is.

    >>> from dashboard.texts import load_texts
    >>> portuguese = load_texts(Language.PT)
    >>> retold("3 hours of predictions were summed up; no outcome is new", portuguese)
    '3 horas de previsões foram resumidas; nenhum desfecho é novo'
    >>> retold("disk is full", portuguese)
    'disk is full'
    """
    if texts.language is Language.EN or not stored:
        return stored
    return _told(stored)


def _told(stored: str) -> str:
    return _whole(stored) or BETWEEN.join(_whole(part) or part for part in stored.split(BETWEEN))


def _whole(sentence: str) -> str | None:
    """The sentence, and the sentences in it; None where it is none of those known."""
    for pattern, portuguese in _known():
        found = pattern.fullmatch(sentence)
        if found is not None:
            values = {name: _value(value) for name, value in found.groupdict().items()}
            return portuguese.format(**values)
    return None


def _value(value: str) -> str:
    if FIGURE.fullmatch(value):
        return value.replace(".", ",")
    return value if value.replace("_", "").isalnum() else _told(value)


@cache
def _known() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(english), told) for english, told in sentences().items())


def sentences() -> Mapping[str, str]:
    """English to Portuguese, as `retold_pt.yaml` has it; of several that fit the first counts."""
    read: Mapping[str, str] = packaged_yaml("dashboard.reading", "retold_pt.yaml")
    return read


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile(PLACE.sub(r"(?P<\1>.+?)", re.escape(english)), re.DOTALL)
