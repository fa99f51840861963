"""What is asked of a task's databases before anything else: root first, then the task's own."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from database import installation
from database.adoption import adopt
from database.driver.commands import Op
from database.indexes import ensure_indexes
from database.pseudonymous.ids import require_pseudonyms
from database.tasks import TaskRepository
from deployment.tasks.admission import AT_START, admit, in_service, recorded
from deployment.tasks.installed import InstalledTask
from deployment.tasks.limits import require_room
from model.errors import ConfigurationError
from model.trust.adoption_file import AdoptionFile

_log = logging.getLogger(__name__)


def present(task: InstalledTask) -> Op[InstalledTask]:
    """Run on the root database: the task as its file says now; nothing is recorded.

    Args:
        task: as it was read before.

    Raises:
        ConfigurationError: the task is retired, its file is gone or wrong, or it has changed in a
            way that its records do not allow, or that asks for a new champion.
    """
    known = yield from TaskRepository().find(task.name)
    try:
        read = task.read_again()
    except ConfigurationError:
        if known is None or known.retired_at is None:
            raise
        read = task  # Its retirement has put the file aside.
    admit(read.spec, read.source, known)
    return read


def entered(task: InstalledTask) -> Op[str]:
    """Run on the root database: the task's place in the installation; gives its database.

    A TaskSpec that has changed and stays comparable is recorded as it is now.

    Raises:
        ConfigurationError: the task is retired, there is no room for a new one, or its TaskSpec
            has changed in a way that its records do not allow, or that asks for a new champion.
    """
    home_task = yield from installation.claim_task(task.name)
    known = yield from TaskRepository().find(task.name)
    now = datetime.now(UTC)
    if known is None:
        yield from require_room(task.settings, task.name, home_task)
        yield from TaskRepository().put(task.name, task.text, now)
    elif not in_service(known, task.text):
        changes = admit(task.spec, task.settings.task, known)
        yield from recorded(
            task.spec,
            task.text,
            changes,
            action="change",
            actor=AT_START,
            now=now,
            data_key=task.settings.tombstone_key,
        )
        for told in changes.comparable:
            _log.warning("task %s has changed: %s", task.name, told)
    return installation.database_of(task.settings.mongo_db, home_task, task.name)


def claimed(task: InstalledTask) -> Op[None]:
    """Run on the task's database: it is this installation's, and this task's.

    Raises:
        ConfigurationError: the database is of another task, made with another data key, or its ids
            are pseudonyms of another key, or none where they should be.
    """
    yield from installation.claim(task.settings.tombstone_key)
    yield from installation.require_task(task.name)
    yield from require_pseudonyms(task.settings.student_pseudonyms)


def prepared(task: InstalledTask) -> Op[None]:
    """What everybody who trusts versions runs first: indexes, and the adoption of old versions.

    Raises:
        OSError: this host's copy of the list of adopted versions cannot be kept.
    """
    yield from ensure_indexes()
    task.home.mkdir(parents=True, exist_ok=True)
    kept = AdoptionFile(task.home)
    settings = task.settings
    key = settings.signing_key.get_secret_value()
    signed = yield from adopt(kept, key, settings.tombstone_key, now=datetime.now(UTC))
    if signed:
        _log.warning("%d versions of before were verified and signed anew", signed)
