"""Whole columns are read, encoded and assessed as single records are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.bundle import load_bundle
from model.errors import InvalidRecord, NotThisTask
from model.student import Features
from preprocessing.assessing import assess
from preprocessing.columnar.columns import columns_of
from preprocessing.columnar.tables import CheckedRows, ReadRow, TableReader
from preprocessing.encoder import FeatureEncoder
from preprocessing.predictor import Predictor
from preprocessing.task.columns import Kind
from preprocessing.task.spec import load_task
from preprocessing.validation import RecordChecker
from tests.api import bundles

TASK = load_task("pede_lag")
NAMES = TASK.feature_names
CHECK = RecordChecker(TASK)

ODD = [
    "", " ", "nan", "-nan", "NaN", "inf", "-inf", "n/a", "None", "1e5", "1e005", "1E2", "+3", "-0",
    ".5", "5.", "7,055", "1.234,5", "1,234,567.8", "252%", "FASE 7", "ALFA", "7A", "1/7/1900",
    "2015", "28/07/2016", "#DIV/0!", "INCLUIR", "0x10", "1_0", "１２", "9" * 120, "9" * 1001,
    "quartzo", "Ágata", "TOPÁZIO", "marble", "-", "true",
]  # fmt: skip
TEXT_CELLS = st.one_of(
    st.none(),
    st.sampled_from(ODD),
    st.floats(-1, 11, allow_nan=False).map(lambda v: f"{v:.3f}"),
    st.floats(-1, 11, allow_nan=False).map(repr),
    st.integers(-12, 45).map(str),
    st.text(max_size=4),
)
NUMBER_CELLS = st.one_of(
    st.none(),
    st.floats(),
    st.floats(-1, 11),
    st.integers(-12, 45).map(float),
)
IDS = st.one_of(
    st.none(),
    st.sampled_from(["RA-1", "nan", "batch", "~x", " RA-2 ", "17.0", "-", "a\nb", "x" * 129, "é1"]),
    st.text(max_size=3),
)
PERIODS = st.sampled_from([None, "2023", "2024", "24", "nan", "２０２４"])


Outcome = ReadRow | tuple[str, str]
"""What a row says, or the field at fault and why."""


def one_by_one(reader: TableReader, rows: Sequence[Sequence[Any]]) -> list[Outcome]:
    found: list[Outcome] = []
    for row in rows:
        try:
            found.append(reader.one(row))
        except InvalidRecord as error:
            found.append((error.field, error.reason))
    return found


def together(rows: CheckedRows) -> list[Outcome]:
    columns = [rows.columns.values(name) for name in NAMES]
    kept = {
        row: ReadRow(
            rows.students[row],
            str(rows.periods[row]),
            {n: v for n, v in zip(NAMES, values, strict=True) if v is not None},
            rows.units[row],
        )
        for row, values in zip(rows.kept.tolist(), zip(*columns, strict=True), strict=True)
    }
    refused = {row: (error.field, error.reason) for row, error in rows.refused.items()}
    return [(kept | refused)[row] for row in range(len(rows.numbers))]


def read(reader: TableReader, columns: Sequence[pyarrow.Array]) -> CheckedRows:
    return reader.read(columns, np.arange(1, len(columns[0]) + 1), {})


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 12))
def test_a_chunk_of_texts_is_read_as_its_rows_are_one_by_one(
    data: st.DataObject, size: int
) -> None:
    header = ["RA", "Ano letivo", *NAMES[:-1], "Ano ingresso"]
    cells = {"RA": IDS, "Ano letivo": PERIODS}
    columns = [
        data.draw(st.lists(cells.get(name, TEXT_CELLS), min_size=size, max_size=size))
        for name in header
    ]
    reader = TableReader(TASK, header, "2024")

    found = read(reader, [pyarrow.array(column, pyarrow.string()) for column in columns])

    assert together(found) == one_by_one(reader, list(zip(*columns, strict=True)))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 12), st.sampled_from([pyarrow.float64(), pyarrow.float32()]))
def test_a_chunk_of_numbers_is_read_as_its_rows_are_one_by_one(
    data: st.DataObject, size: int, kind: pyarrow.DataType
) -> None:
    columns = [
        pyarrow.array(
            data.draw(st.lists(NUMBER_CELLS, min_size=size, max_size=size)), pyarrow.float64()
        ).cast(kind, safe=False)
        for _ in NAMES
    ]
    reader = TableReader(TASK, NAMES, "2024")

    found = read(reader, columns)

    rows = list(zip(*(column.to_pylist() for column in columns), strict=True))
    assert together(found) == one_by_one(reader, rows)


@st.composite
def records(draw: st.DrawFn) -> Mapping[str, Any]:
    """A record as /predict takes it, now and then with something wrong."""
    record: dict[str, Any] = {}
    for column in TASK.features:
        if draw(st.integers(0, 3)) == 0:
            continue
        if column.kind is Kind.CATEGORY:
            words = [*column.categories, "Ágata", "TOPAZIO", "marble"]
            record[column.name] = draw(st.sampled_from(words))
        else:
            low, high = column.low or 0.0, column.high or 10.0
            beyond = draw(st.integers(0, 30)) == 0
            whole = st.integers(int(low) - beyond, int(high) + beyond)
            some = st.floats(low - beyond, high + beyond)
            record[column.name] = draw(whole if column.integer else some)
    return record


@settings(max_examples=60, deadline=None)
@given(st.lists(records(), min_size=1, max_size=12))
def test_a_table_of_canonical_columns_is_checked_as_predict_checks_records(
    asked: list[Mapping[str, Any]],
) -> None:
    reader = TableReader(TASK, NAMES, "2024")
    columns = [pyarrow.array([record.get(name) for record in asked]) for name in NAMES]

    found = read(reader, columns)

    expected: list[Outcome] = []
    for record in asked:
        try:
            expected.append(ReadRow(None, "2024", CHECK(record), {}))
        except InvalidRecord as error:
            expected.append((error.field, error.reason))
    assert together(found) == expected


@cache
def encoder() -> FeatureEncoder:
    return FeatureEncoder.fit(TASK, [*bundles.records(40, seed=1), *whole_records(60)])


def whole_records(n: int) -> list[Features]:
    """Records with every feature, from which the derived number gets a column."""
    chance = np.random.default_rng(3)
    return [
        CHECK({
            c.name: str(chance.choice([*c.categories][:2]))
            if c.kind is Kind.CATEGORY
            else int(chance.integers(int(c.low or 0), int(c.high or 9) + 1))
            for c in TASK.features
            if chance.random() > 0.1 or c.name == "ida"
        })
        for _ in range(n)
    ]  # fmt: skip


def checked(record: Mapping[str, Any]) -> Features:
    try:
        return CHECK(record)
    except InvalidRecord:
        return {"ida": 5.0}


FEATURES = st.lists(records().map(checked), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(FEATURES)
def test_columns_become_exactly_the_rows_that_records_become(known: list[Features]) -> None:
    assert "defasagem_prevista" in encoder().columns

    rows = encoder().encode_columns(columns_of(known, TASK.features))

    assert rows.tolist() == encoder().encode_many(known).tolist()
    assert rows.tolist() == [encoder().encode_one(record).tolist() for record in known]


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    folder = tmp_path_factory.mktemp("bundle") / "one"
    bundle = load_bundle(folder, bundles.write(folder, 0.0, TASK))
    weights = {"inde": 0.5, "ida": 0.2, "pedra": 0.2, "fase": 0.1}
    cuts = replace(bundle.thresholds, min_known_weight=0.3)
    return Predictor(replace(bundle, importance=weights, thresholds=cuts))


@settings(max_examples=60, deadline=None)
@given(FEATURES)
def test_columns_are_assessed_as_records_are(predictor: Predictor, known: list[Features]) -> None:
    found = assess(predictor, columns_of(known, TASK.features), NAMES)

    expected = predictor.assess_many(known)
    assert list(found.scores) == [one.score for one in expected]
    assert list(found.labels) == [one.label for one in expected]
    assert list(found.statuses) == [one.status for one in expected]
    assert list(found.intervals) == [one.interval for one in expected]
    patterns = [found.patterns[place] for place in found.pattern_of]
    assert found.known_weights == [one.known_weight for one in expected]
    assert [p.unseen for p in patterns] == [one.unseen for one in expected]
    assert [p.imputed for p in patterns] == [
        tuple(n for n in NAMES if n not in record or n in one.unseen)
        for record, one in zip(known, expected, strict=True)
    ]


def test_a_year_of_entry_is_read_under_its_header_and_years_under_the_features_own_name() -> None:
    entered = TableReader(TASK, ["Ano ingresso"], "2024").one(["2021"])
    years = TableReader(TASK, ["anos_programa"], "2024").one(["3"])

    assert entered.features == years.features == {"anos_programa": 3.0}


def test_a_table_without_a_feature_is_refused_and_tells_which_there_are() -> None:
    with pytest.raises(NotThisTask, match="no column is a feature of pede_lag; known are inde,"):
        TableReader(TASK, ["RA", "Nome"], "2024")


def test_columns_that_the_task_does_not_use_are_named() -> None:
    reader = TableReader(TASK, ["RA", "Nome", "INDE 2024", "INDE 2022"], "2024")

    assert reader.ignored == ("Nome", "INDE 2022")
