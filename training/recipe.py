"""The digest of what a model is trained by: the same recipe on other records is the same model."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from preprocessing.task.columns import FOR_PEOPLE
from preprocessing.task.spec import TaskSpec
from training.candidates import candidate

WORDS = (*FOR_PEOPLE, "aliases", "over_periods")
"""What a column says to people and to whoever reads files; no model sees it."""
HOW_MUCH = ("window", "seconds")
"""Of how many records and for how long, which is not how."""
OBJECTIVE = ("alert_budget", "lanes")
"""What of the promotion policy a model is chosen by."""


def recipe(task: TaskSpec) -> str:
    """SHA-256 over features, derived numbers, candidates with their settings, and objective, hex.

    >>> from preprocessing.task.spec import load_task
    >>> task = load_task("uci_student")
    >>> recipe(task) == recipe(task.model_copy(update={"title": "Fails"}))
    True
    >>> narrower = task.training.model_copy(update={"candidates": ("lightgbm",)})
    >>> recipe(task) == recipe(task.model_copy(update={"training": narrower}))
    False
    """
    said = json.dumps(_parts(task), sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _parts(task: TaskSpec) -> dict[str, Any]:
    words = set(WORDS)
    settings = {
        name: candidate(name).params_under(task.training) for name in task.training.candidates
    }
    return {
        "features": [column.model_dump(mode="json", exclude=words) for column in task.features],
        "derived": [one.model_dump(mode="json", exclude=words) for one in task.derived],
        "training": task.training.model_dump(mode="json", exclude=set(HOW_MUCH)),
        "settings": settings,
        "objective": task.promotion.model_dump(mode="json", include=set(OBJECTIVE)),
    }
