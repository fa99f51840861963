from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model.prediction import Thresholds
from model.version import Lineage, ModelVersion, Window
from preprocessing.task.spec import load_task
from retraining.replay.__main__ import chosen, main
from retraining.replay.alternatives import ALWAYS, NAIVE, NEVER, OURS, POLICIES, pick
from retraining.replay.report import plot
from retraining.replay.result import History, Served
from tests.retraining.school import START, TASK
from tests.studies.replay_summary import against_never, regrets

pytestmark = pytest.mark.long

Integers = NDArray[np.int64]

ROOT = Path(__file__).parents[2]


def version(name: str, recall: float) -> ModelVersion:
    return ModelVersion(
        version=name,
        number=int(name[1:]),
        task="school",
        family="x",
        created_at=START,
        params={},
        metrics={"recall": recall},
        metrics_on="",
        thresholds=Thresholds(0.5, 0.5, 0.9),
        window=Window(("2022",), 1, 1, "", START),
        lineage=Lineage("r", 0, None, "", {}),
        features=(),
        reference={},
        artifact="",
        trained_on="",
        signature="",
    )


@pytest.mark.parametrize(
    ("policy", "recall", "promoted", "chosen"),
    [
        (OURS, 0.9, False, "v1"),
        (OURS, 0.5, True, "v2"),
        (NEVER, 0.9, True, "v1"),
        (ALWAYS, 0.1, False, "v2"),
        (NAIVE, 0.705, True, "v1"),
        (NAIVE, 0.715, False, "v2"),
    ],
)
def test_each_policy_chooses_in_its_own_way(
    policy: str, recall: float, promoted: bool, chosen: str
) -> None:
    picked = pick(policy, version("v1", 0.7), version("v2", recall), promoted)

    assert picked is not None
    assert picked.version == chosen


@pytest.mark.parametrize("policy", POLICIES)
def test_the_first_champion_is_the_same_for_every_policy(policy: str) -> None:
    first = version("v1", 0.7)

    assert pick(policy, None, first, True) == first
    assert pick(policy, None, first, False) is None


def served(period: str, ours: float, never: float) -> Served:
    recall = {OURS: ours, NEVER: never, ALWAYS: ours, NAIVE: never}
    return Served(period, 100, 40, 40, recall, dict.fromkeys(POLICIES, "v1"), max(ours, never))


def test_regret_is_the_recall_given_away_against_the_best_version_there_was() -> None:
    history = History((), (served("2022", 0.7, 0.7), served("2023", 0.8, 0.6)))

    assert history.regret(OURS) == 0
    assert history.regret(NEVER) == pytest.approx(0.2)
    assert history.mean_recall(OURS) == pytest.approx(0.75)


def test_a_plot_is_drawn(tmp_path: Path) -> None:
    plot(History((), (served("2022", 0.7, 0.7),)), tmp_path / "replay.svg")

    assert "<svg" in (tmp_path / "replay.svg").read_text(encoding="utf-8")


def write_year(folder: Path, year: int, late: Integers, decides: int) -> Integers:
    """Writes a school file and gives the next year's outcome of its students."""
    rng = np.random.default_rng(year)
    grades = rng.uniform(0, 10, (len(late), 2)).round(2)
    with (folder / f"school_{year}.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "reading", "sums", "late"])
        writer.writerows([f"S{i}", *grades[i], int(late[i])] for i in range(len(late)))
    at_risk = (5 - grades[:, decides]) * 0.5 + rng.logistic(size=len(late)) > 0
    return np.where(at_risk, -1, 1)


def test_a_replay_serves_what_was_decided_on_the_past_alone(tmp_path: Path) -> None:
    late = np.where(np.arange(500) % 2, -1, 1)
    for year, decides in ((2021, 0), (2022, 1), (2023, 1), (2024, 1)):
        late = write_year(tmp_path, year, late, decides)
    spec = tmp_path / "school.yaml"
    spec.write_text(TASK, encoding="utf-8")
    files = [str(path) for path in sorted(tmp_path.glob("school_*.csv"))]

    done = subprocess.run(
        [sys.executable, "-m", "retraining.replay", *files, "--json"],
        cwd=ROOT,
        env={**os.environ, "FAROL_TASK": str(spec), "FAROL_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )

    told = json.loads(done.stdout)
    statuses = [d["status"] for d in told["decided"]]
    assert statuses[:3] == ["not_enough_data", "promoted", "promoted"]
    assert [s["period"] for s in told["served"]] == ["2022", "2023"]
    changed, after = told["served"]
    assert set(changed["version"].values()) == {"v1"}
    assert after["version"]["ours"] == "v2"
    assert after["recall"]["ours"] > after["recall"]["never"] + 0.1
    assert told["totals"]["ours"]["regret"] == 0


TABLE = "RA,Fase,IAA,IEG,IPS,IDA,Defasagem\na,1,8,9,7,5,-1\n"


def test_a_folder_is_played_without_what_is_no_table_in_it(tmp_path: Path) -> None:
    for name, text in (
        ("README.md", "# Data"), ("notes.csv", "a,b\n1,2\n"),
        ("pede_2023.csv", TABLE), ("pede_2022.csv", TABLE),
    ):  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    lines: list[str] = []

    files = chosen([tmp_path], load_task("pede_lag"), tmp_path / "made", say=lines.append)

    assert [path.name for path in files] == ["pede_2022.csv", "pede_2023.csv"]
    (line,) = lines
    assert line.startswith("not used: notes.csv")


def test_a_folder_without_a_table_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "README.md").write_text("# Data", encoding="utf-8")

    assert main([str(tmp_path)]) == 2
    assert f"{tmp_path}: no .csv, .xlsx or .parquet file" in capsys.readouterr().err


def test_a_file_that_is_named_is_not_left_out(tmp_path: Path) -> None:
    named = tmp_path / "README.md"
    named.write_text("# Data", encoding="utf-8")

    assert chosen([named], load_task("pede_lag"), tmp_path, say=lambda _: None) == [named]


def test_without_files_synthetic_school_years_are_played(tmp_path: Path) -> None:
    files = chosen([], load_task("pede_lag"), tmp_path, say=lambda _: None)

    assert [path.name for path in files] == [
        f"synthetic_pede_{year}.csv" for year in (2022, 2023, 2024)
    ]


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["/no/such/file.csv"]) == 2
    assert "no such file or folder: /no/such/file.csv" in capsys.readouterr().err


def test_a_study_tells_regret_by_scenario_and_the_years_ours_was_behind() -> None:
    rows = [
        {"scenario": "steady", **History((), (served("2023", ours, 0.70),)).to_mapping()}
        for ours in (0.74, 0.68)
    ]

    assert "| steady | 2 | 1.0 (0.0 to 2.0) | 2.0 (0.0 to 4.0) |" in "\n".join(regrets(rows))
    assert "| steady | 2023 | 1.0 (-2.0 to 4.0) | 1 of 2 |" in "\n".join(against_never(rows))
