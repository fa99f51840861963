"""How many tasks an installation takes where the embedded server keeps their databases."""

from __future__ import annotations

from collections.abc import Iterable

from database import installation
from database.driver.commands import Op
from database.embedded.lifecycle import MOST_DATABASES
from database.tasks import TaskRepository
from deployment.settings import Settings
from model.errors import ConfigurationError


def require_room(settings: Settings, name: str, first: str) -> Op[None]:
    """Run on the root database: there is room for one more task, before anything is made for it.

    Args:
        settings: of the installation.
        name: the task that is to come.
        first: the task whose records are in the root database.

    Raises:
        ConfigurationError: the embedded server would keep more databases than it has open.
    """
    records = yield from TaskRepository().all()
    serving = [record.name for record in records if record.retired_at is None]
    root = settings.mongo_db
    databases = {installation.database_of(root, first, one) for one in (name, *serving)}
    require_fit(settings, f"with task {name!r} this installation", databases | {root})


def require_fit(settings: Settings, what: str, databases: Iterable[str]) -> None:
    """Makes sure that the embedded server can keep so many databases; a MongoDB keeps any number.

    Args:
        settings: of the installation.
        what: what needs them, for the message.
        databases: one for each task, and the root.

    Raises:
        ConfigurationError: they are too many; the message names the limit and the ways out.
    """
    needed = len(set(databases))
    if settings.mongo_uri is None and needed > MOST_DATABASES:
        raise ConfigurationError(
            f"{what} would have {needed} databases, and the embedded server takes "
            f"{MOST_DATABASES}, one for each task. Nothing was changed. Take tasks out "
            "(FAROL_TASKS, python -m deployment.tasks retire NAME), or use a MongoDB, which takes "
            f"any number: python -m deployment.migrate_to_mongo --from {settings.home} --to URI, "
            "then MONGO_URI=URI"
        )
