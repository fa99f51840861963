"""Features joined to the outcomes that followed them, without a registry: for replay and tests."""

from __future__ import annotations

from collections.abc import Iterable

from model.label import Label
from preprocessing.loading import CleanTable


def paired(tables: Iterable[CleanTable]) -> list[Label]:
    """One label a student and period for which both features and outcome are in the tables.

    An outcome arrives when its own table does. Where two tables report the same thing, the later
    one in the order given wins.

    Returns:
        Labels by period and student.
    """
    known = list(tables)
    features = {(o.student_id, o.period): o for table in known for o in table.observations}
    outcomes = {(o.student_id, o.period): o for table in known for o in table.outcomes}
    return [
        Label(
            student_id=observation.student_id,
            period=observation.period,
            features=observation.features,
            outcome=outcomes[key].value,
            observed_at=outcomes[key].observed_at,
            arrived_at=outcomes[key].observed_at,
            protected=observation.protected,
            source=outcomes[key].source,
        )
        for key, observation in sorted(features.items(), key=lambda item: item[0][::-1])
        if key in outcomes
    ]
