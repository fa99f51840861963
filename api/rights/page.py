"""What is known of a student as a page to read and to print, written while it is read.

It tells what the file in JSON tells, in the language of the family.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from api.answers.dossiers import StudentFields, StudentOutcome, StudentPrediction
from api.lists.words import Language, Words, words
from api.students.export import PAGE
from api.students.reading import StudentReader
from model.rights.seen import Seer
from preprocessing.task.spec import TaskSpec

ROOM = "api.rights"
PIECE = 64 * 1024

HEADERS: Mapping[str, str] = {
    # The page needs nothing but its own text, and may load nothing else.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class TaskPages:
    """What the page tells of one task.

    Attributes:
        whole: what every page of the dossier tells.
        predictions: gives them one by one, newest first.
        outcomes: the same of what was reported.
        names: what people call columns and categories.
    """

    task: TaskSpec
    whole: Mapping[str, Any]
    predictions: Callable[[], AsyncIterator[StudentPrediction]]
    outcomes: Callable[[], AsyncIterator[StudentOutcome]]
    names: Mapping[str, str]
    said: Words

    @property
    def title(self) -> str:
        """The task in the reader's language."""
        return (self.said.language == "pt" and self.task.title_pt) or self.task.title

    def named(self, column: str) -> str:
        """A column as people call it."""
        if column == "outcome":
            return self.said("column.outcome")
        return self.names.get(f"feature.{column}", column.replace("_", " "))

    def value(self, column: str, value: object) -> str:
        """A value of a column as people write it."""
        if value is None:
            return self.said("missing")
        if isinstance(value, str):
            return self.names.get(f"category.{column}.{value}", value)
        return self.said.number(float(str(value)))

    def score(self, told: Mapping[str, Any]) -> str:
        """The score of a prediction."""
        if "risk_score" in told:
            return f"{self.said.number(told['risk_score'] * 100, 1)} %"
        return self.said.number(told["predicted"])


async def pieces(
    fields: StudentFields,
    tasks: Mapping[str, StudentReader],
    seen_by: Sequence[Seer] | None,
    language: Language,
) -> AsyncIterator[bytes]:
    """The page, piece by piece.

    Args:
        fields: who it is about.
        tasks: what each knows.
        seen_by: who saw the student; None where the key may not know.
        language: of the page.

    Raises:
        RegistryError: the registry went away; what was written until then is no whole page.
    """
    said = words(language, ROOM)
    waiting, size = [], 0
    page = _environment().get_template("student.html.jinja")
    async for piece in page.generate_async(
        language=language,
        said=said,
        who=fields,
        at=lambda moment: _moment(moment, said),
        did=lambda action: said.sentences.get(f"did.{action.replace(' ', '_')}", action),
        parts=[_part(one, said) for one in tasks.values()],
        seen_by=seen_by,
    ):
        waiting.append(piece)
        size += len(piece)
        if size > PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()


def _part(told: StudentReader, said: Words) -> TaskPages:
    async def predictions() -> AsyncIterator[StudentPrediction]:
        async for rows in told.every_prediction(PAGE):
            for row in rows:
                yield row

    async def outcomes() -> AsyncIterator[StudentOutcome]:
        async for rows in told.every_outcome(PAGE):
            for row in rows:
                yield row

    task = told.here.task
    names = task.shown_names(said.language)
    return TaskPages(task, told.whole(), predictions, outcomes, names, said)


def _moment(moment: datetime | None, said: Words) -> str:
    return "" if moment is None else f"{said.day(moment)} {moment:%H:%M} UTC"


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(ROOM),
        autoescape=True,
        undefined=StrictUndefined,
        enable_async=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
