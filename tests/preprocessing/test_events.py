"""Events: a second table, worked out into each student's record up to the day of prediction."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from database.driver.client import SyncRegistry
from database.erasing.erasure import erase_student
from database.labels import LabelRepository
from database.students import StudentRepository
from model.errors import ConfigurationError, NotThisTask
from model.pseudonyms.pseudonyms import Pseudonyms
from model.student import Features
from model.trust.tombstone import TombstoneKey
from preprocessing.events.account import EventsOfPeriod
from preprocessing.events.aggregating import Event, aggregated
from preprocessing.events.reading import read_day, read_events
from preprocessing.files.cells import Cell
from preprocessing.ingest import main
from preprocessing.ingesting.events import described, ingest_events
from preprocessing.ingesting.files import ingest_file
from preprocessing.task.events import EventPlan
from preprocessing.task.spec import TaskSpec, parse_task
from tests.preprocessing.conftest import WriteCsv

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
TEXT = """
name: night
title: Leaves
id: {name: ra, aliases: [RA]}
features:
  - {name: effort, low: 0, high: 10}
events:
  date: {name: day, aliases: [Data]}
  kind: {name: kind, aliases: [Tipo]}
  value: {name: value, aliases: [Valor]}
  as_of: "06-30"
  aggregates:
    - {name: absent, kinds: [Falta], windows: [30d, period], monotone: 1, label: Days absent}
    - {name: mark, kinds: [Nota], values: [mean, last, trend], windows: [all], low: 0, high: 10}
outcome: {column: {name: left}, horizon: 1, at_least: 1}
"""


@pytest.fixture(scope="module")
def task() -> TaskSpec:
    return parse_task(TEXT, source="night.yaml")


SCHOOL = "RA,effort,left\na,5,0\nb,6,0\nc,7,1\n"
EVENTS = (
    "Data,RA,Tipo,Valor\n"
    "2023-02-10,a,Falta,\n2023-06-20,a,FALTA,\n2023-07-01,a,Falta,\n"
    "2023-03-01,b,Nota,4\n31/05/2023,b,Nota,\"7,0\"\n2023-12,b,Nota,10\n"
    "2023-04-31,a,Falta,\n,a,Falta,\n2023-05-01,,Falta,\n2023-05-01,b,Nota,11\n"
    "2023-05-01,b,Nota,x\n2023-05-01,z,Falta,\n"
)  # fmt: skip


def features(registry: SyncRegistry, student: str, period: str = "2023") -> Features:
    known = registry.run(StudentRepository().get(student)).in_period(period)
    assert known is not None
    return known.features


def worked_out(
    registry: SyncRegistry, path: Path, task: TaskSpec, now: datetime = NOW
) -> list[EventsOfPeriod]:
    (table,) = read_events(path, task)
    return registry.run(ingest_events(table, task, now=now))


def test_a_task_with_events_has_features_of_them_with_bounds_and_words(task: TaskSpec) -> None:
    names = ["absent_count_30d", "absent_count_period", "mark_mean_all", "mark_last_all"]

    assert list(task.feature_names) == ["effort", *names, "mark_trend_all"]
    assert task.columns["absent_count_30d"].label == "Days absent: number, last 30 days"
    assert (task.columns["mark_mean_all"].low, task.columns["mark_mean_all"].high) == (0, 10)
    assert task.monotone == {"absent_count_30d": 1, "absent_count_period": 1}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("  value: {name: value, aliases: [Valor]}\n", ""), "mark: .*need `value`"),
        (("  kind: {name: kind, aliases: [Tipo]}\n", ""), "absent: `kinds` need `kind`"),
        (("06-30", "30-06"), "write month and day, such as 06-30"),
        (("windows: [all]", "windows: [month]"), "windows"),
        (("{name: effort, low", "{name: mark_mean_all, low"), "named twice: mark_mean_all"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(change: tuple[str, str], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        parse_task(TEXT.replace(*change), source="night.yaml")


TERMS = (
    TEXT.replace(
        '  as_of: "06-30"\n',
        """\
  terms:
    "{year}-1": {begins: "02-01", ends: "06-30", as_of: "05-15"}
    "{year}-2": {begins: "08-01", ends: "01-31"}
