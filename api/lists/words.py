"""The words and figures of a list in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from model.parsing.packaged import packaged_yaml

Language = Literal["pt", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language, and how it writes figures."""

    language: Language
    sentences: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of that key with the values put in.

        Raises:
            KeyError: no such sentence, or a value it needs is not given.
        """
        return self.sentences[key].format(**values)

    def number(self, value: float, digits: int = 2) -> str:
        """A number with the language's decimal sign, without idle noughts.

        >>> words("pt").number(7.25), words("en").number(8.0)
        ('7,25', '8')
        """
        text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
        text = "0" if text == "-0" else text
        return text.replace(".", ",") if self.language == "pt" else text

    def day(self, moment: datetime) -> str:
        """A day as people write it."""
        return f"{moment:%d/%m/%Y}" if self.language == "pt" else f"{moment:%Y-%m-%d}"

    def yes(self, holds: bool) -> str:
        """Whether something holds."""
        return self("answer.yes" if holds else "answer.no")


def words(language: Language, room: str = "api.lists") -> Words:
    """The words of a language.

    Args:
        language: which.
        room: the package whose `words.yaml` holds them.
    """
    told = packaged_yaml(room, "words.yaml")
    return Words(language, {key: both[language] for key, both in told.items()})
