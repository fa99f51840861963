"""What a command tells the audit trail."""

from __future__ import annotations

import getpass
from datetime import datetime

from database.driver.commands import Op
from database.trail.trail import TrailRepository
from model.audit.entry import ActorKind, Entry
from model.trust.tombstone import TombstoneKey


def told(
    action: str, subject: str, detail: str = "", *, key: TombstoneKey, now: datetime
) -> Op[None]:
    """Run on the root database: tells what whoever runs this command did.

    Args:
        action: what was done.
        subject: to what.
        detail: how much, why.
        key: the installation's data key.
        now: aware UTC.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    actor = f"cli/{getpass.getuser()}"
    entry = Entry(now, "", actor, ActorKind.COMMAND, action, subject, detail)
    yield from TrailRepository().tell([entry], key, now=now)
