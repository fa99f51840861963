"""Every drift test is whole: what it declares, what people read of it, and what it finds.

A test is one file in `drift/` and one entry in `drift.catalogue.TESTS`. What is left out is named.
"""

from __future__ import annotations

import importlib
import inspect
import io
import string
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from dashboard import charts
from dashboard.texts import Language, load_texts
from dashboard.views.drift import test_rows as page_rows
from dashboard.views.drift import test_sentences as page_sentences
from database.mapping.documents import from_document, to_document
from drift.catalogue import TESTS, label_of, row_of
from drift.contract import DriftExample, DriftResult, DriftTest, Said
from drift.policy import DriftPolicy, policy_of
from drift.report import drift_report
from drift.table import write
from model.drift import DriftReport, FeatureDrift
from model.errors import ConfigurationError
from model.profile import CATEGORY, NUMERIC, SCORE, ColumnProfile, build_profile, profile_column
from model.student import Features
from preprocessing.task.policies import WatchPolicy
from tests.drift import documented

FOLDER = Path(__file__).parents[2] / "drift"
NOW = datetime(2025, 3, 1, tzinfo=UTC)
SEED = 11

every_test = pytest.mark.parametrize("test", TESTS, ids=lambda test: test.about.name)
every_language = pytest.mark.parametrize("language", Language)


def kind_of(example: DriftExample) -> str:
    values = (*example.reference, *example.current)
    return CATEGORY if any(isinstance(value, str) for value in values) else NUMERIC


def profiles_of(example: DriftExample) -> tuple[ColumnProfile, ColumnProfile]:
    kind = kind_of(example)
    then, now = (profile_column("x", v, kind) for v in (example.reference, example.current))
    return then, now


def run(test: DriftTest, example: DriftExample, seed: int = SEED) -> DriftResult:
    return test.run(*profiles_of(example), seed)


def report_of(test: DriftTest, example: DriftExample, **limits: float) -> DriftReport:
    def records(values: tuple[float | str | None, ...]) -> list[Features]:
        return [{} if value is None else {"x": value} for value in values]

    nothing = np.array([])
    return drift_report(
        build_profile(records(example.reference), {"x": kind_of(example)}, nothing),
        records(example.current), nothing,
        report_id="d", now=NOW, model_version="v1", periods=("2024",),
        policy=DriftPolicy(numeric=(test,), category=(test,), limits=limits), seed=SEED,
    )  # fmt: skip


def alarming_report(test: DriftTest) -> DriftReport:
    return report_of(test, test.about.alarming)


def test_every_file_of_a_test_is_in_the_catalogue() -> None:
    written = {
        thing.__name__
        for path in FOLDER.glob("*.py")
        for thing in vars(importlib.import_module(f"drift.{path.stem}")).values()
        if inspect.isclass(thing) and issubclass(thing, DriftTest) and not inspect.isabstract(thing)
    }

    left_out = written - {type(test).__name__ for test in TESTS}
    assert not left_out, f"add to drift.catalogue.TESTS: {sorted(left_out)}"


def test_what_is_said_of_the_tests_is_read_without_loading_the_statistics() -> None:
    code = "import sys, drift.catalogue; print('scipy.stats' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER.parent, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False", "the dashboard would start seconds later"


def test_no_two_tests_have_one_name_or_label() -> None:
    for said in (
        [test.about.name for test in TESTS],
        [test.about.label.en for test in TESTS],
        [test.about.label.pt for test in TESTS],
    ):
        assert [name for name in said if said.count(name) > 1] == []


@every_test
@pytest.mark.parametrize("part", ["label", "sentence", "effect", "row"])
@every_language
def test_a_test_says_each_of_its_texts_in_both_languages(
    test: DriftTest, part: str, language: Language
) -> None:
    said: Said = getattr(test.about, part)

    assert said.of(language).strip(), f"{test.about.name} has no {part} in {language.value}"
    assert _fields(said.en) == _fields(said.pt), f"{test.about.name}: {part} says other values"


