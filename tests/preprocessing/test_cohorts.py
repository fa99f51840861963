"""The synthetic school years."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from preprocessing.cohorts.__main__ import main
from preprocessing.cohorts.scenarios import Scenario
from preprocessing.cohorts.students import simulate
from preprocessing.cohorts.write import write_cohorts
from preprocessing.dataset import training_set
from preprocessing.encoder import FeatureEncoder
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.pairing import paired
from preprocessing.task.spec import TaskSpec
from tests.preprocessing.conftest import NOW


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_cohorts(tmp_path_factory.mktemp("cohorts"), seed=11, years=5)


@pytest.fixture(scope="module")
def tables(files: list[Path], pede: TaskSpec) -> Mapping[str, CleanTable]:
    read = [table for path in files for table in read_tables(path, pede, now=NOW)]
    return {table.batch.period: table for table in read}


def at_risk(table: CleanTable) -> float:
    return float(np.mean([outcome.value for outcome in table.outcomes]))


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    one, two = (write_cohorts(tmp_path / n, seed=5, years=2) for n in ("one", "two"))
    other = write_cohorts(tmp_path / "other", seed=6, years=2)

    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]
    assert one[0].read_bytes() != other[0].read_bytes()


def test_every_row_is_kept_when_it_is_read_back(tables: Mapping[str, CleanTable]) -> None:
    assert list(tables) == ["2022", "2023", "2024", "2025", "2026"]
    assert [t.batch.rows_kept for t in tables.values()] == [900, 1000, 1150, 1210, 1270]
    assert all(not t.batch.rejects for t in tables.values())


def test_the_share_at_risk_is_that_of_the_survey(tables: Mapping[str, CleanTable]) -> None:
    shares = [at_risk(tables[year]) for year in ("2022", "2023", "2024")]

    assert shares == pytest.approx([0.70, 0.54, 0.46], abs=0.03)


def test_students_come_back_and_newcomers_join(tables: Mapping[str, CleanTable]) -> None:
    labels = paired(tables.values())
    by_period = Counter(label.period for label in labels)

    assert 550 <= by_period["2022"] <= 680
    assert 700 <= by_period["2023"] <= 870


@pytest.mark.parametrize("year", ["2022", "2023", "2024"])
def test_the_columns_are_those_of_the_survey(files: list[Path], real_data: Path, year: str) -> None:
    def header(path: Path) -> list[str]:
        with path.open(encoding="utf-8", newline="") as file:
            return next(csv.reader(file))

    (ours,) = (path for path in files if year in path.name)

    assert header(ours) == header(real_data / f"pede_{year}.csv")


@pytest.mark.parametrize("year", ["2022", "2023", "2024"])
def test_the_indicators_lie_where_the_surveys_do(
    tables: Mapping[str, CleanTable], pede_years: Mapping[str, CleanTable], year: str
) -> None:
    def mean(table: CleanTable, feature: str) -> float:
        seen = [o.features[feature] for o in table.observations if feature in o.features]
        return float(np.mean(np.array(seen, dtype=np.float64)))

    for feature in ("inde", "ida", "ieg", "ips", "ipv", "mat", "por", "idade"):
        ours, theirs = mean(tables[year], feature), mean(pede_years[year], feature)
        assert ours == pytest.approx(theirs, abs=0.8 if feature != "idade" else 1.5), feature


def test_the_habits_of_the_survey_are_kept(files: list[Path]) -> None:
    old, middle, new = (path.read_text(encoding="utf-8") for path in files[:3])

    assert "Menina" in old and "Feminino" in middle
    assert re.search(r",1/1\d/1900,", middle)
    assert re.search(r"\d+%", middle) and '"10,01"' in middle
    assert "FASE 3" in middle and "ALFA" in middle and "#N/A" in middle
    assert "#DIV/0!" in new and "INCLUIR" in new
    assert re.search(r"\n[^,]+,\d[A-Z],", new)
    assert re.search(r"[Á]gata", old) and "Agata" in new


def test_no_student_of_the_survey_is_in_the_cohorts(files: list[Path]) -> None:
    assert all("RA-" not in path.read_text(encoding="utf-8") for path in files)


@pytest.mark.slow
def test_next_years_risk_can_be_predicted_about_as_well_as_in_the_survey(
    tables: Mapping[str, CleanTable], pede: TaskSpec
) -> None:
    data = training_set(paired(tables.values()), ())
    figures = []
    for year in ("2022", "2023"):
        train, test = data.periods == year, data.periods == str(int(year) + 1)
        encoder = FeatureEncoder.fit(pede, data.take(train).records)
        forest = RandomForestClassifier(200, min_samples_leaf=3, random_state=0)
        forest.fit(encoder.encode_many(data.take(train).records), data.outcome[train])
        scores = forest.predict_proba(encoder.encode_many(data.take(test).records))[:, 1]
        figures.append(roc_auc_score(data.outcome[test], scores))

    assert all(0.75 < figure < 0.96 for figure in figures), figures


def test_the_command_writes_the_years_that_were_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "new"), "--years", "1", "--seed", "3"]) == 0

    assert capsys.readouterr().out.strip().endswith("synthetic_pede_2022.csv")
    assert len(list((tmp_path / "new").iterdir())) == 1


def lags(scenario: Scenario, year: int) -> list[int]:
    surveys = dict(simulate(3, 4, scenario))[year]
    return [survey.lag for survey in surveys]


@pytest.mark.slow
def test_a_mislabelled_year_mixes_a_quarter_of_its_lags_and_keeps_every_share() -> None:
    usual, mixed = lags(Scenario.STEADY, 2024), lags(Scenario.MISLABELLED, 2024)

    moved = np.mean([one != other for one, other in zip(usual, mixed, strict=True)])
    assert Counter(usual) == Counter(mixed)
    assert 0.08 < moved <= 0.25
    assert lags(Scenario.STEADY, 2023) == lags(Scenario.MISLABELLED, 2023)


@pytest.mark.slow
def test_an_exceptional_year_differs_from_the_years_around_it() -> None:
    behind = [np.mean(np.array(lags(Scenario.EXCEPTIONAL, y)) < 0) for y in (2023, 2024, 2025)]

    assert behind == pytest.approx([0.46, 0.60, 0.46], abs=0.03)
