"""Stored drift reports."""

from __future__ import annotations

from database.driver.commands import Op
from database.repository import Repository
from model.drift import DriftReport


class DriftReportRepository(Repository[DriftReport]):
    """Drift reports; `get` and `newest` read them."""

    collection = "drift_reports"
    indexes = ([("at", -1)],)  # newest
    record = DriftReport
    key = "report_id"
    missing = "drift report {}"

    def add(self, report: DriftReport) -> Op[None]:
        """Stores a report; storing one again changes nothing.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._add(self._document(report))
