"""What the pages of drift reports are drawn from, the newest ones."""

from __future__ import annotations

from database.driver.commands import Find, Op
from database.repository import Repository
from model.watch.picture import DriftPicture

MOST_KEPT = 400
"""Pictures that are kept: more than a year of daily reports, of about 20 kB each."""


class DriftPictureRepository(Repository[DriftPicture]):
    """The pictures of the newest drift reports, by report id; `find` gives None for older ones."""

    collection = "drift_pictures"
    indexes = ([("at", -1)],)  # newest, add
    record = DriftPicture
    key = "report_id"
    missing = "picture of drift report {}"

    def add(self, picture: DriftPicture) -> Op[None]:
        """Stores a picture and removes the oldest beyond `MOST_KEPT`; again changes nothing.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._add(self._document(picture))
        older = yield Find(
            self.collection, {}, sort=self.order, skip=MOST_KEPT, limit=MOST_KEPT, fields=["_id"]
        )
        if older:
            yield from self._delete({"_id": {"$in": [one["_id"] for one in older]}})
