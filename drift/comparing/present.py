"""How a task tells who is at risk now."""

from __future__ import annotations

from drift.naming.at_risk_now import PresentState
from preprocessing.task.spec import TaskSpec


def present_state(task: TaskSpec) -> PresentState | None:
    """The task's `outcome.persistence` with its outcome's rule; None where it has none."""
    name = task.outcome.persistence
    if name is None or not task.outcome.form.two_valued:
        return None
    return PresentState(name, task.outcome.value_of)
