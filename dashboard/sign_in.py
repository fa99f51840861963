"""Who may see the dashboard: it shows what the scope `read` of the API shows."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from model.access import ApiKey, Scope
from model.trust.key_seal import digest_of


class Entry(StrEnum):
    """Whether somebody may come in, or why not; each has a text of that name in `texts.yaml`.

    `OWN_UNITS` opens what the API answers about the students of the key's units, and nothing else.
    """

    OPEN = "open"
    REMOTE = "remote"
    NO_KEY = "no_key"
    UNKNOWN = "unknown"
    LACKS_READ = "lacks_read"
    OTHER_TASK = "other_task"
    SOME_UNITS = "some_units"
    OWN_UNITS = "own_units"


def entry(auth: Literal["keys", "off"], remote: str | None, secret: str) -> Entry | None:
    """What can be told without the registry; None where the key has to be looked up.

    Args:
        auth: `FAROL_AUTH`.
        remote: the visitor's address, None on this machine.
        secret: the key that was typed in.

    >>> entry("off", None, ""), entry("off", "10.1.2.3", ""), entry("keys", None, "")
    (<Entry.OPEN: 'open'>, <Entry.REMOTE: 'remote'>, <Entry.NO_KEY: 'no_key'>)
    """
    if auth == "off":
        return Entry.OPEN if remote is None else Entry.REMOTE
    return None if secret.strip() else Entry.NO_KEY


def entry_with(secret: str, keys: Iterable[ApiKey], task: str, *, listing: bool) -> Entry:
    """What a key opens.

    A key for some units opens the list of students alone: every other page is about all units.

    Args:
        secret: as typed in.
        keys: those that count, `database.api_keys.those_in_force`.
        task: the name of the task that is to be shown.
        listing: whether it is the list of students.
    """
    digest = digest_of(secret.strip())
    key = next((key for key in keys if key.digest == digest), None)
    if key is None:
        return Entry.UNKNOWN
    if key.tasks and task not in key.tasks:
        return Entry.OTHER_TASK
    if not key.scopes & {Scope.READ, Scope.ADMIN}:
        return Entry.LACKS_READ
    if not key.units:
        return Entry.OPEN
    return Entry.OWN_UNITS if listing else Entry.SOME_UNITS
