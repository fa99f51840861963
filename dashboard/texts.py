"""Everything the dashboard says, in Portuguese and English; the sentences are in `texts.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from importlib.resources import files

import yaml

MONTHS_PT = ("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez")


class Language(StrEnum):
    """The languages the dashboard speaks."""

    PT = "pt"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Texts:
    """The sentences of one language."""

    language: Language
    sentences: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of that key with the values put in.

        Raises:
            KeyError: no such sentence, or a value it needs is not given.
        """
        return self.sentences[key].format(**values)

    def or_name(self, key: str, name: str) -> str:
        """The sentence of that key, or the plain name where there is none (a school's feature)."""
        return self.sentences.get(key, name)

    def share(self, value: float) -> str:
        """A share as whole percents.

        >>> Texts(Language.EN, {}).share(0.736)
        '74%'
        """
        return f"{value:.0%}" if self.language is Language.EN else f"{value * 100:.0f} %"

    def number(self, value: float, digits: int = 2) -> str:
        """A number with the language's decimal sign.

        >>> Texts(Language.PT, {}).number(0.8812, 3)
        '0,881'
        """
        text = f"{value:.{digits}f}"
        return text if self.language is Language.EN else text.replace(".", ",")

    def day(self, day: date) -> str:
        """A day as people write it.

        >>> Texts(Language.PT, {}).day(date(2025, 3, 1))
        '1 mar 2025'
        """
        month = MONTHS_PT[day.month - 1] if self.language is Language.PT else f"{day:%b}"
        return f"{day.day} {month} {day.year}"

    def moment(self, at: datetime) -> str:
        """A moment in UTC as people write it.

        >>> from datetime import UTC
        >>> Texts(Language.PT, {}).moment(datetime(2025, 3, 1, 6, 5, tzinfo=UTC))
        '1 mar 2025, 06:05 UTC'
        """
        return f"{self.day(at.date())}, {at:%H:%M} UTC"


def load_texts(language: Language) -> Texts:
    """Reads the sentences of one language.

    Raises:
        KeyError: a sentence lacks that language.
    """
    both: Mapping[str, Mapping[str, str]] = yaml.safe_load(
        (files("dashboard") / "texts.yaml").read_text("utf-8")
    )
    return Texts(language, {key: said[language.value] for key, said in both.items()})


def preferred_language(asked: str | None, locale: str | None) -> Language:
    """The language of the address, else of the browser, else Portuguese.

    >>> preferred_language("en", "pt-BR"), preferred_language(None, "en-US")
    (<Language.EN: 'en'>, <Language.EN: 'en'>)
    >>> preferred_language("fr", None)
    <Language.PT: 'pt'>
    """
    for wish in (asked, locale):
        code = (wish or "")[:2].lower()
        if code in set(Language):
            return Language(code)
    return Language.PT
