"""Whether a task may be worked on: it is not retired, and what it says fits what is recorded."""

from __future__ import annotations

from database.tasks import TaskRecord
from model.errors import ConfigurationError
from preprocessing.task.spec import TaskSpec


def admit(spec: TaskSpec, text: str, known: TaskRecord | None) -> None:
    """Accepts a task as it is given, or raises.

    Args:
        spec: the TaskSpec.
        text: the same as YAML.
        known: what the installation has recorded of the task; None for a new one.

    Raises:
        ConfigurationError: it is retired.
    """
    if known is not None and known.retired_at is not None:
        raise ConfigurationError(
            f"task {spec.name!r} was retired on {known.retired_at:%F}; to take it back: "
            "python -m deployment.tasks add FILE"
        )
