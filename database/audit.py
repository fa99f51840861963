"""The audit log of releases before the trail (`database.trail`): read, and no longer added to.

Only what takes an installation of before over writes here what it signed anew.
"""

from __future__ import annotations

from database.driver.commands import Op
from database.repository import Repository
from model.access import AuditEvent


class AuditRepository(Repository[AuditEvent]):
    """The audit log; `newest` reads it."""

    collection = "audit"
    indexes = (
        [("at", -1)],  # newest
        [("subject", 1)],  # about
    )
    record = AuditEvent
    key = "event_id"
    missing = "audit event {}"

    def add(self, event: AuditEvent) -> Op[None]:
        """Records an event; recording it again changes nothing.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._add(self._document(event))

    def about(self, subject: str) -> Op[list[AuditEvent]]:
        """Every event of a subject, newest first.

        Raises:
            RegistryError: a document cannot be read.
        """
        return (yield from self._matching({"subject": subject}))
