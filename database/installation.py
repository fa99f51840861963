"""What a database says of itself: the data key of its tombstones, its task, its format.

With another key a host would not recognise the tombstones, and would bring erased students back.
With another task it would train on foreign rows and correct foreign outcomes. An older release
would drop what it does not know of a document as it writes it anew.
"""

from __future__ import annotations

from database.aliases import CHAMPION, AliasRepository
from database.driver.commands import Document, Find, InsertMany, Op, Replace, ReplaceMany
from database.versions import ModelVersionRepository
from model.errors import ConfigurationError, NewerRegistry
from model.trust.tombstone import TombstoneKey

COLLECTION = "installation"
DATA_KEY = "data_key"
TASK = "task"
FORMAT_KEY = "format"
FORMAT = 1
"""The format in which this release writes a registry. It is raised when records change, which
`tests/database/test_format.py` sees; a release that knows a lower one is refused from then on."""

LONGEST_NAME = 63
"""Characters of a database's name."""


def claim(key: TombstoneKey) -> Op[None]:
    """Records the data key's fingerprint and the format of a registry that has none, or compares.

    A registry of an older format is of this release's from here on.

    Raises:
        ConfigurationError: the registry belongs to an installation with another data key.
        NewerRegistry: it was written by a newer release.
    """
    said: list[Document] = [
        {"_id": DATA_KEY, "fingerprint": key.fingerprint},
        {"_id": FORMAT_KEY, "number": FORMAT},
    ]
    yield InsertMany(COLLECTION, said)
    older = yield from check(key)
    if older is not None:
        fresh = {"_id": FORMAT_KEY, "number": FORMAT}
        # Somebody newer may have raised it in between; then this process is the last one let in.
        yield ReplaceMany(COLLECTION, [Replace({"_id": FORMAT_KEY, "number": older}, fresh)])


def check(key: TombstoneKey) -> Op[int | None]:
    """Compares the data key's fingerprint and the format, where the registry has them.

    Returns:
        The format, where it is an older one.

    Raises:
        ConfigurationError: the registry belongs to an installation with another data key.
        NewerRegistry: it was written by a newer release.
    """
    found = yield Find(COLLECTION, {"_id": {"$in": [DATA_KEY, FORMAT_KEY]}})
    said = {one["_id"]: one for one in found}
    number = said.get(FORMAT_KEY, {}).get("number", FORMAT)
    if number > FORMAT:
        raise NewerRegistry(
            f"this registry was opened by a newer release of Farol: its format is {number}, and "
            f"this release knows {FORMAT} at most. Nothing was changed. Start the newer release "
            "again; or go back by the backup of before the upgrade, into an empty FAROL_HOME and "
            "MONGO_DB (docs/deployment.md)"
        )
    if DATA_KEY in said and said[DATA_KEY]["fingerprint"] != key.fingerprint:
        raise ConfigurationError(
            "FAROL_DATA_KEY: this registry was made with another data key, which recognises its "
            "erased students. Set FAROL_DATA_KEY to that of the first host, or copy the file "
            "data.key from its FAROL_HOME into this one's"
        )
    return number if number < FORMAT else None


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
