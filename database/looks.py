"""The looks that were taken at the labels of each period: what of its error budget is spent."""

from __future__ import annotations

from database.driver.commands import Op
from database.repository import Repository
from model.decisions.looks import PeriodLooks
from model.errors import Conflict


class LookRepository(Repository[PeriodLooks]):
    """The looks taken, by period; `find` gives None for a period that nothing was judged on."""

    collection = "looks"
    record = PeriodLooks
    key = "period"
    order = (("_id", -1),)
    missing = "looks at period {}"

    def put(self, looks: PeriodLooks) -> Op[None]:
        """Stores a period's looks in the place of the revision that was read.

        Args:
            looks: with the revision that was read; 0 where nothing was stored.

        Raises:
            Conflict: somebody else has taken a look at that period meanwhile.
        """
        if not (yield from self._swap(self._document(looks), read=looks.revision)):
            raise Conflict(f"the looks at {looks.period} are no longer at {looks.revision}")
