"""Everything that the page of a student shows, asked for at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from dashboard.api_client import ApiFailure
from dashboard.context import Context
from dashboard.reasons import Indicators, indicators
from dashboard.students.calls import StudentCalls, Subject
from model.prediction import Scale

Json = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KnownStudent:
    """What the page shows of a student.

    Attributes:
        now: what the version in service says; None where it says nothing.
        records: oldest period first.
        predictions: newest first.
        kinds: of help, as the task names them.
        columns: of the records, as the schema tells them.
        corrections: values that were put right, newest first.
        objection: that the student objects to being scored; None: the student does not.
    """

    who: Subject
    among: Indicators
    scale: Scale
    now: Json | None
    records: Sequence[Json]
    predictions: Sequence[Json]
    labels: Sequence[Json]
    cohort: Sequence[Json]
    actions: Sequence[Json]
    given: Sequence[Json]
    kinds: Sequence[Json]
    assigned: str
    binary: bool
    columns: Sequence[Json] = ()
    corrections: Sequence[Json] = ()
    objection: Json | None = None


def gather(context: Context, who: Subject) -> KnownStudent:
    """Asks for all that the page shows.

    Raises:
        ApiFailure: the student is not known, or nobody answers.
    """
    calls, texts = StudentCalls(context.api), context.texts
    dossier = calls.dossier(who)
    schema = calls.schema()
    here = dossier["tasks"].get(schema["task"], {})
    now = _if_there(partial(calls.assessment, who))
    scale = Scale(schema["status"]["scale"])
    return KnownStudent(
        who=who,
        among=indicators(schema, texts.language, scale),
        scale=scale,
        now=now,
        records=here.get("records", ()),
        predictions=here.get("predictions", ()),
        labels=here.get("labels", ()),
        cohort=_if_there(calls.cohort) or (),
        actions=here.get("actions", ()),
        given=_if_there(partial(calls.interventions, who)) or (),
        kinds=schema.get("interventions", ()),
        assigned=_assigned(here),
        binary=schema["outcome"]["kind"] == "binary",
        columns=schema["features"],
        corrections=here.get("corrections", ()),
        objection=here.get("objection"),
    )


def _assigned(here: Json) -> str:
    return str((here.get("assigned") or {}).get("person", ""))


def _if_there(ask: Callable[[], T]) -> T | None:
    """What the API answers; None where it has no such thing of this student, or no champion.

    Nor is a student assessed who objects (409).
    """
    try:
        return ask()
    except ApiFailure as failure:
        if failure.status in (404, 409, 503):
            return None
        raise
