"""Whether a database holds ids or pseudonyms: never both, else one child would be two.

The first process that works with pseudonyms notes the fingerprint of their key. A few of the newest
ids are looked at besides, since a backup may have brought others.
"""

from __future__ import annotations

from database.driver.commands import Document, Find, InsertMany, Op
from database.installation import COLLECTION
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.errors import ConfigurationError
from model.pseudonyms.pseudonyms import Pseudonyms, looks_like_one

PSEUDONYMS = "pseudonym_key"

OTHER_KEY = (
    "FAROL_PSEUDONYM_KEY: this registry's pseudonyms were made with another key; with a new one "
    "every student would be somebody else. Set FAROL_PSEUDONYMS=key and the key of the first host"
)
IN_THE_CLEAR = (
    "FAROL_PSEUDONYMS=key: this registry holds ids in the clear, and what is keyed by them cannot "
    "be renamed. Unset it; or begin a new registry (FAROL_HOME, MONGO_DB) and read the school "
    "files again"
)


def require_pseudonyms(pseudonyms: Pseudonyms | None) -> Op[None]:
    """Makes sure that the ids of a database are what this process takes them for.

    Args:
        pseudonyms: of this process; None keeps ids in the clear.

    Raises:
        ConfigurationError: they are not.
    """
    noted = yield Find(COLLECTION, {"_id": PSEUDONYMS})
    if noted and (pseudonyms is None or noted[0]["fingerprint"] != pseudonyms.fingerprint):
        raise ConfigurationError(OTHER_KEY)
    # Also where one is noted: a backup with ids in the clear may have been restored since.
    held = yield from _some_ids()
    if pseudonyms is None:
        if any(map(looks_like_one, held)):
            raise ConfigurationError(OTHER_KEY)
        return
    foreign = [one for one in held if not pseudonyms.made(one)]
    if foreign:
        raise ConfigurationError(OTHER_KEY if looks_like_one(foreign[0]) else IN_THE_CLEAR)
    if noted:
        return
    note: Document = {"_id": PSEUDONYMS, "fingerprint": pseudonyms.fingerprint}
    if (yield InsertMany(COLLECTION, [note])):
        yield from require_pseudonyms(pseudonyms)  # Somebody else noted one in the meantime.


def _some_ids() -> Op[list[str]]:
    """A few of the ids that are kept, by indexes alone."""
    students = yield Find(
        StudentRepository.collection, {}, sort=[("updated_at", -1)], limit=1, fields=["_id"]
    )
    order = [("created_at", -1)]
    served = yield Find(
        PredictionRepository.collection, {}, sort=order, limit=20, fields=["student_id"]
    )
    named = [row["student_id"] for row in served if row.get("student_id")]
    return [row["_id"] for row in students] + named
