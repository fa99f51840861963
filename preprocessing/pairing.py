"""Features joined to the outcomes that followed them, without a registry: for replay and tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from model.label import Label
from model.student import Observation
from preprocessing.files.loading import CleanTable
from preprocessing.longitudinal import recalled
from preprocessing.task.columns import Longitudinal


def paired(tables: Iterable[CleanTable], longitudinal: Longitudinal | None = None) -> list[Label]:
    """One label a student and period for which both features and outcome are in the tables.

    An outcome arrives when its own table does. Where two tables report the same thing, the later
    one in the order given wins.

    Args:
        tables: in the order they arrived.
        longitudinal: what to add from earlier periods, if anything.

    Returns:
        Labels by period and student.
    """
    read = list(tables)
    features = {(o.student_id, o.period): o for table in read for o in table.observations}
    outcomes = {(o.student_id, o.period): o for table in read for o in table.outcomes}
    known: defaultdict[str, list[Observation]] = defaultdict(list)
    for observation in features.values():
        known[observation.student_id].append(observation)
    return [
        Label(
            student_id=observation.student_id,
            period=observation.period,
            features=recalled(
                longitudinal,
                observation.features,
                observation.period,
                known[key[0]],
            ),
            outcome=outcomes[key].value,
            observed_at=outcomes[key].observed_at,
            arrived_at=outcomes[key].observed_at,
            protected=observation.protected,
            source=outcomes[key].source,
            units=observation.units,
            unit=observation.unit,
        )
        for key, observation in sorted(features.items(), key=lambda item: item[0][::-1])
        if key in outcomes
    ]
