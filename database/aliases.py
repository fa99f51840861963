"""Names that point to a version, moved only by compare-and-set.

The `champion` alias belongs to `database.promotions`: its document also holds the promotion that
made its revision, so that moving the alias and recording who moved it is one atomic write.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from database.driver.commands import Document, Op, Replace, ReplaceMany
from database.repository import Repository
from model.errors import Conflict
from model.version import Alias

CHAMPION = "champion"
CHALLENGER = "challenger"


class AliasRepository(Repository[Alias]):
    """Where each alias points; `find` gives None for one that points nowhere."""

    collection = "aliases"
    record = Alias
    key = "alias"
    order = (("since", -1), ("_id", 1))
    missing = "alias {}"

    def point(
        self, alias: str, version: str, *, expected_revision: int, now: datetime
    ) -> Op[Alias]:
        """Points an alias to a version.

        Args:
            alias: any name but `champion`, which only `PromotionRepository.promote` moves.
            version: where to.
            expected_revision: the revision that was read; 0 for an alias that points nowhere.
            now: aware UTC.

        Raises:
            Conflict: the alias is at another revision.
            ValueError: the alias is `champion`.
        """
        if alias == CHAMPION:
            raise ValueError("the champion is moved by a promotion, which is recorded")
        moved = Alias(alias=alias, version=version, revision=expected_revision + 1, since=now)
        yield from self.move(moved, {})
        return moved

    def move(self, moved: Alias, extra: Document, where: dict[str, Any] | None = None) -> Op[None]:
        """Writes an alias in the place of the revision before it.

        Args:
            moved: the alias as it shall be.
            extra: further fields of its document.
            where: what else must hold for the stored document.

        Raises:
            Conflict: the alias is at another revision, or the further condition does not hold.
        """
        document = self._document(moved) | extra
        if not (yield from self._swap(document, read=moved.revision - 1, where=where)):
            raise Conflict(f"alias {moved.alias} is no longer at revision {moved.revision - 1}")

    def put_token(self, was: Document, token: int) -> Op[bool]:
        """Raises the fencing token of an alias, where it still is as it was; True if it was.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        where = {"_id": was["_id"], "revision": was["revision"], "token": was["token"]}
        done = yield ReplaceMany(self.collection, [Replace(where, was | {"token": token})])
        return bool(done)
