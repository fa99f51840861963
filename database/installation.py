"""What a database says of itself: whose data key its tombstones are made with, and its task.

With another key a host would not recognise the tombstones, and would bring erased students back.
With another task it would train on foreign rows and correct foreign outcomes.
"""

from __future__ import annotations

from database.aliases import CHAMPION, AliasRepository
from database.driver.commands import Document, Find, InsertMany, Op
from database.versions import ModelVersionRepository
from model.errors import ConfigurationError
from model.trust.tombstone import TombstoneKey

COLLECTION = "installation"
DATA_KEY = "data_key"
TASK = "task"
LONGEST_NAME = 63
"""Characters of a database's name."""


def claim(key: TombstoneKey) -> Op[None]:
    """Records the data key's fingerprint in a registry that has none, or compares it.

    Raises:
        ConfigurationError: the registry belongs to an installation with another data key.
    """
    yield InsertMany(COLLECTION, [{"_id": DATA_KEY, "fingerprint": key.fingerprint}])
    yield from check(key)


def check(key: TombstoneKey) -> Op[None]:
    """Compares the data key's fingerprint, where the registry has one.

    Raises:
        ConfigurationError: the registry belongs to an installation with another data key.
    """
    found = yield Find(COLLECTION, {"_id": DATA_KEY})
    if found and found[0]["fingerprint"] != key.fingerprint:
        raise ConfigurationError(
            "FAROL_DATA_KEY: this registry was made with another data key, which recognises its "
            "erased students. Set FAROL_DATA_KEY to that of the first host, or copy the file "
            "data.key from its FAROL_HOME into this one's"
        )


def claim_task(name: str) -> Op[str]:
    """Records the task of a database that names none, and gives the task it is of.

    A database of a release that knew one task is of its champion's, or of its newest version's.
    """
    found = yield Find(COLLECTION, {"_id": TASK})
    if not found:
        of = yield from _task_of_versions()
        yield InsertMany(COLLECTION, [{"_id": TASK, "name": of or name}])
        found = yield Find(COLLECTION, {"_id": TASK})
    return str(found[0]["name"])


def recorded_task() -> Op[str]:
    """The task that a database is of, without recording it; empty where nothing tells."""
    found = yield Find(COLLECTION, {"_id": TASK})
    return str(found[0]["name"]) if found else (yield from _task_of_versions())


def _task_of_versions() -> Op[str]:
    champion = yield from AliasRepository().stored(CHAMPION)
    where = {"_id": champion["version"]} if champion else {}
    found: list[Document] = yield Find(
        ModelVersionRepository.collection, where, sort=[("number", -1)], limit=1, fields=["task"]
    )
    return str(found[0].get("task", "")) if found else ""


def database_of(root: str, home_task: str, task: str) -> str:
    """The database of a task.

    Args:
        root: the root database.
        home_task: the task whose records are in the root database, as `claim_task` tells.
        task: the task that is asked for.

    Raises:
        ConfigurationError: servers take no name of that length.

    >>> database_of("farol", "pede_lag", "pede_lag"), database_of("farol", "pede_lag", "scores")
    ('farol', 'farol_scores')
    """
    name = root if task == home_task else f"{root}_{task}"
    if len(name) > LONGEST_NAME:
        raise ConfigurationError(
            f"the database of task {task!r} would be {name}, of {len(name)} characters; servers "
            f"take {LONGEST_NAME}. Choose a shorter root database (MONGO_DB)"
        )
    return name


def require_task(name: str) -> Op[None]:
    """Makes sure that a database is of that task; one that names none is from here on.

    Raises:
        ConfigurationError: it is of another task.
    """
    of = yield from claim_task(name)
    if of != name:
        raise ConfigurationError(
            f"the database of task {name!r} holds task {of!r}. Nothing was changed. Choose another "
            f"root database for this installation (MONGO_DB), or work on that task (--task {of})"
        )
