"""Puts the parts together for the entry points."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from database.client import SyncRegistry, open_registry
from database.embedded import ensure_running
from database.indexes import ensure_indexes
from deployment.settings import Settings, load_settings, require_home
from model.errors import RegistryError
from model.private import UMASK, protect


def environment(folder: Path | None = None) -> Mapping[str, str]:
    """The process's environment over the `.env` of that folder (default: the current one)."""
    file = (folder or Path.cwd()) / ".env"
    from_file = {k: v for k, v in dotenv_values(file).items() if v is not None}
    return {**from_file, **os.environ}


def settings_from_environment() -> Settings:
    """The settings of this process, whose files are its account's alone from here on.

    For entry points only.

    Raises:
        ConfigurationError: a value is wrong, or the home cannot be written to.
    """
    return private_settings(environment())


def private_settings(env: Mapping[str, str]) -> Settings:
    """The settings of an environment; the umask and the modes in its home are set to private.

    Raises:
        ConfigurationError: a value is wrong, or the home cannot be written to.
    """
    os.umask(UMASK)
    settings = load_settings(env)
    require_home(settings.home)
    protect(settings.home)
    return settings


def configure_logging(settings: Settings) -> None:
    """One line a record on stderr; for entry points only."""
    logging.basicConfig(
        level=settings.log_level,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    # Its INFO tells every request it makes, our own health probes among them.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def registry_uri(settings: Settings) -> str:
    """`MONGO_URI`, or the address of the embedded registry, started if it is not running.

    Raises:
        RegistryUnavailable: the embedded registry does not start.
    """
    if settings.mongo_uri is not None:
        return settings.mongo_uri.get_secret_value()
    return ensure_running(settings.home)


def registry(settings: Settings) -> SyncRegistry:
    """An open synchronous registry with its indexes made.

    Raises:
        RegistryUnavailable: nobody answers.
    """
    opened = open_registry(
        registry_uri(settings), settings.mongo_db, pool_size=settings.mongo_pool_size
    )
    try:
        opened.run(ensure_indexes())
    except RegistryError:
        opened.close()
        raise
    return opened
