"""Names that point to a version, moved only by compare-and-set.

The `champion` alias belongs to `database.promotions`: its document also holds the promotion that
made its revision, so that moving the alias and recording who moved it is one atomic write.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from database.driver.commands import Document, Find, InsertMany, Op, Replace, ReplaceMany
from database.mapping.documents import from_document, to_document
from model.errors import Conflict
from model.version import Alias

COLLECTION = "aliases"
CHAMPION = "champion"
CHALLENGER = "challenger"
_KEY = "alias"


def get(alias: str) -> Op[Alias | None]:
    """Where the alias points, or None while it points nowhere."""
    document = yield from stored(alias)
    return None if document is None else from_document(Alias, document, key=_KEY)


def point(alias: str, version: str, *, expected_revision: int, now: datetime) -> Op[Alias]:
    """Points an alias to a version.

    Args:
        alias: any name but `champion`, which only `promotions.promote` moves.
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
    yield from swap(moved, {})
    return moved


def stored(alias: str) -> Op[Document | None]:
    """The alias's document as it is, or None."""
    found: list[Document] = yield Find(COLLECTION, {"_id": alias})
    return found[0] if found else None


def swap(moved: Alias, extra: Document, where: dict[str, Any] | None = None) -> Op[None]:
    """Writes an alias in the place of the revision before it.

    Args:
        moved: the alias as it shall be.
        extra: further fields of its document.
        where: what else must hold for the stored document.

    Raises:
        Conflict: the alias is at another revision, or the further condition does not hold.
    """
    document = to_document(moved, key=_KEY) | extra
    if moved.revision == 1:
        taken = yield InsertMany(COLLECTION, [document])
        done = not taken
    else:
        was = {"_id": moved.alias, "revision": moved.revision - 1} | (where or {})
        done = yield ReplaceMany(COLLECTION, [Replace(was, document)])
    if not done:
        raise Conflict(f"alias {moved.alias} is no longer at revision {moved.revision - 1}")


def put_token(was: Document, token: int) -> Op[bool]:
    """Raises the fencing token of an alias, where it still is as it was; True if it was."""
    where = {"_id": was["_id"], "revision": was["revision"], "token": was["token"]}
    done = yield ReplaceMany(COLLECTION, [Replace(where, was | {"token": token})])
    return bool(done)
