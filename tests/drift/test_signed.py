"""The drift check believes what was signed, not what the version's document says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Replace, ReplaceMany
from database.mapping.documents import to_document
from database.students import StudentRepository
from drift.check import run_drift_check
from model.errors import BundleError
from model.prediction import Thresholds
from tests.drift.school import KEY, NOW, School, cohort


def change(opened: SyncRegistry, school: School, **changes: object) -> None:
    document = to_document(school.version, key="version") | changes
    opened.execute(ReplaceMany("model_versions", [Replace({"_id": "v1"}, document)]))


def test_reference_and_threshold_come_from_the_signed_bundle(
    opened: SyncRegistry, school: School
) -> None:
    opened.run(StudentRepository().observe(cohort(400, "2024", seed=5, shift=-1.5)))
    genuine = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)
    other = to_document(
        replace(school.version, reference={}, thresholds=Thresholds(0.99, 0.99, 0.999)),
        key="version",
    )
    change(opened, school, reference=other["reference"], thresholds=other["thresholds"])

    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    assert report == genuine


@pytest.mark.parametrize("field", ["trained_on", "artifact", "bundle"])
def test_a_changed_digest_stops_the_check(opened: SyncRegistry, school: School, field: str) -> None:
    change(opened, school, **{field: opened.run(ArtifactRepository().put(b"no record at all"))})

    with pytest.raises(BundleError, match=r"deployment\.restore --re-sign"):
        run_drift_check(opened, school.task, now=NOW, signing_key=KEY)


def test_the_check_verifies_though_nothing_is_compared(
    opened: SyncRegistry, school: School
) -> None:
    before = NOW.replace(year=2022)

    with pytest.raises(BundleError, match="not signed"):
        run_drift_check(opened, school.task, now=before, signing_key=b"another")
