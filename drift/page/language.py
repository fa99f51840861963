"""The language of a drift page, and how it writes words and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from model.parsing.packaged import packaged_yaml

LANGUAGES = ("pt", "en")
MONTHS = {
    "pt": ("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
AND = {"pt": " e ", "en": " and "}


@dataclass(frozen=True, slots=True)
class PageLanguage:
    """The sentences of one language.

    Attributes:
        code: `pt` or `en`.
        sentences: by key.
    """

    code: str
    sentences: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of that key with the values put in.

        Raises:
            KeyError: no such sentence, or a value it needs is not given.
        """
        return self.sentences[key].format(**values)

    def of_hundred(self, share: float) -> str:
        """A share as so many of a hundred.

        >>> language("en").of_hundred(0.304), language("en").of_hundred(0.002)
        ('30', 'fewer than 1')
        """
        if 0 < share < 0.005:
            return self("less_than_one")
        return f"{share * 100:.0f}"

    def rounded(self, value: float) -> str:
        """A number as people say it: a decimal place where it is small, none where it is not.

        >>> language("pt").rounded(7.333), language("en").rounded(1012.6), language("en").rounded(5)
        ('7,3', '1013', '5')
        """
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2
        text = f"{value:.{digits}f}"
        short = text.rstrip("0").rstrip(".") if digits else text
        return short.replace(".", ",") if self.code == "pt" else short

    def number(self, value: float, digits: int | None = None) -> str:
        """A number with the language's decimal sign, as short as it can be or with these digits.

        >>> language("pt").number(7.25), language("pt").number(8.0), language("en").number(0.1, 3)
        ('7,25', '8', '0.100')
        >>> language("en").number(12500.0), language("en").number(2020.5)
        ('12500', '2020.5')
        """
        short = f"{value:.4g}" if abs(value) < 1000 else f"{value:.12g}"
        text = short if digits is None else f"{value:.{digits}f}"
        return text.replace(".", ",") if self.code == "pt" else text

    def count(self, value: int) -> str:
        """A whole number with the language's thousands.

        >>> language("pt").count(12345), language("en").count(12345)
        ('12.345', '12,345')
        """
        return f"{value:,}".replace(",", "." if self.code == "pt" else ",")

    def moment(self, at: datetime) -> str:
        """A moment in UTC as people write it."""
        return f"{at.day} {MONTHS[self.code][at.month - 1]} {at.year}, {at:%H:%M} UTC"

    def listed(self, names: tuple[str, ...]) -> str:
        """Names one after the other.

        >>> language("en").listed(("a", "b", "c"))
        'a, b and c'
        """
        *first, last = names
        return f"{', '.join(first)}{AND[self.code]}{last}" if first else last


def language(code: str) -> PageLanguage:
    """The language of that code.

    Raises:
        KeyError: a sentence lacks it.
    """
    both: Mapping[str, Mapping[str, str]] = packaged_yaml("drift.page", "texts.yaml")
    return PageLanguage(code, {key: said[code] for key, said in both.items()})


def preferred(accept: str) -> str:
    """The first language of an `Accept-Language` header that pages are written in, else `pt`.

    >>> preferred("en-GB,en;q=0.8,pt;q=0.2"), preferred("fr, pt;q=0.4, en;q=0.9"), preferred("")
    ('en', 'en', 'pt')
    """
    wishes = []
    for place, part in enumerate(accept.lower().split(",")):
        name, _, weight = part.partition(";")
        code = name.strip()[:2]
        if code in LANGUAGES:
            wishes.append((-_weight(weight), place, code))
    return min(wishes)[2] if wishes else LANGUAGES[0]


def _weight(parameter: str) -> float:
    _, _, value = parameter.partition("q=")
    try:
        return float(value) if value else 1.0
    except ValueError:
        return 0.0
