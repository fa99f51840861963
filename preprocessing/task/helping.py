"""The kinds of help that a school gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from preprocessing.task.columns import Spec


class InterventionKind(Spec):
    """One kind of help; what is recorded names it, so its name stays when its words change.

    Attributes:
        name: what records hold.
        label: what people read; the name where it is empty.
        label_pt: the same in Portuguese; `label` where it is empty.
        dose_unit: what a dose counts.
        dose_unit_pt: the same in Portuguese; `dose_unit` where it is empty.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    label: str = ""
    label_pt: str = ""
    dose_unit: str = "hours a week"
    dose_unit_pt: str = "horas por semana"
