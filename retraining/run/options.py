"""A task with one run's options in it."""

from __future__ import annotations

from model.options import RunOptions
from preprocessing.task.spec import TaskSpec


def applied(options: RunOptions, task: TaskSpec) -> TaskSpec:
    """The task as this run sees it."""
    promotion = task.promotion
    if options.min_recall_gain is not None:
        promotion = promotion.model_copy(update={"min_recall_gain": options.min_recall_gain})
    asked = {name: getattr(options, name) for name in ("window", "trials", "seconds")}
    given = {name: value for name, value in asked.items() if value is not None}
    training = task.training.model_copy(update=given)
    return task.model_copy(update={"promotion": promotion, "training": training})
