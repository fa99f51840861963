"""Receipts of erasures, and the hosts that have to carry them out; in the root database.

A receipt's number is given after the student's tombstones were laid. So a host that reads the
newest number, then the tombstones, then frees its files of all whom they name has carried out
every erasure up to that number, its own clock or another's whatever they say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from database.driver.commands import Find, Op
from database.repository import Repository
from model.erasing.host import UNSEEN_DAYS, Host
from model.erasing.receipt import FIRST, Erasure, begun


class HostRepository(Repository[Host]):
    """The hosts of an installation, each by its id."""

    collection = "hosts"
    indexes = ([("seen_at", -1)],)  # newest
    record = Host
    key = "host"
    order = (("seen_at", -1), ("_id", 1))
    missing = "host {}"

    def seen(self, host: str, name: str, *, now: datetime) -> Op[Host]:
        """Keeps that a host is there; a new one has carried out nothing yet.

        Raises:
            RegistryError: what is kept of it cannot be read.
        """
        return (yield from self._changed(Host(host, name, now), lambda known: known))

    def carried_out(self, host: str, name: str, number: int, *, now: datetime) -> Op[Host]:
        """Keeps that a host's own files are free of whom the erasures up to that number name.

        Raises:
            RegistryError: what is kept of it cannot be read.
        """

        def done(known: Host) -> Host:
            return replace(known, carried_out=max(known.carried_out, number))

        return (yield from self._changed(Host(host, name, now), done))

    def known(self, *, now: datetime) -> Op[list[Host]]:
        """The hosts that were seen of late; those that were not are forgotten.

        Raises:
            RegistryError: a document cannot be read.
        """
        yield from self._delete({"seen_at": {"$lt": now - timedelta(days=UNSEEN_DAYS)}})
        return (yield from self.newest(0))

    def _changed(self, told: Host, change: Callable[[Host], Host]) -> Op[Host]:
        while True:
            known = yield from self.find(told.host)
            read = known.revision if known else 0
            kept = replace(known or told, name=told.name, seen_at=told.seen_at)
            kept = change(kept)
            if (yield from self._swap(self._document(kept), read=read)):
                return replace(kept, revision=read + 1)


class ErasureRepository(Repository[Erasure]):
    """The receipts, by their ids; they name no student."""

    collection = "erasures"
    indexes = ([("number", -1)],)  # newest, after
    record = Erasure
    key = "receipt_id"
    order = (("number", -1), ("_id", 1))
    missing = "no erasure has the receipt {}"

    def begin(self, *, at: datetime, actor: str, backup_days: int | None) -> Op[Erasure]:
        """Gives an erasure its number, with every host that is known.

        The student's tombstones have been laid before.

        Raises:
            RegistryError: what is kept cannot be read.
        """
        hosts = yield from HostRepository().known(now=at)
        while True:
            number = (yield from self.newest_number()) + 1
            made = begun(number, hosts, at=at, actor=actor, backup_days=backup_days)
            if (yield from self._swap(self._document(made), read=0)):
                return replace(made, revision=1)

    def change(self, receipt_id: str, change: Callable[[Erasure], Erasure]) -> Op[Erasure]:
        """Changes a receipt, whoever else does at the same time; gives it as it is then.

        Args:
            receipt_id: which.
            change: called again with what somebody else has made of it meanwhile.

        Raises:
            NotFound: there is none.
            RegistryError: it cannot be read.
        """
        while True:
            known = yield from self.get(receipt_id)
            changed = change(known)
            if changed == known:
                return known
            if (yield from self._swap(self._document(changed), read=known.revision)):
                return replace(changed, revision=known.revision + 1)

    def newest_number(self) -> Op[int]:
        """The number of the newest receipt; 0 where there is none.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {}, sort=self.order, limit=1, fields=["number"])
        return int(found[0]["number"]) if found else FIRST - 1

    def between(self, first: int, last: int) -> Op[list[Erasure]]:
        """The receipts of these numbers, both included, newest first.

        Raises:
            RegistryError: a document cannot be read.
        """
        return (yield from self._matching({"number": {"$gte": first, "$lte": last}}))


def outstanding(host: str) -> Op[tuple[int, int]]:
    """Up to which erasure a host has carried them out, and the newest that there is.

    Args:
        host: its id; one that is not known has carried out nothing.

    Raises:
        RegistryError: what is kept of the host cannot be read.
    """
    newest = yield from ErasureRepository().newest_number()
    known = yield from HostRepository().find(host)
    return (known.carried_out if known else 0), newest


def carried_out(host: str, name: str, first: int, last: int, *, now: datetime) -> Op[None]:
    """Keeps in the receipts, then with the host, that it has carried out these erasures.

    Args:
        host: its id.
        name: what the machine is called.
        first: the number of the first of them.
        last: the number of the last of them.
        now: aware UTC.

    Raises:
        RegistryError: what is kept cannot be read.
    """
    for receipt in (yield from ErasureRepository().between(first, last)):
        yield from ErasureRepository().change(
            receipt.receipt_id, lambda known: known.carried_out(host, now)
        )
    yield from HostRepository().carried_out(host, name, last, now=now)
