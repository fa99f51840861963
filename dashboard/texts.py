"""Everything the dashboard says, in Portuguese and English; the sentences are in `texts.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from functools import cache

from dashboard.wording import MONTHS_PT, Language, Wording, count, decimal, duration
from model.parsing.packaged import packaged_yaml

__all__ = ["Language", "Texts", "load_texts", "preferred_language"]


@dataclass(frozen=True, slots=True)
class Texts:
    """The sentences of one language, and the school's zone.

    Attributes:
        language: of the reader.
        sentences: by key; those of a task's columns and categories too (`of_school`).
        zone: in which every moment is told.
    """

    language: Language
    sentences: Mapping[str, str]
    zone: tzinfo = UTC

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of that key with the values put in, as `Wording` does.

        Raises:
            KeyError: no such sentence, or a value it needs is not given.
        """
        return Wording(self.language).format(self.sentences[key], **values)

    def of_school(self, names: Mapping[str, str], zone: tzinfo) -> Texts:
        """The same with the names of a task's columns and categories, told in its zone."""
        return replace(self, sentences={**names, **self.sentences}, zone=zone)

    def or_name(self, key: str, name: str) -> str:
        """The sentence of that key, or the plain name where there is none (a school's feature)."""
        return self.sentences.get(key, name)

    def column(self, name: str) -> str:
        """A column as the school calls it."""
        return self.or_name(f"feature.{name}", name.replace("_", " "))

    def category(self, column: str, value: str) -> str:
        """A category of a column as the school writes it.

        >>> Texts(Language.PT, {"category.rede.publica": "Pública"}).category("rede", "publica")
        'Pública'
        >>> Texts(Language.PT, {}).category("rede", "rede_antiga")
        'rede antiga'
        """
        return self.or_name(f"category.{column}.{value}", value.replace("_", " "))

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
        return decimal(value, digits, self.language)

    def count(self, value: int) -> str:
        """A whole number with the language's thousands.

        >>> Texts(Language.PT, {}).count(2000)
        '2.000'
        """
        return count(value, self.language)

    def significant(self, value: float) -> str:
        """A number with two digits that count.

        >>> Texts(Language.PT, {}).significant(0.000123)
        '0,00012'
        """
        text = f"{value:.2g}"
        return text if self.language is Language.EN else text.replace(".", ",")

    def family(self, name: str) -> str:
        """A model family as people call it."""
        return self.or_name(f"family.{name}", name.replace("_", " "))

    def duration(self, seconds: float) -> str:
        """How long something took.

        >>> Texts(Language.EN, {}).duration(200)
        '3 min 20 s'
        """
        return duration(seconds, self.language)

    def moment(self, at: datetime) -> str:
        """A moment in the school's zone as people write it; UTC is named, for nobody lives by it.

        >>> from zoneinfo import ZoneInfo
        >>> at = datetime(2025, 3, 1, 6, 5, tzinfo=UTC)
        >>> Texts(Language.PT, {}).moment(at)
        '1 mar 2025, 06:05 UTC'
        >>> Texts(Language.PT, {}, ZoneInfo("America/Sao_Paulo")).moment(at)
        '1 mar 2025, 03:05'
        """
        local = at.astimezone(self.zone)
        return f"{self.day(local.date())}, {local:%H:%M}{' UTC' if self.in_utc else ''}"

    def day(self, day: date) -> str:
        """A day as people write it.

        >>> Texts(Language.PT, {}).day(date(2025, 3, 1))
        '1 mar 2025'
        """
        month = MONTHS_PT[day.month - 1] if self.language is Language.PT else f"{day:%b}"
        return f"{day.day} {month} {day.year}"

    def local(self, at: datetime) -> datetime:
        """A moment for the axis of a chart: the school's clock, without its zone."""
        return at.astimezone(self.zone).replace(tzinfo=None)

    @property
    def in_utc(self) -> bool:
        """Whether moments are told in UTC."""
        return str(self.zone).removeprefix("Etc/") == "UTC"

    def zone_at(self, now: datetime) -> str:
        """The school's zone with its distance from UTC.

        >>> from zoneinfo import ZoneInfo
        >>> texts = Texts(Language.PT, {}, ZoneInfo("America/Sao_Paulo"))
        >>> texts.zone_at(datetime(2025, 3, 1, tzinfo=UTC))
        'America/Sao Paulo (UTC-03:00)'
        """
        if self.in_utc:
            return "UTC"
        offset = now.astimezone(self.zone).isoformat()[-6:]
        return f"{str(self.zone).replace('_', ' ')} (UTC{offset})"


@cache
def load_texts(language: Language) -> Texts:
    """The sentences of one language, read once a process.

    Raises:
        KeyError: a sentence lacks that language.
    """
    both: Mapping[str, Mapping[str, str]] = packaged_yaml("dashboard", "texts.yaml")
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
