"""What the page of the audit trail works with, where the reader may do everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.entry.admission import Visitor
from database.driver.client import SyncRegistry
from model.access import Scope
from model.trust.tombstone import TombstoneKey


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody who may read the trail.

    Attributes:
        root: opens the root registry, where it is.
        data_key: seals it, and finds a student in it.
        home: `FAROL_HOME`, with this host's anchors.
        task: whose chain is shown.
        whole: whether the installation's is shown too, and what other tasks tell of a student.
    """

    root: Callable[[], SyncRegistry]
    data_key: TombstoneKey = field(repr=False)
    home: Path
    task: str
    whole: bool

    @property
    def chains(self) -> tuple[str, ...]:
        """The chains that are shown, the task's first."""
        return (self.task, "") if self.whole else (self.task,)


def may_audit(visitor: Visitor) -> bool:
    """Whether somebody may read the trail: with the scope `admin`, and for all units."""
    return Scope.ADMIN in visitor.scopes and not visitor.units
