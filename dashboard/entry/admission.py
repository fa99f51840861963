"""Who may see what: the dashboard shows what the scope `read` of the API shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from model.access import ApiKey, Scope
from model.people.person import Person, folded_name
from model.people.session import LASTS


class DoorState(StrEnum):
    """Whether somebody may come in, or why not; each has a text of that name in `texts.yaml`.

    `OWN_UNITS` opens what the API answers about the students of somebody's units, and nothing else.
    """

    OPEN = "open"
    REMOTE = "remote"
    NOBODY = "nobody"
    UNKNOWN = "unknown"
    SIGNED_OUT = "signed_out"
    LACKS_READ = "lacks_read"
    OTHER_TASK = "other_task"
    SOME_UNITS = "some_units"
    OWN_UNITS = "own_units"


INSIDE = frozenset({DoorState.OPEN, DoorState.OWN_UNITS})
"""Something is shown."""

RECOGNISED = INSIDE | {DoorState.LACKS_READ, DoorState.OTHER_TASK, DoorState.SOME_UNITS}
"""It is known who it is."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever was recognised, a person or the holder of an API key.

    Attributes:
        name: as the audit trail calls whoever acts.
        shown: as the page calls the visitor.
        tasks: all, where none is named.
        units: all, where none is named.
        person: whether it is a person who is signed in.
        language: the person's; "" is told by the browser.
    """

    name: str
    shown: str
    scopes: frozenset[Scope]
    tasks: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    person: bool = False
    language: str = ""


HERE = Visitor("", "", frozenset(Scope))
"""Whoever sits at this machine while authentication is off."""


def without_asking(auth: Literal["keys", "off"], remote: str | None, sent: str) -> DoorState | None:
    """What can be told without the registry; None where it has to be asked.

    Args:
        auth: `FAROL_AUTH`.
        remote: the visitor's address, None on this machine.
        sent: a session's token or an API key.

    >>> without_asking("off", None, ""), without_asking("off", "10.1.2.3", "")
    (<DoorState.OPEN: 'open'>, <DoorState.REMOTE: 'remote'>)
    >>> without_asking("keys", None, "")
    <DoorState.NOBODY: 'nobody'>
    """
    if auth == "off":
        return DoorState.OPEN if remote is None else DoorState.REMOTE
    return None if sent.strip() else DoorState.NOBODY


def opened(visitor: Visitor, task: str, *, by_unit: bool) -> DoorState:
    """What opens to somebody who was recognised.

    Args:
        visitor: who.
        task: the name of the task that is to be shown.
        by_unit: whether the page tells of the visitor's units alone; every other one is about all.
    """
    if visitor.tasks and task not in visitor.tasks:
        return DoorState.OTHER_TASK
    if not visitor.scopes & {Scope.READ, Scope.ADMIN}:
        return DoorState.LACKS_READ
    if not visitor.units:
        return DoorState.OPEN
    return DoorState.OWN_UNITS if by_unit else DoorState.SOME_UNITS


def of_key(key: ApiKey) -> Visitor:
    """The holder of an API key."""
    return Visitor(key.name, key.name, key.scopes, key.tasks, key.units)


def of_person(person: Person) -> Visitor:
    """A person who is signed in."""
    return Visitor(
        person.name,
        person.full_name,
        person.scopes,
        person.tasks,
        person.units,
        person=True,
        language=person.language,
    )


def vouched_address(
    claims: Mapping[str, object], trusted: Literal["verified", "any"], now: datetime
) -> str | None:
    """The address that an organisation's log-in vouches for; None where it vouches for none.

    An address that its owner could choose freely makes anybody anyone, so it counts if the
    organisation says that it verified it, or if the installation says that it always does.
    Streamlit's cookie lasts 30 days; what was said longer ago than a session lasts is not believed,
    so that whoever left the organisation is out by the next day.

    Args:
        claims: of the identity token, `st.user`.
        trusted: `FAROL_OIDC_EMAIL`.
        now: aware UTC.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 2, tzinfo=UTC)
    >>> said = {"email": "Maria@escola.org", "iat": now.timestamp() - 60}
    >>> vouched_address(said, "verified", now) is None, vouched_address(said, "any", now)
    (True, 'maria@escola.org')
    >>> vouched_address(said | {"email_verified": True, "iat": 0}, "verified", now) is None
    True
    """
    email, at, verified = (claims.get(name) for name in ("email", "iat", "email_verified"))
    if not isinstance(email, str) or "@" not in email or not isinstance(at, int | float):
        return None
    if now.timestamp() - at > LASTS.total_seconds():
        return None
    if verified is not True and (trusted == "verified" or verified is not None):
        return None
    return folded_name(email)
