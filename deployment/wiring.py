"""Puts the parts together for the entry points."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from dotenv import dotenv_values

from database import installation
from database.adoption import adopt
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Op
from database.driver.options import hosts_of
from database.embedded.lifecycle import ensure_running
from database.erasing.guarded import ErasureGuard
from database.indexes import ensure_indexes
from deployment import logs
from deployment.settings import Settings, load_settings, require_home, unusable
from model.errors import FarolError, RegistryUnavailable
from model.trust.adoption_file import AdoptionFile
from model.trust.private import UMASK, protect
from model.trust.tombstone import TombstoneKey

_log = logging.getLogger(__name__)


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
    """One line per record on stderr; for entry points only."""
    logs.configure(settings.log_level)


def registry_uri(settings: Settings) -> str:
    """`MONGO_URI`, or the address of the embedded registry, started if it is not running.

    Raises:
        RegistryUnavailable: the embedded registry does not start.
    """
    if settings.mongo_uri is not None:
        return settings.mongo_uri.get_secret_value()
    return ensure_running(settings.home)


def tombstone_key(settings: Settings) -> TombstoneKey:
    """What recognises erased students."""
    return TombstoneKey(settings.data_key.get_secret_value())


def registry(settings: Settings) -> SyncRegistry:
    """An open synchronous registry with its indexes made.

    Raises:
        ConfigurationError: it belongs to an installation with another data key.
        RegistryUnavailable: nobody answers.
        ConfigurationError: the home cannot keep which versions were adopted.
    """
    uri = registry_uri(settings)
    key = tombstone_key(settings)
    opened = open_registry(
        uri, settings.mongo_db, pool_size=settings.mongo_pool_size, hook=ErasureGuard(key)
    )
    try:
        reach(opened, uri, "MONGO_URI" if settings.mongo_uri else "the embedded registry")
        opened.run(installation.claim(key))
        opened.run(prepared(settings))
    except OSError as error:
        opened.close()
        raise unusable(settings.home, error) from error
    except FarolError:
        opened.close()
        raise
    return opened


def prepared(settings: Settings) -> Op[None]:
    """What everybody who trusts versions runs first: indexes, and the adoption of old versions.

    Raises:
        OSError: this host's copy of the list of adopted versions cannot be kept.
    """
    yield from ensure_indexes()
    kept = AdoptionFile(settings.home)
    key = settings.signing_key.get_secret_value()
    signed = yield from adopt(kept, key, now=datetime.now(UTC))
    if signed:
        _log.warning("%d versions of before were verified and signed anew", signed)


def reach(opened: SyncRegistry, uri: str, key: str) -> None:
    """Makes sure that somebody answers, before anything is asked of it.

    Args:
        opened: the registry.
        uri: where it is.
        key: what the URI was given as.

    Raises:
        RegistryUnavailable: nobody does; the message names key and host, never the credentials.
    """
    try:
        opened.ping()
    except RegistryUnavailable as error:
        raise RegistryUnavailable(
            f"{key}: no MongoDB answers at {hosts_of(uri)}; start it, or correct the address"
        ) from error
