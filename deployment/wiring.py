"""Puts the parts together for the entry points."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from database import installation
from database.driver.client import SyncRegistry, open_registry
from database.driver.options import hosts_of
from database.driver.watched import watch_of
from database.embedded.lifecycle import ensure_running
from database.erasing.guarded import ErasureGuard
from database.indexes import ensure_indexes
from deployment import logs
from deployment.home import require_home, unusable
from deployment.settings import Settings, load_settings
from deployment.tasks.installed import InstalledTask, installed, of_name
from deployment.tasks.opening import claimed, entered, prepared
from deployment.tasks.takeover import take_over
from model.errors import FarolError, RegistryUnavailable
from model.telemetry.tracer import Tracer
from model.trust.private import UMASK, protect

_log = logging.getLogger(__name__)


def environment(folder: Path | None = None) -> Mapping[str, str]:
    """The process's environment over the `.env` of that folder (default: the current one)."""
    file = (folder or Path.cwd()) / ".env"
    from_file = {k: v for k, v in dotenv_values(file).items() if v is not None}
    return {**from_file, **os.environ}


def settings_from_environment(task: str | None = None) -> Settings:
    """The settings of this process, whose files are its account's alone from here on.

    For entry points only.

    Args:
        task: what `--task` was given; None is the default task.

    Raises:
        ConfigurationError: a value is wrong, or the home cannot be written to.
    """
    settings = private_settings(environment())
    return settings if task is None else of_name(settings, task)


def private_settings(env: Mapping[str, str]) -> Settings:
    """The settings of an environment; the umask and the modes in its home are set to private.

    A home of a release that knew one task is taken over.

    Raises:
        ConfigurationError: a value is wrong, or the home cannot be written to.
    """
    os.umask(UMASK)
    settings = load_settings(env)
    require_home(settings.home)
    protect(settings.home)
    try:
        moved = take_over(settings, lambda: installed(settings).name)
    except OSError as error:
        raise unusable(settings.home, error) from error
    if moved:
        _log.warning("moved into the folder of the task: %s", ", ".join(moved))
    return settings


def add_task_option(parser: argparse.ArgumentParser) -> None:
    """`--task`, the same on every command."""
    parser.add_argument(
        "--task", metavar="NAME", help="the task to work on (default: FAROL_TASK, or the first one)"
    )


def configure_logging(settings: Settings) -> None:
    """One line per record on stderr; for entry points only."""
    logs.configure(settings.log_level, settings.log_format)


def registry_uri(settings: Settings) -> str:
    """`MONGO_URI`, or the address of the embedded registry, started if it is not running.

    Raises:
        RegistryUnavailable: the embedded registry does not start.
    """
    if settings.mongo_uri is not None:
        return settings.mongo_uri.get_secret_value()
    return ensure_running(settings.home)


def registry(settings: Settings, tracer: Tracer | None = None) -> SyncRegistry:
    """An open synchronous registry of the settings' task, with its indexes made.

    Args:
        settings: of the installation.
        tracer: told of every command; None: nobody is.

    Raises:
        ConfigurationError: it belongs to an installation with another data key, the database is
            another task's, the task is retired, or the home cannot keep which versions were
            adopted.
        RegistryUnavailable: nobody answers.
    """
    root = root_registry(settings, tracer)
    try:
        return task_registry(root, installed(settings))
    except FarolError:
        root.close()
        raise


def task_registry(root: SyncRegistry, task: InstalledTask) -> SyncRegistry:
    """The registry of a task, through the connections of the root registry.

    Raises:
        ConfigurationError: the database is another task's, the task is retired, or the home cannot
            keep which versions were adopted.
        RegistryUnavailable: nobody answers.
    """
    try:
        opened = root.on(root.run(entered(task)))
        opened.run(claimed(task))
        opened.run(prepared(task))
    except OSError as error:
        raise unusable(task.home, error) from error
    return opened


def root_registry(settings: Settings, tracer: Tracer | None = None) -> SyncRegistry:
    """The registry of what belongs to all tasks: tasks, API keys, audit, workers' leases.

    Args:
        settings: of the installation.
        tracer: told of every command; None: nobody is.

    Raises:
        ConfigurationError: it belongs to an installation with another data key.
        RegistryUnavailable: nobody answers.
    """
    uri = registry_uri(settings)
    key = settings.tombstone_key
    opened = open_registry(
        uri,
        settings.mongo_db,
        pool_size=settings.mongo_pool_size,
        hook=ErasureGuard(key),
        watch=None if tracer is None else watch_of(tracer),
    )
    try:
        reach(opened, uri, "MONGO_URI" if settings.mongo_uri else "the embedded registry")
        opened.run(installation.claim(key))
        opened.run(ensure_indexes())
    except FarolError:
        opened.close()
        raise
    return opened


def reach(opened: SyncRegistry, uri: str, key: str) -> None:
    """Makes sure that somebody answers, before anything is asked of it, and warns of a weak server.

    Args:
        opened: the registry.
        uri: where it is.
        key: what the URI was given as.

    Raises:
        RegistryUnavailable: nobody does; the message names key and host, never the credentials.
    """
    try:
        if weakness := opened.weakness():
            _log.warning("%s (%s): %s", key, hosts_of(uri), weakness)
    except RegistryUnavailable as error:
        raise RegistryUnavailable(
            f"{key}: no MongoDB answers at {hosts_of(uri)}; start it, or correct the address"
        ) from error
