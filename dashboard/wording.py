"""How values are put into sentences: one and many, and the language's thousands and decimals."""

from __future__ import annotations

from enum import StrEnum
from string import Formatter
from typing import Any

MONTHS_PT = ("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez")
DAYS_PT = ("dom", "seg", "ter", "qua", "qui", "sex", "sáb")

DAY, HOUR, MINUTE = 86_400, 3_600, 60


class Language(StrEnum):
    """The languages the dashboard speaks."""

    PT = "pt"
    EN = "en"


class Wording(Formatter):
    """Fills in a sentence.

    `{n:record|records}` is the first form where the value is 1 and the second one else. A whole
    number without a format has the language's thousands.

    >>> Wording(Language.EN).format("{n} {n:record|records}", n=1)
    '1 record'
    >>> Wording(Language.PT).format("{n} {n:registro|registros}", n=2000)
    '2.000 registros'
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """One value as its place in the sentence asks for it."""
        if "|" in format_spec:
            one, _, many = format_spec.partition("|")
            return one if value in (1, "1") else many
        if not format_spec and isinstance(value, int) and not isinstance(value, bool):
            return count(value, self._language)
        return str(super().format_field(value, format_spec))


def count(value: int, language: Language) -> str:
    """A whole number with the language's thousands.

    >>> count(12345, Language.PT), count(12345, Language.EN)
    ('12.345', '12,345')
    """
    told = f"{value:,}"
    return told if language is Language.EN else told.replace(",", ".")


def decimal(value: float, digits: int, language: Language) -> str:
    """A number with the language's decimal sign; a rounded nothing has no sign.

    >>> decimal(-0.001, 2, Language.PT)
    '0,00'
    """
    text = f"{value:.{digits}f}"
    text = text.removeprefix("-") if not text.strip("-0.") else text
    return text if language is Language.EN else text.replace(".", ",")


def duration(seconds: float, language: Language) -> str:
    """How long something took, in its two largest units.

    >>> duration(3.4, Language.PT), duration(200, Language.PT), duration(93_784, Language.PT)
    ('3 s', '3 min 20 s', '1 dia 2 h')
    """
    whole = round(seconds)
    days, hours, minutes = whole // DAY, whole % DAY // HOUR, whole % HOUR // MINUTE
    day = {Language.PT: "{n} {n:dia|dias}", Language.EN: "{n} {n:day|days}"}[language]
    told = [
        *([Wording(language).format(day, n=days)] if days else []),
        *([f"{hours} h"] if hours else []),
        *([f"{minutes} min"] if minutes else []),
        *([f"{whole % MINUTE} s"] if whole % MINUTE else []),
    ]
    return " ".join(told[:2]) or "0 s"
