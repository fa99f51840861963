"""The append-only ledger of decisions, and the only way to move the champion.

A promotion is committed by one write: the champion's alias document is replaced, at the revision
that was read, by one that holds the new version *and* the ledger line that explains it. The line
is then copied into the ledger. Whoever comes after a process that died between the two copies it
first, and readers look at both; so the ledger is the alias's history at every moment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from database.aliases import CHAMPION, AliasRepository
from database.driver.commands import Document, Find, Op, Sort
from database.leases import LeaseRepository
from database.mapping.documents import milliseconds
from database.repository import Repository
from model.errors import Conflict, LeaseLost
from model.promotion import DecisionStatus, Promotion, Term
from model.run import Lease
from model.version import Alias


class PromotionRepository(Repository[Promotion]):
    """The ledger by promotion id, and the champion's moves."""

    collection = "promotions"
    indexes = (
        [("at", -1)],  # newest
        [("revision", -1)],  # term_at
        [("challenger", 1)],  # of_version
        [("status", 1)],  # with_status
    )
    record = Promotion
    key = "promotion_id"
    order = (("at", -1), ("revision", -1))
    missing = "promotion {}"

    def add(self, promotion: Promotion, *, lease: Lease | None = None) -> Op[bool]:
        """Records a decision that kept the champion; recording it again changes nothing.

        Args:
            promotion: the decision.
            lease: the lease the run holds, if it holds one.

        Returns:
            False where a decision of its id is there already, this one or another.

        Raises:
            LeaseLost: another run took over; nothing was recorded.
            ValueError: the decision promotes; `promote` records it with the move.
        """
        if promotion.status is DecisionStatus.PROMOTED or promotion.revision is not None:
            raise ValueError("a promotion is recorded by promote")
        if lease is not None:
            yield from LeaseRepository().check_token(lease)
        return (yield from self._add(self._document(promotion)))

    def promote(
        self, promotion: Promotion, *, expected_revision: int, lease: Lease | None = None
    ) -> Op[Promotion]:
        """Makes the challenger champion and records why, in one atomic step.

        Repeating a promotion that was committed gives it back as it was. A rollback is a promotion.

        Args:
            promotion: the decision, status `promoted`; its champion must be the one that serves.
            expected_revision: the champion alias's revision when the decision was made; 0 at first.
            lease: the lease the run holds; its token fences off a run that lost it.

        Returns:
            The promotion as it is in the ledger: with its revision, and `at` never before the
            promotion it follows.

        Raises:
            Conflict: the champion is at another revision, or is another version.
            LeaseLost: a run with a newer token has fenced this one off.
        """
        current = yield from AliasRepository().stored(CHAMPION)
        yield from self._copy(current)
        if current is not None and current["promotion"]["_id"] == promotion.promotion_id:
            return self.read(current["promotion"])
        _allow(current, promotion, expected_revision, lease)
        done = _effective(current, promotion, expected_revision)
        extra: Document = {
            "promotion": self._document(done),
            "token": lease.token if lease else current["token"] if current else 0,
        }
        moved = Alias(CHAMPION, done.challenger, expected_revision + 1, done.at, done.provisional)
        # The token is compared again by the write itself: it is what fences off a late run.
        where = {"token": current["token"]} if current else {}
        yield from AliasRepository().move(moved, extra, where)
        yield from self._add(self._document(done))
        return done

    def fence(self, lease: Lease) -> Op[None]:
        """Refuses from now on every promotion of a run with an older token of the lease.

        Raises:
            LeaseLost: a newer run has fenced this one off.
        """
        while True:
            current = yield from AliasRepository().stored(CHAMPION)
            if current is None or current["token"] == lease.token:
                return
            if current["token"] > lease.token:
                raise LeaseLost(f"{lease.name}: a newer run has begun")
            done = yield from AliasRepository().put_token(current, lease.token)
            if done:
                return

    def newest(self, limit: int = 50) -> Op[list[Promotion]]:
        """The latest decisions, newest first; `limit` 0 is all.

        Raises:
            RegistryError: a decision cannot be read.
        """
        found = yield Find(self.collection, {}, sort=self.order, limit=limit)
        ledger = yield from self._with_pending(found)
        return ledger[:limit] if limit else ledger

    def since(self, moment: datetime, limit: int) -> Op[list[Promotion]]:
        """The latest decisions since a moment, newest first.

        Raises:
            RegistryError: a decision cannot be read.
        """
        where = {"at": {"$gte": milliseconds(moment)}}
        found = yield Find(self.collection, where, sort=self.order, limit=limit)
        ledger = yield from self._with_pending(found)
        return [promotion for promotion in ledger if promotion.at >= moment][:limit]

    def of_version(self, version: str) -> Op[list[Promotion]]:
        """Every decision about that version, newest first.

        Raises:
            RegistryError: a decision cannot be read.
        """
        found = yield Find(self.collection, {"challenger": version})
        ledger = yield from self._with_pending(found)
        return [promotion for promotion in ledger if promotion.challenger == version]

    def with_status(self, status: DecisionStatus, limit: int) -> Op[list[Promotion]]:
        """The latest decisions of one status that the ledger holds, newest first.

        Raises:
            RegistryError: a decision cannot be read.
        """
        return (yield from self._matching({"status": status.value}, limit=limit))

    def champion_at(self, time: datetime) -> Op[str | None]:
        """Which version was champion at that moment; None before the first.

        Raises:
            RegistryError: a decision cannot be read.
        """
        term = yield from self.term_at(time)
        return term.promotion.challenger if term else None

    def term_at(self, time: datetime) -> Op[Term | None]:
        """Who was champion at that moment, by which decision and until when; None before the first.

        Raises:
            RegistryError: a decision cannot be read.
        """
        moment = milliseconds(time)
        where = {"at": {"$lte": moment}, "revision": {"$gte": 1}}
        past = yield from self._moves(where, [("revision", -1)])
        began = max((p for p in past if p.at <= moment), key=_revision, default=None)
        if began is None:
            return None
        later = yield from self._moves({"revision": _revision(began) + 1}, [])
        ended = next((p for p in later if _revision(p) == _revision(began) + 1), None)
        return Term(began, ended.at if ended else None)

    def repair(self) -> Op[bool]:
        """Copies a committed promotion into the ledger if its process died before; True if so.

        Raises:
            RegistryError: a decision cannot be read.
        """
        current = yield from AliasRepository().stored(CHAMPION)
        return (yield from self._copy(current))

    def _moves(self, where: Document, sort: Sort) -> Op[list[Promotion]]:
        """The first promotion that matches, and the one that made the present champion."""
        found = yield Find(self.collection, where, sort=sort, limit=1)
        ledger = yield from self._with_pending(found)
        return [promotion for promotion in ledger if promotion.revision is not None]

    def _copy(self, current: Document | None) -> Op[bool]:
        if current is None:
            return False
        return (yield from self._add(current["promotion"]))

    def _with_pending(self, found: list[Document]) -> Op[list[Promotion]]:
        # Read after the ledger: a promotion committed in between is then in one of the two.
        current = yield from AliasRepository().stored(CHAMPION)
        pending = [current["promotion"]] if current is not None else []
        by_id = {document["_id"]: document for document in (*found, *pending)}
        ledger = [self.read(document) for document in by_id.values()]
        return sorted(ledger, key=lambda p: (p.at, p.revision or 0), reverse=True)


def _revision(promotion: Promotion) -> int:
    return promotion.revision or 0


def _allow(
    current: Document | None, promotion: Promotion, expected: int, lease: Lease | None
) -> None:
    if promotion.status is not DecisionStatus.PROMOTED:
        raise ValueError("only a decision to promote moves the champion")
    revision = current["revision"] if current else 0
    if revision != expected:
        raise Conflict(f"the champion is at revision {revision}, not {expected}")
    serving = current["version"] if current else None
    if promotion.champion != serving:
        raise Conflict(f"the champion is {serving}, not {promotion.champion}")
    if lease and current and current["token"] > lease.token:
        raise LeaseLost(f"{lease.name}: a newer run has begun")


def _effective(current: Document | None, promotion: Promotion, expected: int) -> Promotion:
    at = milliseconds(promotion.at)
    if current is not None:
        at = max(at, current["since"])
    return replace(promotion, at=at, revision=expected + 1)
