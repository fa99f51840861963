"""What is answered about one student as a file to hand out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from typing_extensions import TypedDict

from api.answers.dossiers import StudentFields, TaskDossier
from api.answers.rights import SeerFields
from preprocessing.task.columns import Kind


class ExportedColumn(TypedDict):
    """A column of the task by the name that it has in this file.

    Attributes:
        role: what it is read for.
    """

    name: str
    role: Literal["id", "period", "unit", "feature", "protected", "checked", "outcome"]
    kind: Kind
    description: str
    description_pt: str


class TaskMeaning(TypedDict):
    """What the names in a file mean.

    Attributes:
        outcome: what the task predicts.
    """

    title: str
    title_pt: str
    description: str
    outcome: str
    columns: Sequence[ExportedColumn]


class TaskExport(TaskDossier, TaskMeaning):
    """What one task knows of a student, with what the names mean.

    Attributes:
        predictions: those that wait for the registry, then those in it, each newest first.
        outcome: what the task predicts.
        outcomes: as they were reported, newest first.
    """


class ExportAnswer(StudentFields):
    """All that is known of a student, as a file to hand out.

    Attributes:
        seen_by: who saw the student, whoever was there last first; null for a key that is for some
            units only.
    """

    seen_by: Sequence[SeerFields] | None
    tasks: Mapping[str, TaskExport]
