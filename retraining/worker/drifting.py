"""The worker's job that checks drift."""

from __future__ import annotations

from database.drift_reports import DriftReportRepository
from retraining.worker.commands import completed
from retraining.worker.context import AtWork
from retraining.worker.outcome import NOT_ENOUGH_DATA


def check_drift(here: AtWork) -> str:
    """One drift report; what it calls for is `triggers`' to say."""
    code = completed(here, "drift.check", "--json", also=(NOT_ENOUGH_DATA,))
    reports = here.registry.run(DriftReportRepository().newest(1))
    if code == NOT_ENOUGH_DATA or not reports:
        return "there was nothing to compare yet"
    newest = reports[0]
    found = ", ".join(newest.drifted_features)
    return f"{newest.rows} records compared; " + (f"drift in {found}" if found else "no drift")
