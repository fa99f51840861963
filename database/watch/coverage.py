"""How many students have an outcome, as last counted."""

from __future__ import annotations

from database.driver.commands import Op
from database.repository import Repository
from model.units.coverage import OutcomeCoverage

SUBJECT = "outcomes"


class CoverageRepository(Repository[OutcomeCoverage]):
    """What was counted last, under `SUBJECT`; nothing before the worker first counts."""

    collection = "outcome_coverage"
    record = OutcomeCoverage
    key = "subject"
    missing = "coverage of {}"

    def put(self, coverage: OutcomeCoverage) -> Op[None]:
        """Keeps a count in the place of the one before.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._put(coverage)
