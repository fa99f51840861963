"""Whether a task may be worked on: it is not retired, and what it says fits what is recorded."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from database.driver.commands import Op
from database.tasks import TaskRecord, TaskRepository
from database.trail.trail import TrailRepository
from model.audit.entry import LONGEST_DETAIL, ActorKind, Entry
from model.errors import ConfigurationError
from model.trust.tombstone import TombstoneKey
from preprocessing.task.changes import TaskChanges, compare
from preprocessing.task.spec import TaskSpec, parse_task

LISTED = 20
"""Changes that a message or an audit event tells one by one."""

AT_START = "installation"
"""Who changed a task, in the audit trail, where a start has found its file changed."""

ADD = "python -m deployment.tasks add"


def admit(
    spec: TaskSpec,
    source: str,
    known: TaskRecord | None,
    *,
    returns: bool = False,
    new_champion: bool = False,
) -> TaskChanges:
    """Accepts a task as it is given, and gives what has changed in it; or raises.

    Args:
        spec: the TaskSpec.
        source: the name or path it was read from.
        known: what the installation has recorded of the task; None for a new one.
        returns: a retired task is taken back.
        new_champion: changes are accepted that the present champion was not trained for.

    Raises:
        ConfigurationError: it is retired, or has changed in a way that is not accepted.
    """
    if known is None:
        return TaskChanges()
    if known.retired_at is not None and not returns:
        raise ConfigurationError(
            f"task {spec.name!r} was retired on {known.retired_at:%F}; take it out of FAROL_TASKS, "
            f"or to take it back: {ADD} {source}"
        )
    try:
        before = _as_recorded(spec.name, known.spec)
    except ConfigurationError as error:
        if new_champion:
            return TaskChanges(new_champion=("its recorded TaskSpec could not be read",))
        raise ConfigurationError(
            f"{error}; an earlier release wrote it, so what has changed cannot be told. To go on "
            f"with the present file: {ADD} {source} --new-champion"
        ) from error
    changes = compare(before, spec)
    if changes.refused:
        raise ConfigurationError(
            f"task {spec.name!r} ({source}) differs from what is recorded in a way that gives "
            f"another meaning to its records: {listed(changes.refused)}. Nothing was changed. Undo "
            "it, or give the task another name (`name:`), under which it has a database of its own"
        )
    if changes.new_champion and not new_champion:
        raise ConfigurationError(
            f"task {spec.name!r} ({source}) differs from what its champion was trained for: "
            f"{listed(changes.new_champion)}. Nothing was changed. Undo it, or accept it: "
            f"{ADD} {source} --new-champion"
        )
    return changes


@lru_cache(maxsize=16)
def _as_recorded(name: str, text: str) -> TaskSpec:
    """Kept, since an API that waits for a change to be undone asks again with every call."""
    return parse_task(text, source=f"the recorded TaskSpec of {name!r}")


def recorded(
    spec: TaskSpec,
    text: str,
    changes: TaskChanges,
    *,
    action: str,
    actor: str,
    now: datetime,
    data_key: TombstoneKey,
) -> Op[None]:
    """Run on the root database: records the task as accepted, and who changed what.

    Args:
        spec: the TaskSpec.
        text: the same as YAML.
        changes: what `admit` gave.
        action: what was done, for the audit log.
        actor: who did it.
        now: aware UTC.
        data_key: seals the audit trail.
    """
    yield from TaskRepository().put(spec.name, text, now)
    told = listed(changes.told)
    yield from audit(spec.name, action, actor, now, data_key, detail=told)


def audit(
    task: str, action: str, actor: str, now: datetime, data_key: TombstoneKey, *, detail: str = ""
) -> Op[None]:
    """Run on the root database: tells the audit trail of something done to a task.

    Args:
        task: its name.
        action: what was done.
        actor: who did it.
        now: aware UTC.
        data_key: seals the trail.
        detail: what else there is to know.
    """
    kind = ActorKind.WORKER if actor == AT_START else ActorKind.COMMAND
    entry = Entry(now, "", actor, kind, action, f"task {task}", detail[:LONGEST_DETAIL])
    yield from TrailRepository().tell([entry], data_key, now=now)


def listed(sentences: tuple[str, ...]) -> str:
    """The sentences in one, the first ones of many.

    >>> listed(("a: added", "b: removed"))
    'a: added; b: removed'
    """
    more = len(sentences) - LISTED
    shown = "; ".join(sentences[:LISTED])
    return f"{shown}; and {more} more" if more > 0 else shown


def in_service(known: TaskRecord, text: str) -> bool:
    """Whether the task is in service with that very text."""
    return known.spec == text and known.retired_at is None
