"""Units in what is stored: kept with the records, and absent from those of an earlier release."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from api.durability.outbox import decode
from database.driver.commands import Find, InsertMany
from database.labels import LabelRepository
from database.outcomes import OutcomeRepository, outcome_id
from database.predictions import PredictionRepository, document_of
from database.students import StudentRepository
from model.label import Label
from model.labels.facts import Filed, Report
from tests.database.builders import START, at, observation, prediction
from tests.database.drivers import MongomockRegistry

UNITS = {"escola": "Ágata", "turma.": "8A"}
IN_AGATA: dict[str, Any] = {"units": UNITS, "unit": "agata"}


def test_a_prediction_keeps_its_units_by_either_way_into_the_registry() -> None:
    registry = MongomockRegistry("farol")
    served = replace(prediction(), **IN_AGATA)
    later = replace(served, prediction_id="p2")

    registry.run(PredictionRepository().add_many([served]))
    registry.run(PredictionRepository().add_json([orjson.dumps(later)]))

    assert registry.run(PredictionRepository().get("p1")) == served
    assert registry.run(PredictionRepository().get("p2")) == later
    assert decode(orjson.dumps(served)) == served
    assert len(registry.execute(Find("predictions", {"unit": "agata"}))) == 2


def test_a_prediction_of_an_earlier_release_is_of_no_known_unit() -> None:
    registry = MongomockRegistry("farol")
    told = orjson.loads(orjson.dumps(prediction()))
    del told["units"], told["unit"]
    body = orjson.dumps(told)

    registry.run(PredictionRepository().add_json([body]))

    assert registry.run(PredictionRepository().get("p1")) == prediction() == decode(body)
    assert "units" not in document_of(body)


def test_an_observation_keeps_its_units_and_an_older_one_has_none() -> None:
    registry = MongomockRegistry("farol")
    seen = replace(observation(), **IN_AGATA)
    registry.run(StudentRepository().observe([seen, observation("RA-2")]))
    (stored,) = registry.execute(Find("students", {"_id": "RA-2"}))
    old = {k: v for k, v in stored["periods"]["2023"].items() if k not in IN_AGATA}
    aged = stored | {"_id": "RA-3", "periods": {"2023": old}}
    registry.execute(InsertMany("students", [aged]))

    known = registry.run(StudentRepository().get_many(["RA-1", "RA-2", "RA-3"]))

    assert known["RA-1"].latest == seen
    assert known["RA-3"].latest == replace(observation("RA-3"))
    in_unit = registry.execute(Find("students", {"periods.2023.unit": "agata"}))
    assert [one["_id"] for one in in_unit] == ["RA-1"]


def test_a_report_keeps_its_unit_and_an_older_one_has_none() -> None:
    registry = MongomockRegistry("farol")
    ours = Filed("RA-1", "2023", Report(1.0, at(1), at(2), unit="agata"))
    anybodys = replace(ours, report=replace(ours.report, unit=""))

    registry.run(OutcomeRepository().add_many([ours, anybodys]))

    assert registry.run(OutcomeRepository().get(outcome_id(ours))) == ours
    assert registry.run(OutcomeRepository().get(outcome_id(anybodys))) == anybodys
    (stored,) = registry.execute(Find("outcomes", {"_id": outcome_id(anybodys)}))
    assert "unit" not in stored


def test_what_two_units_say_of_one_id_is_two_reports() -> None:
    of = [Filed("RA-1", "2023", Report(1.0, at(1), at(1), None, p, unit=u)) for p, u in
          [(1, ""), (1, "a"), (1, "b"), (0, "a"), (0, "")]]  # fmt: skip

    assert len({outcome_id(one) for one in of}) == len(of)


def test_a_label_of_an_earlier_release_is_of_no_known_unit() -> None:
    registry = MongomockRegistry("farol")
    stored = {"_id": "2023:RA-1", "student_id": "RA-1", "period": "2023", "features": {"inde": 1.0},
              "outcome": 1.0, "observed_at": START, "arrived_at": START}  # fmt: skip
    registry.execute(InsertMany("labels", [stored]))

    found = registry.run(LabelRepository().get("2023:RA-1"))

    assert found == Label("RA-1", "2023", {"inde": 1.0}, 1.0, START, START)
    assert (found.units, found.unit) == ({}, "")