@every_test
@pytest.mark.parametrize("part", ["sentence", "effect"])
def test_a_test_says_its_sentences_in_portuguese_and_not_in_english_twice(
    test: DriftTest, part: str
) -> None:
    said: Said = getattr(test.about, part)

    assert said.pt != said.en, f"{test.about.name}: {part} is not translated"


@every_test
def test_a_test_declares_a_limit_and_a_quiet_example_that_say_something(test: DriftTest) -> None:
    about = test.about

    assert about.limit > 0.0, f"{about.name}: with limit {about.limit} every effect is large"
    assert sorted(about.quiet.reference, key=str) != sorted(about.quiet.current, key=str), (
        f"{about.name}: its quiet example has the same values on both sides"
    )


@every_test
def test_a_test_answers_with_finite_figures_under_the_name_of_its_effect(test: DriftTest) -> None:
    for example in (test.about.alarming, test.about.quiet):
        result = run(test, example)

        assert result.enough, f"{test.about.name}: its example holds too few records"
        assert result.effect_name == test.about.effect.en
        assert np.isfinite([result.statistic, result.effect]).all() and result.effect >= 0.0
        assert result.p_value is None or 0.0 <= result.p_value <= 1.0


@every_test
def test_a_test_alarms_in_its_alarming_example_and_not_in_its_quiet_one(test: DriftTest) -> None:
    assert alarming_report(test).drifted, f"{test.about.name} is silent in its alarming example"
    quiet = report_of(test, test.about.quiet)
    assert not quiet.drifted, f"{test.about.name} alarms in its quiet example"
    assert len(quiet.features) == 1


@every_test
def test_a_test_is_decided_by_its_seed_alone(test: DriftTest) -> None:
    example = test.about.quiet

    once, again = run(test, example), run(test, example)
    assert once == again, f"{test.about.name} draws by something else than its seed"
    assert run(test, example, seed=SEED + 1).statistic == once.statistic


@every_test
def test_a_test_of_identical_columns_finds_nothing(test: DriftTest) -> None:
    for values in (test.about.alarming.reference, test.about.quiet.current):
        result = run(test, DriftExample(values, values))

        assert result.effect == pytest.approx(0.0, abs=1e-9)
        assert not result.enough or result.p_value is None or result.p_value > 0.5


@every_test
def test_a_test_says_when_the_records_are_too_few_to_answer(test: DriftTest) -> None:
    few = test.about.alarming.reference[:3]

    assert not run(test, DriftExample(few, few)).enough, f"{test.about.name} answers from 3 records"
    assert report_of(test, DriftExample(few, few)).features == ()


@every_test
def test_a_test_refuses_a_kind_that_it_does_not_read(test: DriftTest) -> None:
    columns = {
        NUMERIC: profile_column("x", [1.0, 2.0] * 10, NUMERIC),
        CATEGORY: profile_column("x", ["a", "b"] * 10, CATEGORY),
    }

    for kind in columns.keys() - set(test.kinds):
        with pytest.raises(TypeError, match=test.about.name):
            test.run(columns[kind], columns[kind], SEED)


@every_test
def test_the_task_chooses_a_test_and_its_limit_by_name(test: DriftTest) -> None:
    name = test.about.name
    chosen: dict[str, tuple[str, ...]] = dict.fromkeys(test.kinds, (name,))

    policy = policy_of(WatchPolicy.model_validate({**chosen, "limits": {name: 0.77}}))

    for kind in test.kinds:
        assert {NUMERIC: policy.numeric, CATEGORY: policy.category}[kind] == (test,)
    assert policy.limit_of(test) == 0.77
    assert policy_of(WatchPolicy()).limit_of(test) == test.about.limit


@every_test
def test_a_limit_that_nothing_reaches_makes_no_alarm(test: DriftTest) -> None:
    made = report_of(test, test.about.alarming, **{test.about.name: 1e6})

    assert not made.drifted and made.features[0].effect_limit == 1e6


@every_test
def test_a_test_has_its_line_in_the_documents(test: DriftTest) -> None:
    lines = [
        line for line in documented.TABLE.written().splitlines() if f"`{test.about.name}`" in line
    ]

    assert lines, f"docs/drift.md lacks {test.about.name}: python -m tests.drift.documented"
    assert test.about.effect.en in lines[0] and test.about.sentence.en in lines[0]


