"""What the pages say by unit (school)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.texts import Language, load_texts
from dashboard.units_section import (
    drift_lines,
    drift_rows,
    history_lines,
    history_rows,
    version_lines,
    version_rows,
)
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.unit_history import UnitHistoryRepository
from database.versions import ModelVersionRepository
from model.units.drifted import DriftByUnit, UnitDrift
from model.units.history import UnitHistory, UnitPeriod
from model.units.named import UnitNames
from model.units.tested import UnitFigures, VersionByUnit
from tests.dashboard.test_pages import db, fill, opened, page, uri, words
from tests.drift.school import NOW

__all__ = ["db", "opened", "uri"]

EN, PT = load_texts(Language.EN), load_texts(Language.PT)

SHARES = {
    "recall": 0.8, "recall_low": 0.67, "recall_high": 0.89,
    "precision": 0.7, "precision_low": 0.57, "precision_high": 0.8,
    "flagged": 0.475, "flagged_low": 0.388, "flagged_high": 0.564,
}  # fmt: skip
FEW_AT_RISK = {name: value for name, value in SHARES.items() if not name.startswith("recall")}
TESTED = VersionByUnit(
    "escola",
    (UnitFigures("Escola A", 120, 50, SHARES), UnitFigures("Escola B", 60, None, FEW_AT_RISK)),
    more=3,
    withheld=UnitNames(("Escola C",)),
    untested=UnitNames(("Escola D",)),
    unlabelled=UnitNames(("Escola E",), 4),
)
DRIFTED = DriftByUnit(
    "escola",
    50,
    2,
    (
        UnitDrift("Escola A", 120, ("ieg",), UnitFigures("Escola A", 90, 50, SHARES)),
        UnitDrift("Escola B", 60, ()),
        UnitDrift("Escola C", None, None, UnitFigures("Escola C", 20)),
    ),
    too_small=UnitNames(("Escola C",)),
    unlabelled=UnitNames(("Escola B",)),
    unknown=30,
)


def test_a_unit_is_a_row_with_intervals_and_what_tells_of_a_handful_is_withheld() -> None:
    large, small = version_rows(TESTED, EN)

    assert large == {
        "unit": "Escola A",
        "records": "120",
        "at risk": "50",
        "Finds": "80% (67% - 89%)",
        "Is right": "70% (57% - 80%)",
        "Flags": "48% (39% - 56%)",
    }
    assert (small["at risk"], small["Finds"], small["Is right"]) == (
        "withheld", "withheld", "70% (57% - 80%)",
    )  # fmt: skip


def test_a_numeric_version_shows_the_error_of_each_unit() -> None:
    errors = {"mae": 2.0, "mae_low": 1.5, "mae_high": 2.5, "bias": -0.5}

    (row,) = version_rows(VersionByUnit("escola", (UnitFigures("A", 90, None, errors),)), PT)

    assert row["unidade"] == "A"
    assert row["viés"] == "-0,50"


def test_units_without_a_row_are_named_with_the_reason() -> None:
    told = version_lines(TESTED, EN)

    assert told == [
        "3 further units are not in the table.",
        "Tested, with figures withheld so that none tells of fewer than 10 records: Escola C.",
        "Never tested, though it has outcomes: Escola D.",
        "No outcomes yet, so never tested: Escola E and 4 more.",
        "Records of no known unit: withheld.",
    ]
    assert "Nunca testada, embora tenha desfechos: Escola D." in version_lines(TESTED, PT)


def test_a_version_that_was_tested_for_every_unit_says_so() -> None:
    whole = VersionByUnit("escola", TESTED.units, unknown=0)

    assert version_lines(whole, EN) == ["Every unit that is known was tested."]


def test_drift_is_a_row_a_unit_and_small_and_unlabelled_ones_are_named() -> None:
    drifted, calm, small = drift_rows(DRIFTED, EN)

    assert (drifted["what differs there"], drifted["outcomes"]) == ("ieg", "90")
    assert drifted["Finds"] == "80% (67% - 89%)"
    assert (calm["what differs there"], calm["outcomes"], calm["Finds"]) == ("", "", "")
    assert (small["records"], small["what differs there"]) == ("withheld", "too few records")
    assert drift_lines(DRIFTED, PT) == [
        "Com menos de 50 registros, pouco para comparar: Escola C.",
        "Ainda sem nenhum desfecho: Escola B.",
        "Registros de unidade desconhecida: 30.",
    ]


def test_the_history_by_unit_counts_what_is_there_and_names_units_without_outcomes() -> None:
    rows = (UnitPeriod("Escola A", "2024", 40, 0), UnitPeriod("", "2024", None, None))
    counted = UnitHistory("units", NOW, "escola", rows, 2, UnitNames(("Escola A",)), 1000)

    assert history_rows(counted, EN) == [
        {"Period": "2024", "unit": "Escola A", "predictions": "40", "outcomes": "0"},
        {"Period": "2024", "unit": "unknown", "predictions": "withheld", "outcomes": "withheld"},
    ]
    assert history_lines(counted, PT) == [
        "Mais 2 linhas não aparecem na tabela.",
        "Ainda sem nenhum desfecho: Escola A.",
    ]


@pytest.mark.parametrize("name", ["versions", "drift", "history"])
def test_a_page_shows_units_where_there_are_some_and_nothing_where_not(
    opened: SyncRegistry, name: str
) -> None:
    fill(opened)
    before = page(name)
    version = opened.run(ModelVersionRepository().get("v1"))
    opened.run(ModelVersionRepository().replace(replace(version, by_unit=TESTED)))
    (report,) = opened.run(DriftReportRepository().newest(1))
    again = replace(report, report_id="again", at=report.at.replace(year=2026), by_unit=DRIFTED)
    opened.run(DriftReportRepository().add(again))
    opened.run(UnitHistoryRepository().recount("escola", {"a": "Escola A"}, now=NOW))

    after = page(name)

    assert not before.exception and not after.exception
    assert "By unit" not in words(before)
    assert "By unit" in words(after)
    shown = words(after) + str([frame.value.to_dict() for frame in after.dataframe])
    assert "Escola A" in shown
