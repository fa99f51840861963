"""Comparisons of two versions that were asked for."""

from __future__ import annotations

from database.driver.commands import Op
from database.repository import Repository
from model.comparing.comparison import ComparisonStatus, VersionComparison

MOST_COMPARISONS = 200


class ComparisonRepository(Repository[VersionComparison]):
    """Comparisons by id, those that wait and those that were made."""

    collection = "comparisons"
    indexes = (
        [("at", -1)],  # newest, keep_newest
        [("status", 1)],  # waiting
    )
    record = VersionComparison
    key = "comparison_id"
    missing = "comparison {}"

    def ask(self, comparison: VersionComparison) -> Op[None]:
        """Stores a comparison that waits for the worker.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._swap(self._document(comparison), read=0)

    def waiting(self, limit: int = 0) -> Op[list[VersionComparison]]:
        """Those that wait, oldest first; `limit` 0 is all.

        Raises:
            RegistryError: a comparison cannot be read.
        """
        where = {"status": ComparisonStatus.WAITING.value}
        return (yield from self._matching(where, [("at", 1), ("_id", 1)], limit))

    def put(self, comparison: VersionComparison) -> Op[bool]:
        """Stores a comparison in the place of the revision that was read.

        Args:
            comparison: with the revision that was read.

        Returns:
            False where another worker has made it meanwhile; then nothing is stored.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._swap(self._document(comparison), read=comparison.revision))