def test_the_documents_table_is_the_one_of_the_tests() -> None:
    assert documented.TABLE.written() == documented.table(), "python -m tests.drift.documented"


@every_test
def test_a_test_is_shown_in_the_terminals_table(test: DriftTest) -> None:
    console = Console(file=io.StringIO(), width=120)

    write(alarming_report(test), console)

    assert test.about.label.en in console.file.getvalue()  # type: ignore[attr-defined]


@every_test
@every_language
def test_a_test_is_shown_in_the_chart_and_on_the_page(test: DriftTest, language: Language) -> None:
    texts, report = load_texts(language), alarming_report(test)
    label = test.about.label.of(language)

    (shown,) = (bar.y for bar in charts.drift_bars(report, texts).data if len(bar.y))
    (row,) = page_rows(report, texts)
    (sentence,) = page_sentences(report, texts)

    assert list(shown) == [test.about.row.of(language).format(feature="x", label=label)]
    assert row[texts("test.test")] == label
    assert label in sentence and test.about.sentence.of(language) in sentence


@pytest.mark.parametrize("kind", [NUMERIC, CATEGORY])
@every_language
def test_no_two_tests_of_a_kind_share_a_row_of_the_chart(kind: str, language: Language) -> None:
    rows = [
        test.about.row.of(language).format(feature="x", label=test.about.label.of(language))
        for test in TESTS
        if kind in test.kinds
    ]

    shared = {name for name in rows if rows.count(name) > 1}
    assert not shared, f"one chart row for several {kind} tests, give one its own row: {shared}"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"numeric": ["chi_square"]}, r"drift\.numeric: 'chi_square' is not one of ks"),
        ({"category": ["no_such"]}, r"drift\.category: 'no_such' is not one of .*chi_square"),
        ({"limits": {"no_such": 0.1}}, r"drift\.limits: 'no_such' is not one of ks"),
    ],
)
def test_a_test_that_is_not_there_is_named_with_those_that_are(
    wrong: dict[str, object], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named):
        policy_of(WatchPolicy.model_validate(wrong))


def test_a_test_named_twice_runs_once() -> None:
    policy = policy_of(WatchPolicy(numeric=("ks", "missingness", "ks")))

    assert [test.about.name for test in policy.numeric] == ["ks", "missingness"]


def test_the_models_scores_are_tested_as_a_number() -> None:
    profile = {SCORE: profile_column(SCORE, [0.1, 0.2] * 30, NUMERIC).document()}

    made = drift_report(
        profile, [{}] * 60, np.array([0.8, 0.9] * 30),
        report_id="d", now=NOW, model_version="v1", periods=("2024",),
        policy=policy_of(WatchPolicy(numeric=("wasserstein",))), seed=SEED,
    )  # fmt: skip

    assert [(row.feature, row.test, row.drifted) for row in made.features] == [
        (SCORE, "wasserstein", True)
    ]


def test_a_report_of_before_is_read_and_shown_though_its_test_is_no_more() -> None:
    row = {
        "feature": "ieg", "test": "no_longer", "statistic": 0.4, "p_value": 0.001, "q_value": 0.002,
        "effect": 0.4, "effect_limit": 0.1, "psi": 0.3, "drifted": True, "missing": 0.0,
        "reference_missing": 0.0, "unseen": [],
    }  # fmt: skip
    stored = {
        "_id": "d", "at": NOW, "model_version": "v1", "rows": 60, "periods": ["2024"],
        "features": [row], "drifted": True, "realised": {}, "estimated": {}, "notes": [],
    }  # fmt: skip

    report = from_document(DriftReport, stored, key="report_id")

    assert report.drifted_features == ("ieg",)
    assert label_of("no_longer", "pt") == "no_longer"
    assert row_of("no_longer", "IEG", "pt") == "IEG (no_longer)"
    assert page_sentences(report, load_texts(Language.PT)) == []


def test_a_row_without_a_p_value_is_stored_and_read_as_it_was() -> None:
    row = replace(alarming_report(TESTS[0]).features[0], p_value=None, q_value=None)

    assert from_document(FeatureDrift, to_document(row)) == row


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