""",
    )
    .replace("outcome:", "periods: \\d{4}-[12]\noutcome:")
    .replace("horizon: 1", "horizon: 0")
)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (('"{year}-1"', '"term 1"'), r"write \{year\} once"),
        (('"{year}-1"', '"{year}-{term}"'), r"write \{year\} once"),
        (('"{year}-1"', '"{year}-3"'), r"\{year\}-3: no period that `periods` allows"),
        (('as_of: "05-15"', 'as_of: "07-15"'), "as_of: 07-15 is not within 02-01 to 06-30"),
        (("  terms:\n", '  as_of: "06-30"\n  terms:\n'), "say it in each of the `terms`"),
        (('begins: "08-01"', 'begins: "31-08"'), "write month and day"),
    ],
)
def test_terms_that_are_no_periods_are_refused(change: tuple[str, str], why: str) -> None:
    assert change[0] in TERMS
    with pytest.raises(ConfigurationError, match=why):
        parse_task(TERMS.replace(*change), source="night.yaml")


def test_events_of_a_task_whose_periods_nobody_can_date_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"periods are no years; say in `events\.terms`"):
        parse_task(TEXT.replace("outcome:", "periods: \\d{4}-[12]\noutcome:"), source="night.yaml")


def test_events_of_terms_are_those_of_their_days_up_to_the_day_of_prediction(
    registry: SyncRegistry, csv_file: WriteCsv
) -> None:
    """One that ends in January has the events of January of the next year, and none of March."""
    night = parse_task(TERMS, source="night.yaml")
    for period in ("2023-1", "2023-2", "2024-2"):
        path = csv_file(f"school_{period}.csv", SCHOOL)
        ingest_file(registry, path, night, now=NOW, period=period)
    days = ("2023-02-01", "2023-05-15", "2023-05-16", "2023-08-01", "2024-01-31", "2024-03-01")
    rows = "".join(f"{day},a,Falta,\n" for day in days)

    done = worked_out(registry, csv_file("events.csv", "Data,RA,Tipo,Valor\n" + rows), night)

    assert [(one["period"], one["as_of"]) for one in done] == [
        ("2023-1", "2023-05-15"), ("2023-2", "2024-01-31"),
    ]  # fmt: skip
    assert features(registry, "a", "2023-1")["absent_count_period"] == 2.0
    assert features(registry, "a", "2023-2")["absent_count_period"] == 2.0
    assert "absent_count_period" not in features(registry, "a", "2024-2")


def plan(**aggregate: object) -> EventPlan:
    return EventPlan.model_validate(
        {"date": {"name": "d"}, "value": {"name": "v"}, "aggregates": [{"name": "x", **aggregate}]}
    )


def test_nothing_after_the_day_of_prediction_changes_a_feature() -> None:
    every = plan(values=["count", "sum", "mean", "last", "trend"], windows=["30d", "period", "all"])
    known = [Event(date(2023, 1, n), value=float(n)) for n in range(1, 20)]
    later = [Event(date(2023, 7, n), value=99.0) for n in range(1, 20)]

    found = [
        aggregated(every, events, began=date(2023, 1, 1), as_of=date(2023, 6, 30))
        for events in (known, [*later, *known], [*known[::-1], *later])
    ]

    assert found[0] == found[1] == found[2]


def test_windows_end_with_the_day_of_prediction_itself() -> None:
    days = [
        date(2022, 12, 31),
        date(2023, 1, 1),
        date(2023, 5, 31),
        date(2023, 6, 1),
        date(2023, 6, 30),
    ]
    counted = plan(windows=["30d", "period", "all"])

    found = aggregated(
        counted, [Event(day) for day in days], began=date(2023, 1, 1), as_of=date(2023, 6, 30)
    )

    assert found == {"x_count_30d": 2.0, "x_count_period": 4.0, "x_count_all": 5.0}


def test_a_trend_is_the_change_in_thirty_days_and_of_one_day_there_is_none() -> None:
    of = plan(values=["trend"], windows=["all"])
    rising = [Event(date(2023, 1, 1), value=2.0), Event(date(2023, 1, 31), value=5.0)]
    one_day = [Event(date(2023, 1, 1), value=2.0), Event(date(2023, 1, 1), value=5.0)]

    began, as_of = date(2023, 1, 1), date(2023, 6, 30)

    assert aggregated(of, rising, began=began, as_of=as_of) == {"x_trend_all": 3.0}
    assert aggregated(of, one_day, began=began, as_of=as_of) == {}


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2024-02", date(2024, 2, 29)),
        (datetime(2024, 5, 3, 23, 59), date(2024, 5, 3)),  # noqa: DTZ001
        (date(2024, 5, 3), date(2024, 5, 3)),
        ("3.5.2024 08:00", date(2024, 5, 3)),
        ("2024-05-03T08:00:00", date(2024, 5, 3)),
    ],
)
def test_days_and_months_are_read_as_people_write_them(cell: Cell, day: date) -> None:
    assert read_day(cell) == day


def test_a_school_that_writes_the_month_first_says_so() -> None:
    assert read_day("3/4/2024", month_first=True) == date(2024, 3, 4)
    assert read_day("3/4/2024") == date(2024, 4, 3)


@pytest.mark.parametrize("cell", ["", "2024", "32/1/2024", "2024-13-01", "yesterday", 45000])
def test_what_is_no_day_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueError, match=r"is no day|day is out of range"):
        read_day(cell)


def test_a_file_of_events_becomes_part_of_the_records_of_its_year(
    registry: SyncRegistry, csv_file: WriteCsv, task: TaskSpec
) -> None:
    ingest_file(registry, csv_file("school_2023.csv", SCHOOL), task, now=NOW)
    path = csv_file("events.csv", EVENTS)

    (done,) = worked_out(registry, path, task)

    assert features(registry, "a") == {
        "effort": 5.0, "absent_count_30d": 1.0, "absent_count_period": 2.0,
    }  # fmt: skip
    b = features(registry, "b")
    assert (b["mark_mean_all"], b["mark_last_all"], b["absent_count_30d"]) == (5.5, 7.0, 0.0)
    assert (done["as_of"], done["students"], done["with_events"]) == ("2023-06-30", 3, 2)
    assert (done["changed"], done["unknown"]) == (3, 1)
    (table,) = read_events(path, task)
    assert dict(table.rejected) == {
        "day is no day or month": 2, "ra is missing": 1, "value is no number": 1,
        "value is out of the bounds of mark": 1,
    }  # fmt: skip
    told = "\n".join(described(table, [done]))
    assert "12 events read, 5 rejected" in told and "1 students have events and no record" in told


def test_the_same_events_again_change_nothing(
    registry: SyncRegistry, csv_file: WriteCsv, task: TaskSpec
) -> None:
    ingest_file(registry, csv_file("school_2023.csv", SCHOOL), task, now=NOW)
    path = csv_file("events.csv", EVENTS)
    worked_out(registry, path, task)

    (again,) = worked_out(registry, path, task)

    assert again["changed"] == 0


def test_in_a_running_year_events_count_up_to_now(
    registry: SyncRegistry, csv_file: WriteCsv, task: TaskSpec
) -> None:
    ingest_file(registry, csv_file("school_2023.csv", SCHOOL), task, now=NOW)
    path = csv_file("events.csv", EVENTS)

    worked_out(registry, path, task, datetime(2023, 3, 1, 8, tzinfo=UTC))
    early = features(registry, "a")["absent_count_period"]
    worked_out(registry, path, task)

    assert (early, features(registry, "a")["absent_count_period"]) == (1.0, 2.0)


def test_labels_that_were_joined_before_learn_of_the_events(
    registry: SyncRegistry, csv_file: WriteCsv, task: TaskSpec
) -> None:
    """Training and serving read the same record, whichever file came first."""
    for year in ("2023", "2024"):
        ingest_file(registry, csv_file(f"school_{year}.csv", SCHOOL), task, now=NOW)

    worked_out(registry, csv_file("events.csv", EVENTS), task)

    labels = registry.run(LabelRepository().newest(10))
    assert {(one.period, one.student_id) for one in labels} == {("2023", s) for s in "abc"}
    for label in labels:
        assert label.features == features(registry, label.student_id)


def test_a_school_file_that_comes_again_keeps_what_events_told(
    registry: SyncRegistry, csv_file: WriteCsv, task: TaskSpec
) -> None:
    ingest_file(registry, csv_file("school_2023.csv", SCHOOL), task, now=NOW)
    worked_out(registry, csv_file("events.csv", EVENTS), task)

    later = datetime(2025, 4, 1, tzinfo=UTC)
    mended = csv_file("school_2023.csv", SCHOOL.replace("a,5", "a,8"))
    ingest_file(registry, mended, task, now=later)

    a = features(registry, "a")
    assert (a["effort"], a["absent_count_period"]) == (8.0, 2.0)


def test_students_are_known_by_pseudonyms_where_the_installation_keeps_no_ids(
    registry: SyncRegistry, csv_file: WriteCsv, task: TaskSpec
) -> None:
    names = Pseudonyms(b"the key that nobody else has, 32+")
    school, path = csv_file("school_2023.csv", SCHOOL), csv_file("events.csv", EVENTS)
    ingest_file(registry, school, task, now=NOW, pseudonyms=names)
    (table,) = read_events(path, task)

    (done,) = registry.run(ingest_events(table, task, now=NOW, pseudonyms=names))

    assert (done["with_events"], done["unknown"]) == (2, 1)
    assert features(registry, names.of("a"))["absent_count_period"] == 2.0


def test_an_erased_student_stays_away_whatever_a_table_of_events_says(
    registry: SyncRegistry, csv_file: WriteCsv, task: TaskSpec
) -> None:
    ingest_file(registry, csv_file("school_2023.csv", SCHOOL), task, now=NOW)
    registry.run(erase_student("a", now=NOW, tombstone_key=TombstoneKey(b"a data key")))

    (done,) = worked_out(registry, csv_file("events.csv", EVENTS), task)

    assert registry.run(StudentRepository().find("a")) is None
    assert done["unknown"] == 2


def test_the_command_reads_events_after_the_school_file(
    csv_file: WriteCsv,
    registry_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = csv_file("night.yaml", TEXT)
    for key, value in {
        "MONGO_URI": registry_uri, "MONGO_DB": "tevents", "FAROL_HOME": str(tmp_path / "home"),
        "FAROL_TASK": str(file),
    }.items():  # fmt: skip
        monkeypatch.setenv(key, value)
    events, school = csv_file("events.csv", EVENTS), csv_file("school_2023.csv", SCHOOL)

    codes = [
        main(["--events", str(events)]),
        main([str(school)]),
        main(["--events", str(events)]),
        main(["--events", str(school)]),
    ]

    told = capsys.readouterr()
    assert codes == [0, 0, 0, 1]
    assert "no period of these events has records yet" in told.out
    assert "period 2023, up to 2023-06-30: 2 of 3 students have events, 3 records" in told.out
    assert "refused: school_2023.csv: no events of task night; missing Data" in told.err
    with pytest.raises(SystemExit):
        main(["--events", "--period", "2023", str(events)])


def test_other_years_stay_as_they_are(
    registry: SyncRegistry, csv_file: WriteCsv, task: TaskSpec
) -> None:
    for year in ("2022", "2023"):
        ingest_file(registry, csv_file(f"school_{year}.csv", SCHOOL), task, now=NOW)

    worked_out(registry, csv_file("events.csv", EVENTS), task)

    assert features(registry, "a", "2022") == {"effort": 5.0}


def test_a_column_of_the_school_file_never_fills_a_feature_of_events(
    registry: SyncRegistry, csv_file: WriteCsv, task: TaskSpec
) -> None:
    text = SCHOOL.replace("effort", "effort,absent_count_30d").replace(",5,", ",5,99,")
    ingest_file(registry, csv_file("school_2023.csv", text), task, now=NOW)

    assert "absent_count_30d" not in features(registry, "a")


def test_a_file_without_the_columns_of_events_is_refused_with_their_names(
    csv_file: WriteCsv, task: TaskSpec
) -> None:
    with pytest.raises(NotThisTask, match="missing Data, Tipo, Valor"):
        read_events(csv_file("x.csv", "RA,b\na,1\n"), task)


def test_a_task_without_events_reads_none(csv_file: WriteCsv, pede: TaskSpec) -> None:
    with pytest.raises(NotThisTask, match="has no `events`"):
        read_events(csv_file("x.csv", EVENTS), pede)
