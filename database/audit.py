"""The audit log of releases before the trail (`database.trail`): read, and no longer added to."""

from __future__ import annotations

from database.driver.commands import Op
from database.repository import Repository
from model.access import AuditEvent


class AuditRepository(Repository[AuditEvent]):
    """The audit log of before; `newest` reads it."""

    collection = "audit"
    indexes = (
        [("at", -1)],  # newest
        [("subject", 1)],  # about
    )
    record = AuditEvent
    key = "event_id"
    missing = "audit event {}"

    def about(self, subject: str) -> Op[list[AuditEvent]]:
        """Every event of a subject, newest first.

        Raises:
            RegistryError: a document cannot be read.
        """
        return (yield from self._matching({"subject": subject}))
