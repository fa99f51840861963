"""Units in the join of outcomes: what a report may see, and whose facts make the label.

A report that names a unit was sent by somebody who may know that unit only. So it joins the unit's
records, and what it is answered is the same whatever other units know. A report without a unit
comes from somebody who may know them all, a file of the whole city say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from model.labels.facts import Known


def visible_to(unit: str, known: Known) -> Known:
    """The facts that a report of that unit may see; without a unit it may see all.

    Reports without a unit say nothing of where the student is. They are seen where the school's
    own observation does: to have asked for a prediction is no proof.
    """
    if not unit:
        return known
    ours = known.observation is not None and known.observation.unit == unit
    return replace(
        known,
        reports=tuple(r for r in known.reports if r.unit == unit or (ours and not r.unit)),
        predictions=tuple(p for p in known.predictions if p.unit == unit),
        observation=known.observation if ours else None,
    )


def candidates(known: Known) -> Sequence[Known]:
    """The facts of each unit that may make the label, in the order in which they are tried.

    The unit of the observation decides alone. Without one the units of the predictions follow, the
    earliest first, and last the records of no known unit. What has a unit beside these makes no
    label.
    """
    if not _has_units(known):
        return (known,)
    if known.observation is not None and known.observation.unit:
        return (_within(known.observation.unit, known),)
    dated = sorted((p.known_at, p.prediction_id or "", p.unit) for p in known.predictions if p.unit)
    return [_within(unit, known) for unit in (*dict.fromkeys(unit for *_, unit in dated), "")]


def _has_units(known: Known) -> bool:
    observed = known.observation is not None and known.observation.unit
    return bool(observed or any(p.unit for p in known.predictions)) or any(
        report.unit for report in known.reports
    )


def _within(unit: str, known: Known) -> Known:
    """The facts of one unit; records of no unit are of the one that the observation names."""
    observed = known.observation if known.observation and known.observation.unit == unit else None
    units = {unit, ""} if observed is not None else {unit}
    return Known(
        known.student_id,
        known.period,
        reports=tuple(r for r in known.reports if r.unit in {unit, ""}),
        predictions=tuple(p for p in known.predictions if p.unit in units),
        observation=observed,
        unit=unit,
    )
