"""One line of the audit trail, and how it names a student without telling who it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.trust.tombstone import TombstoneKey

LONGEST_DETAIL = 500
"""Characters of an entry's detail; what is longer is cut."""


class ActorKind(StrEnum):
    """What somebody acted as."""

    KEY = "key"
    PERSON = "person"
    TOKEN = "token"  # noqa: S105  a kind of who asks
    COMMAND = "command"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did; it holds no features, no marks and no student's name or id.

    Attributes:
        at: aware UTC; kept to the millisecond.
        task: the task it is about; "" is the installation (keys, people, tasks).
        actor: the name of a key or person, `cli/<account>`, or the worker's duty.
        kind: what the actor is.
        action: what was done, `student opened` say.
        subject: to what: a version, a run, `list`, or the `pseudonym` of a student.
        detail: how much, why; never whom.
        source: from where, as far as that is known: a network address, a host's name.
    """

    at: datetime
    task: str
    actor: str
    kind: ActorKind
    action: str
    subject: str = ""
    detail: str = ""
    source: str = ""


def pseudonym(student_id: str, key: TombstoneKey) -> str:
    """What the trail calls a student: HMAC-SHA256 of the id with the installation's data key, hex.

    Whoever has the key and an id finds the entries; nobody gets from an entry to the id. It is the
    same mark that a tombstone of the student has, and that releases before the trail wrote.

    Args:
        student_id: what Farol knows the student by (`preprocessing.student_ids.key_of`).
        key: the installation's data key.
    """
    return key.of(student_id)
