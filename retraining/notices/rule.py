"""What a kind of notice is: one declaration, from which finding, sentences and documents derive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from string import Formatter

from model.decisions.guard_sentences import ENGLISH, PORTUGUESE
from model.watch.notice import Severity
from retraining.notices.scene import Scene

Figure = float | str | Mapping[str, str]
"""A number, a word, or a word in each language."""

FORMS: Mapping[str, Formatter] = {"pt": PORTUGUESE, "en": ENGLISH}
"""Language to how it writes figures."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to be told.

    No figure may be a text that somebody wrote: reasons, errors and names can name a person.

    Attributes:
        subject: what it is about; the same subject of the same kind is told once.
        at: when it happened, or began (aware UTC).
        figures: what the sentences name.
        case: which sentence.
    """

    subject: str
    at: datetime
    figures: Mapping[str, Figure] = field(default_factory=dict)
    case: str = "told"


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """One kind of notice; `NOTICES` holds them all.

    Attributes:
        name: its name in the registry.
        severity: how much it matters.
        about: when it is told, for the documents.
        find: what the registry holds in, the facts of this kind out.
        title: language to a headline.
        sentences: case to language to what is told; templates that name the fact's figures.
        examples: for every case a look in which exactly that is found.
        standing: whether it lasts until it is over, and may then come again.
        patience: of what lasts: so long it must last before it is sent.
    """

    name: str
    severity: Severity
    about: str
    find: Callable[[Scene], Iterable[Fact]]
    title: Mapping[str, str]
    sentences: Mapping[str, Mapping[str, str]]
    examples: Mapping[str, Scene]
    standing: bool = False
    patience: timedelta = timedelta(0)

    def topic(self, fact: Fact) -> str:
        """What the registry knows the fact by.

        Raises:
            ValueError: the subject is empty, and two facts would be taken for one.
        """
        if not fact.subject:
            raise ValueError(f"{self.name}: a fact without a subject")
        return f"{self.name}:{fact.subject}"

    def told(self, fact: Fact) -> dict[str, str]:
        """Language to what is told of a fact.

        Raises:
            KeyError: there is no such sentence, or a figure that it names is not given.
        """
        said = self.sentences[fact.case]
        return {
            language: form.vformat(said[language], (), _in(language, fact.figures))
            for language, form in FORMS.items()
        }


def _in(language: str, figures: Mapping[str, Figure]) -> dict[str, float | str]:
    return {
        name: value[language] if isinstance(value, Mapping) else value
        for name, value in figures.items()
    }
