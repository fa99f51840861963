"""What the commands of tasks say: what was done, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from database.driver.options import grant_on
from database.embedded import lifecycle
from deployment.settings import Settings
from deployment.tasks.adding import Added, Retired
from deployment.tasks.installed import InstalledTask


def told_added(task: InstalledTask, added: Added) -> Iterator[str]:
    """What was done, and what comes next."""
    done = {"add": "added", "change": "changed", "take back": "taken back", "": "as it was"}
    yield f"Task {task.name}: {done[added.action]}, in database {added.database}"
    yield from (f"  {told}" for told in added.changes.told)
    if added.file is not None:
        yield f"  kept as {added.file}"
    if task.settings.mongo_uri is not None:
        yield "Where the account in MONGO_URI may write to named databases only, an administrator"
        yield f"of the MongoDB grants it this one, in mongosh: {grant_on(added.database)}"
    yield "Next:"
    if added.action != "change":
        yield f"  python -m preprocessing.ingest FILE... --task {task.name}"
    if added.action != "change" or added.changes.new_champion:
        yield f"  python -m retraining.pipeline --task {task.name}"
    yield "  make run    again, so that it is served as it is now"


def told_retired(name: str, done: Retired, settings: Settings) -> Iterator[str]:
    """What was done, what still names the task, and how its data would be dropped."""
    yield f"Task {name}: retired. No further run begins; the API that is up serves it until it is"
    yield "started again (make run)"
    if done.listed:
        yield f"  take {done.listed} out of FAROL_TASKS, or the next start is refused"
    if done.file is not None:
        yield f"  to take it back: python -m deployment.tasks add {done.file}"
    yield f"Its data stay: database {done.database}, {settings.home_of(name)}."
    yield "An erasure of a student does not reach a retired task. To drop what is no longer needed:"
    yield from (f"  {line}" for line in _dropping(name, done, settings))


def _dropping(name: str, done: Retired, settings: Settings) -> Iterator[str]:
    if done.shared:
        yield f"{done.database} is the root database, which also holds keys and audit: take a task"
        yield "back, or delete the students one by one (DELETE /students/{id}) before it is retired"
    elif settings.mongo_uri is not None:
        yield f"mongosh: db.getSiblingDB('{done.database}').dropDatabase()"
    else:
        yield f"python -m database.embedded --stop; rm {_files(settings.home, done.database)}"
    yield f"rm -r {settings.home_of(name)}"


def _files(home: Path, database: str) -> str:
    return f"{lifecycle.data_file(home, database)}*"
