"""A file of events through the API: worked out into records, and of a key's own schools alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.students import StudentRepository
from model.student import Features
from tests import local
from tests.api.keys import make_key
from tests.api.server import served

pytestmark = pytest.mark.slow

TASK = """
name: night
title: Leaves
id: {name: ra, aliases: [RA]}
unit: [{name: escola, kind: category, aliases: [Escola]}]
periods: \\d{4}-[12]
features: [{name: effort, low: 0, high: 10}]
events:
  date: {name: day, aliases: [Data]}
  terms:
    "{year}-1": {begins: "02-01", ends: "06-30", as_of: "05-15"}
    "{year}-2": {begins: "08-01", ends: "12-15"}
  aggregates: [{name: absent, windows: [period]}]
outcome: {column: {name: left}, horizon: 0, at_least: 1}
"""
SCHOOL = "RA,Escola,effort\na,North,5\nb,South,6\n"
EVENTS = "RA,Escola,Data\na,North,2023-03-01\na,North,2023-05-16\nb,South,2023-04-01\nz,North,x\n"
CSV = {"content-type": "text/csv"}


@dataclass(frozen=True, slots=True)
class NightSchool:
    """A server, its registry, and clients of the city and of one school."""

    registry: SyncRegistry
    city: httpx.Client
    north: httpx.Client


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NightSchool]:
    home = tmp_path_factory.mktemp("night")
    task = home / "night.yaml"
    task.write_text(TASK)
    uri = lifecycle.ensure_running(home)
    scopes = ("--scope", "predict,label,read")
    try:
        with (
            open_registry(uri, "farol") as registry,
            served(home, workers=1, auth="keys", env={"FAROL_TASK": str(task)}) as server,
        ):
            secrets = [
                make_key(home, *scopes, *limit, task=str(task))
                for limit in ((), ("--unit", "North"))
            ]
            city, north = (
                local.client(base_url=server.url, headers={"X-API-Key": one, **CSV}, timeout=120)
                for one in secrets
            )
            with city, north:
                yield NightSchool(registry, city, north)
    finally:
        lifecycle.stop(home)


def features(registry: SyncRegistry, student: str, period: str) -> Features:
    known = registry.run(StudentRepository().get(student)).in_period(period)
    assert known is not None
    return known.features


def test_events_of_a_term_change_the_records_of_the_keys_schools(
    school: NightSchool,
) -> None:
    registry, city, north = school.registry, school.city, school.north
    for period in ("2023-1", "2023-2"):
        sent = city.post("/files", content=SCHOOL, params={"period": period})
        assert sent.is_success, sent.text

    own = north.post("/files?events=true&name=days.csv", content=EVENTS).json()
    before = dict(features(registry, "b", "2023-1"))
    every = city.post("/files?events=true&name=days.csv", content=EVENTS).json()

    (table,) = own["tables"]
    assert (table["source"], table["rows_read"]) == ("days.csv", 4)
    assert table["rejected"] == {"day is no day or month": 1}
    (term,) = table["periods"]
    assert (term["period"], term["as_of"], term["students"]) == ("2023-1", "2023-05-15", 1)
    assert (term["with_events"], term["changed"], term["unknown"]) == (1, 1, 1)
    assert "absent_count_period" not in before, "another school's"
    assert every["tables"][0]["periods"][0]["changed"] == 1
    assert features(registry, "a", "2023-1")["absent_count_period"] == 1.0, "up to the day"
    assert features(registry, "b", "2023-1")["absent_count_period"] == 1.0
    assert "absent_count_period" not in features(registry, "a", "2023-2"), "nothing was told of it"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("/files?events=yes", "events"),
        ("/files?events=true&period=2023-1", "events"),
        ("/files/preview?events=true", "events"),
        ("/files?events=true", "body"),
    ],
)
def test_what_is_no_file_of_events_is_refused_by_name(
    school: NightSchool, asked: str, field: str
) -> None:
    answer = school.city.post(asked, content="RA,effort\na,1\n")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
