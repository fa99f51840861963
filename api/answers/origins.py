"""What is answered about the cells that features were read from."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from api.answers.filled import Count
from preprocessing.trace.origins import FeatureOrigin


class OriginsAnswer(TypedDict):
    """Where a student's features come from, oldest period first."""

    student_id: str
    origins: Sequence[FeatureOrigin]


class RowStudent(TypedDict):
    """A student who stands in a row of a file.

    Attributes:
        period: of the record that the row made.
        features: those that still stand as the row tells them.
    """

    student_id: str
    period: str
    features: Sequence[str]


class RowAnswer(TypedDict):
    """Whose row of a file it is; in each sheet another student's, or nobody's.

    Attributes:
        file: what the file is called.
    """

    file_id: str
    file: str
    row: Count
    students: Sequence[RowStudent]
