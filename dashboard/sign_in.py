"""Who may see the dashboard: it shows what the scope `read` of the API shows."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from model.access import ApiKey, Scope
from model.trust.key_seal import digest_of


class Entry(StrEnum):
    """Whether somebody may come in, or why not; each has a text of that name in `texts.yaml`."""

    OPEN = "open"
    REMOTE = "remote"
    NO_KEY = "no_key"
    UNKNOWN = "unknown"
    LACKS_READ = "lacks_read"
    OTHER_TASK = "other_task"


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


def entry_with(secret: str, keys: Iterable[ApiKey], task: str) -> Entry:
    """What a key opens.

    Args:
        secret: as typed in.
        keys: those that count, `database.api_keys.those_in_force`.
        task: the name of the task that is to be shown.
    """
    digest = digest_of(secret.strip())
    key = next((key for key in keys if key.digest == digest), None)
    if key is None:
        return Entry.UNKNOWN
    if key.tasks and task not in key.tasks:
        return Entry.OTHER_TASK
    return Entry.OPEN if key.scopes & {Scope.READ, Scope.ADMIN} else Entry.LACKS_READ
