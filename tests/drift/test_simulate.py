"""Made-up changes: what they do to records, and what the watch says of them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from drift import simulate
from drift.alarms.rule import AlarmRule
from drift.policy import policy_of
from drift.simulated.changes import (
    NEW_CATEGORY,
    Concept,
    MadeUp,
    NowMissing,
    NowNew,
    Shift,
    changed,
    read_missingness,
    read_new_category,
    read_shift,
)
from drift.simulated.playing import Plan, Population, Raised, feel, play
from model.errors import ConfigurationError
from preprocessing.task.policies import WatchPolicy
from tests.drift.school import KEY, NOW, TASK, cohort, little_task, make_predictor

KINDS = {"ieg": "numeric", "ida": "numeric", "stone": "category"}
RECORDS = [o.features for o in cohort(400, "2024", seed=1)]
RULE = AlarmRule(alpha=0.05, alarm_alpha=0.01, checks=2, settled=timedelta(days=7))


def after(change: MadeUp, name: str) -> list[object]:
    made = changed(RECORDS, [change], np.random.default_rng(1), after=True)
    return [record.get(name) for record in made]


def raised(*changes: MadeUp, students: int = 300, whole: bool = False) -> dict[str, Raised]:
    population = Population(RECORDS, KINDS, policy_of(WatchPolicy()), RULE)
    plan = Plan(changes, students, checks=3, repeats=5, whole=whole, seed=1)
    return {one.feature: one for one in play(population, plan, NOW)}


def test_a_shift_moves_the_mean_by_so_many_standard_deviations() -> None:
    values = np.array([record["ieg"] for record in RECORDS], dtype=float)
    moved = np.array(after(Shift("ieg", 0.5), "ieg"), dtype=float)

    assert moved.mean() - values.mean() == pytest.approx(0.5 * values.std())


def test_a_shift_of_whole_numbers_leaves_them_whole() -> None:
    whole = [{"age": float(10 + i % 8)} for i in range(4_000)]
    moved = changed(whole, [Shift("age", 0.3)], np.random.default_rng(1), after=True)
    ages = np.array([record["age"] for record in moved], dtype=float)

    assert np.all(ages == np.rint(ages))
    assert ages.mean() == pytest.approx(13.5 + 0.3 * 2.291, abs=0.05)


def test_a_new_category_comes_in_its_share() -> None:
    stones = after(NowNew("stone", 0.25), "stone")

    assert stones.count(NEW_CATEGORY) == pytest.approx(100, abs=25)


def test_missing_values_come_in_their_shares_before_and_after() -> None:
    change = NowMissing("ieg", 0.02, 0.4)
    former = changed(RECORDS, [change], np.random.default_rng(1), after=False)

    assert sum("ieg" not in record for record in former) == pytest.approx(8, abs=8)
    assert after(change, "ieg").count(None) == pytest.approx(160, abs=30)


def test_what_changed_is_raised_at_the_second_check_and_nothing_else_is() -> None:
    found = raised(Shift("ieg", 1.0))

    assert found["ieg"] == Raised("ieg", 1.0, 1.0, 2)
    assert [one.feature for one in found.values() if one.alarmed > 0.5] == ["ieg"]


def test_a_cohort_that_comes_whole_is_raised_at_its_only_check() -> None:
    assert raised(NowNew("stone", 0.1), whole=True)["stone"].at_check == 1


def test_a_changed_concept_is_found_by_outcomes_and_by_no_feature(tmp_path: Path) -> None:
    predictor = make_predictor(little_task(), RECORDS, tmp_path)
    population = Population(
        RECORDS, KINDS, policy_of(WatchPolicy()), RULE,
        scores=predictor.score_many, cuts=lambda some: np.full(len(some), 0.5),
    )  # fmt: skip
    plan = Plan((), 600, checks=2, repeats=5, whole=False, seed=1)

    felt = feel(population, plan, Concept(0.6))

    assert not [one for one in play(population, plan, NOW) if one.alarmed > 0.5]
    assert felt.recall_before - felt.recall_after > 0.1
    assert felt.told == 1.0
    assert feel(population, plan, Concept(0.0)).told <= 0.4


def test_a_change_that_is_none_is_refused_with_the_form_it_should_have() -> None:
    for read, text, said in (
        (read_shift, "ieg", "as in --shift ieg=0.5"),
        (read_shift, "ieg=much", "'much' is no number"),
        (read_new_category, "stone=5", "must be from 0 to 1"),
        (read_missingness, "ieg=0.1", "give two shares"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            read(text)


def test_the_command_draws_from_a_file_and_tells_what_would_be_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    task, file = tmp_path / "little.yaml", tmp_path / "2024.csv"
    task.write_text(TASK, encoding="utf-8")
    rows = [f"RA-{i},{r['ieg']},{r['ida']},{r['stone']},0" for i, r in enumerate(RECORDS)]
    file.write_text("\n".join(["ra,ieg,ida,stone,defasagem", *rows]), encoding="utf-8")
    for key, value in {
        "MONGO_URI": "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100",
        "FAROL_HOME": str(tmp_path / "home"),
        "FAROL_TASK": str(task),
        "FAROL_SIGNING_KEY": KEY.decode(),
    }.items():
        monkeypatch.setenv(key, value)
    some = ["--file", str(file), "--repeats", "3", "--checks", "2"]

    shown = simulate.main([*some, "--shift", "ieg=1"]), capsys.readouterr().out
    as_json = simulate.main([*some, "--missing", "ida=0:0.3", "--json"]), capsys.readouterr().out
    wrong = simulate.main([*some, "--shift", "nothing=1"]), capsys.readouterr().err
    modelless = simulate.main([*some, "--concept", "0.3"]), capsys.readouterr().err

    assert (shown[0], as_json[0], wrong[0], modelless[0]) == (0, 0, 2, 3)
    assert "ieg moved by +1 standard deviations" in shown[1]
    assert json.loads(as_json[1])["raised"][0]["feature"] == "ida"
    assert "nothing is no feature of little: ieg, ida, stone" in wrong[1]
    assert "there is none" in modelless[1]
