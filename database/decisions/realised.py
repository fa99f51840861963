"""What came of promotions, measured on outcomes that arrived later."""

from __future__ import annotations

from dataclasses import replace

from database.driver.commands import Op
from database.promotions import PromotionRepository
from database.repository import Repository
from model.decisions.realised import RealisedGain, promising
from model.promotion import DecisionStatus, Promotion

EVERY = 0
"""No limit: there is a promotion a year, or a few."""


def promotions_and_what_came() -> Op[tuple[list[Promotion], dict[str, RealisedGain]]]:
    """Every promotion, newest first, and by its id what came of one that promised something.

    Raises:
        RegistryError: a document cannot be read.
    """
    promoted = yield from PromotionRepository().with_status(DecisionStatus.PROMOTED, EVERY)
    came = yield from RealisedGainRepository().get_many(promising(promoted))
    return promoted, came


class RealisedGainRepository(Repository[RealisedGain]):
    """What came of each promotion that promised something, by promotion id."""

    collection = "realised_gains"
    indexes = ([("at", -1)],)  # newest
    record = RealisedGain
    key = "promotion_id"
    missing = "what came of promotion {}"

    def put(self, gain: RealisedGain) -> Op[bool]:
        """Keeps what came, in the place of what was measured on fewer or other outcomes.

        Args:
            gain: as measured now.

        Returns:
            False where the same was kept already; then nothing is written.

        Raises:
            RegistryError: what was kept cannot be read.
        """
        while True:
            document = yield from self.stored(gain.promotion_id)
            if document is not None and replace(self.read(document), at=gain.at) == gain:
                return False
            read = 0 if document is None else document["revision"]
            done = yield from self._swap(self._document(gain), read=read)
            if done:
                return True
