"""One look: what is new is recorded, what is due is sent, and what came of it is recorded.

The order makes each notice be told once: it is recorded as due before anything is sent, taken by
one worker through a compare-and-set, and noted address by address as it is accepted. A worker that
dies between a sending and its note leaves it taken; after `CLAIM` another sends it again to the
addresses that were not noted. So a death may tell somebody twice, and never nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.watch.notices import NoticeRepository
from model.watch.notice import Notice, Telling
from preprocessing.task.spec import TaskSpec
from retraining.notices.addresses import Address, AppriseOutlet, Outlet
from retraining.notices.gathering import gather
from retraining.notices.message import Letterhead, letterhead, message_of
from retraining.notices.reconcile import Changes, Found, found_in, reconcile, topics
from retraining.notices.timing import choose, wait_after

CLAIM = timedelta(minutes=10)
"""So long a worker may take to send: twenty addresses that do not answer take seven minutes."""

MOST = 500
"""Notices of one look."""

KEPT = timedelta(days=400)
"""Notices older than a school year are forgotten."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a look needs beside the registry.

    Attributes:
        outlet: where notices go.
        holder: this worker's name.
        home: the task's folder on this host, if it has one.
        api_url: the API, if it is known.
        dashboard_url: the dashboard as people reach it.
    """

    outlet: Outlet
    holder: str
    home: Path | None = None
    api_url: str | None = None
    dashboard_url: str | None = None


def surroundings(
    setting: str,
    task: str,
    key: bytes,
    *,
    holder: str,
    home: Path | None = None,
    api_url: str | None = None,
    dashboard_url: str | None = None,
) -> Surroundings:
    """What a look needs, made of the installation's settings.

    Args:
        setting: FAROL_NOTICES.
        task: the task's name.
        key: the installation's signing key.
        holder: this worker's name.
        home: the task's folder on this host.
        api_url: FAROL_API_URL.
        dashboard_url: FAROL_DASHBOARD_URL.

    Raises:
        ConfigurationError: an address is of no kind that is known; the message names its place.
    """
    outlet = AppriseOutlet(setting, task, key)
    return Surroundings(outlet, holder, home, api_url, dashboard_url)


@dataclass(frozen=True, slots=True)
class Told:
    """What a look did.

    Attributes:
        found: how many notices are new.
        sent: how many are with every address now.
        failed: how many were given up.
        held: how many wait for the end of quiet hours or of a pause.
        refused: what the addresses said that did not accept, an address each.
    """

    found: int = 0
    sent: int = 0
    failed: int = 0
    held: int = 0
    refused: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [
            f"{number} {word}"
            for number, word in (
                (self.found, "found"),
                (self.sent, "sent"),
                (self.held, "held back for now"),
                (self.failed, "given up"),
            )
            if number
        ]
        return "; ".join([", ".join(parts) or "nothing to tell", *self.refused])


def tell(
    registry: SyncRegistry,
    root: SyncRegistry,
    task: TaskSpec,
    around: Surroundings,
    *,
    now: datetime,
) -> Told:
    """One look, for the worker that holds the task's lease.

    Args:
        registry: the task's.
        root: the one that holds the workers' leases.
        task: whose notices they are.
        around: addresses, and what else this host knows.
        now: aware UTC.

    Raises:
        RegistryError: the registry fails; the next look goes on where this one stopped.
    """
    found = _found(registry, root, task, around, now)
    changes = registry.run(_compared(found, around, now))
    written = registry.run(NoticeRepository().write([*changes.fresh, *changes.changed]))
    registry.run(NoticeRepository().forget(now - KEPT))
    new = sum(one.revision == 1 for one in written)
    return replace(send_due(registry, task, around, now=now), found=new)


def upcoming(
    registry: SyncRegistry,
    root: SyncRegistry,
    task: TaskSpec,
    around: Surroundings,
    *,
    now: datetime,
) -> tuple[Notice, ...]:
    """The notices that a look would add; writes and sends nothing.

    Args:
        registry: the task's.
        root: the one that holds the workers' leases.
        task: whose notices they are.
        around: addresses, and what else this host knows.
        now: aware UTC.

    Raises:
        RegistryError: the registry fails.
    """
    found = _found(registry, root, task, around, now)
    return registry.run(_compared(found, around, now)).fresh


def send_due(
    registry: SyncRegistry, task: TaskSpec, around: Surroundings, *, now: datetime
) -> Told:
    """Sends what is due, as one message to each address.

    Raises:
        RegistryError: the registry fails; what was taken is due again after a while.
    """
    if not around.outlet.addresses:
        return Told()
    notices = NoticeRepository()
    due = registry.run(notices.due(now, MOST))
    batch = choose(due, task.notices, now=now, last_sent=registry.run(notices.last_sent()))
    if not batch.now:
        return Told(held=batch.held)
    taken = registry.run(notices.write([_taken(one, around.holder, now) for one in batch.now]))
    head = letterhead(task, around.dashboard_url)
    refused = []
    for address in around.outlet.addresses:
        why, taken = _send(registry, address, taken, head, around, now)
        if why:
            refused.append(f"{address.told}: {why}")
    ended = registry.run(notices.write([_ended(one, around.outlet, refused, now) for one in taken]))
    return Told(
        sent=sum(one.state is Telling.SENT for one in ended),
        failed=sum(one.state is Telling.FAILED for one in ended),
        held=batch.held,
        refused=tuple(refused),
    )


def _found(
    registry: SyncRegistry,
    root: SyncRegistry,
    task: TaskSpec,
    around: Surroundings,
    now: datetime,
) -> list[Found]:
    home, api_url = around.home, around.api_url
    return found_in(gather(registry, root, task, now=now, home=home, api_url=api_url))


def _compared(found: Sequence[Found], around: Surroundings, now: datetime) -> Op[Changes]:
    known = {one.notice_id: one for one in (yield from NoticeRepository().standing())}
    named = yield from NoticeRepository().of_topics(topics(found))
    known |= {one.notice_id: one for one in named}
    first = not known and not (yield from NoticeRepository().newest(1))
    return reconcile(
        found,
        list(known.values()),
        now=now,
        first=first,
        addressed=bool(around.outlet.addresses),
    )


def _send(
    registry: SyncRegistry,
    address: Address,
    taken: Sequence[Notice],
    head: Letterhead,
    around: Surroundings,
    now: datetime,
) -> tuple[str, list[Notice]]:
    """Sends to one address what it lacks; gives why not, and the notices as they are stored now."""
    lacking = [one for one in taken if address.key not in one.delivered]
    if not lacking:
        return "", list(taken)
    why = around.outlet.send(address, message_of(lacking, head))
    if why:
        return why, list(taken)
    noted = [
        replace(one, delivered=(*one.delivered, address.key), sent_at=one.sent_at or now)
        for one in lacking
    ]
    written = registry.run(NoticeRepository().write(noted))
    return "", [one for one in taken if address.key in one.delivered] + written


def _taken(one: Notice, holder: str, now: datetime) -> Notice:
    return replace(
        one,
        state=Telling.SENDING,
        claim=holder,
        attempts=one.attempts + 1,
        next_at=now + CLAIM,
    )


def _ended(one: Notice, outlet: Outlet, refused: Sequence[str], now: datetime) -> Notice:
    """With every address, to be tried again, or given up."""
    if all(address.key in one.delivered for address in outlet.addresses):
        return replace(one, state=Telling.SENT, detail="")
    detail, wait = "; ".join(refused), wait_after(one.attempts)
    if wait is None:
        return replace(one, state=Telling.FAILED, detail=detail)
    return replace(one, state=Telling.DUE, next_at=now + wait, detail=detail)
