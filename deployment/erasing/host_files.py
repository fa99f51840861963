"""Where this host keeps what it has of students, of every task of the installation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from api.erasing.host_files import HostFiles
from database.driver.commands import Op
from deployment.settings import Settings
from deployment.tasks.databases import recorded_databases
from deployment.tasks.installed import installed
from deployment.wiring import root_registry


def host_files(settings: Settings) -> HostFiles:
    """The files of the host of these settings; nothing is opened yet."""
    return HostFiles(
        home=settings.home,
        folder=settings.home_of,
        open_root=partial(root_registry, settings),
        databases=partial(_databases, settings),
        key=settings.tombstone_key,
        embedded=settings.mongo_uri is None,
    )


def _databases(settings: Settings) -> Op[Mapping[str, str]]:
    known = yield from recorded_databases(settings.mongo_db, installed(settings).name)
    return {one.task: one.database for one in known}
