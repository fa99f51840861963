"""`python -m preprocessing.new_task`: asked or not, with the leakage guard behind it."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from preprocessing.new_task import main
from preprocessing.proposing.asking import asked, known_all_the_same
from preprocessing.proposing.proposal import Choices
from preprocessing.proposing.propose import propose, see
from preprocessing.proposing.tables import raw_tables
from preprocessing.task.spec import load_task
from tests.preprocessing.conftest import WriteCsv


@pytest.fixture
def school(csv_file: WriteCsv) -> Path:
    """A year of 120 students whose `twin` decides who leaves."""
    rng = random.Random(4)
    rows = []
    for n in range(120):
        left = rng.random() < 0.4
        effort = rng.gauss(5 - left, 1.5)
        rows.append(
            f"S{n:04},{effort:.2f},{rng.randint(1, 5)},{10 * left + rng.randint(0, 9)},{int(left)}"
        )
    return csv_file("school_2023.csv", "id,effort,homework,twin,left_school\n" + "\n".join(rows))


def run(*arguments: str | Path) -> int:
    return main([*map(str, arguments), "--yes"])


def test_what_decides_the_outcome_is_named_and_left_out(
    school: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "school.yaml"

    code = run(school, "--out", out, "--outcome", "left_school")

    told = capsys.readouterr().err
    assert code == 0
    assert "leak: twin: tells the outcome alone: AUC 1.000" in told
    task = load_task(str(out))
    assert task.feature_names == ("effort", "homework")
    assert "twin" in task.excluded
    assert f"export FAROL_TASK={out}" in told and "--period" not in told


def test_files_of_several_years_are_measured_with_the_outcome_of_the_next(
    school: Path, csv_file: WriteCsv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    next_year = csv_file("school_2024.csv", school.read_text())
    out = tmp_path / "school.yaml"

    run(school, next_year, "--out", out, "--outcome", "left_school")

    told, task = capsys.readouterr().err, load_task(str(out))
    assert "leak: twin: tells the outcome alone: AUC 1.000" in told
    assert (task.outcome.horizon, task.outcome.persistence) == (1, "left_school")
    # The present outcome decides the next one here, and is known before it.
    assert list(task.leakage.accepted) == ["left_school"]


def test_what_is_known_all_the_same_stays_and_is_accepted_by_the_guard(
    school: Path, tmp_path: Path
) -> None:
    out = tmp_path / "school.yaml"

    run(school, "--out", out, "--outcome", "left_school", "--known", "twin")

    assert "twin" in load_task(str(out)).feature_names
    assert "twin" in load_task(str(out)).leakage.accepted


def test_without_a_file_the_task_goes_to_stdout_and_what_is_unsure_to_stderr(
    school: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(school, "--outcome", "left_school")

    out, err = capsys.readouterr()
    assert out.startswith("# Proposed by")
    assert "# unsure: " in out and "unsure: outcome, `at_least 1`" in err


def test_a_file_that_is_there_is_not_written_over(school: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    out.write_text("mine")

    assert run(school, "--out", out) == 2
    assert out.read_text() == "mine"


def test_a_folder_that_is_not_there_is_told_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("no_file.csv", "--out", tmp_path / "none" / "mine.yaml") == 2
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--outcome", "left_scool", "did you mean left_school?"),
        ("--at-risk", "blow 3", "write `below 10`"),
        ("--name", "My School", "--name"),
    ],
)
def test_a_wrong_option_is_told_with_what_was_meant(
    school: Path, option: str, value: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(school, option, value) == 2
    assert why in capsys.readouterr().err


def test_files_that_are_no_tables_are_refused(csv_file: WriteCsv) -> None:
    assert run(csv_file("empty.csv", "\n")) == 2
    assert run(csv_file("one.csv", "a\n1\n")) == 2
    assert run(csv_file("one.csv", "a\n1\n").with_name("none.csv")) == 2


class Answers:
    """Somebody at a terminal."""

    def __init__(self, *answers: str) -> None:
        self._answers: Iterator[str] = iter(answers)
        self.asked: list[str] = []

    def __call__(self, question: str, default: str) -> str:
        self.asked.append(f"{question} [{default}]")
        return next(self._answers, "") or default


def test_a_question_is_put_at_a_time_and_an_empty_answer_is_its_default(school: Path) -> None:
    seen, ask = see(raw_tables([school])), Answers()

    choices = asked(seen, Choices(), ask, lambda _: None)

    assert choices == Choices()
    assert len(ask.asked) == 5
    assert ask.asked[0].endswith("[school]")


def test_answers_are_taken_and_a_wrong_one_is_asked_for_again(school: Path) -> None:
    seen, said = see(raw_tables([school])), list[str]()
    ask = Answers("Night!", "night", "twn", "twin", "over 3", "at_least 12", "", "x", "1")

    choices = asked(seen, Choices(), ask, said.append)

    assert choices == Choices(name="night", outcome="twin", at_risk="at_least 12", horizon=1)
    assert len(said) == 4
    assert str(propose(seen, choices).rule) == "at_least 12"


def test_what_an_option_says_is_not_asked(school: Path) -> None:
    ask = Answers()
    given = Choices(name="s", outcome="left_school", at_risk="at_least 1", horizon=0)

    asked(see(raw_tables([school])), given, ask, lambda _: None)

    assert [question.split(" column")[0] for question in ask.asked] == ["Which"]


def test_a_leak_may_be_kept_by_who_knows_better(csv_file: WriteCsv) -> None:
    rows = "\n".join(f"S{n:04},{n % 7},{n % 3},{n % 2}" for n in range(60))
    path = csv_file("s_2023.csv", f"id,effort,status,dropout\n{rows}")
    proposal = propose(see(raw_tables([path])))

    kept = known_all_the_same(proposal, Choices(), Answers("yes"))
    gone = known_all_the_same(proposal, Choices(), Answers("no"))

    assert (kept.known, gone.known) == (("status",), ())


def test_at_a_terminal_the_command_asks_on_stderr(
    school: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = io.StringIO("night\nleft_school\n\n\n\nno\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)

    main([str(school)])

    out, err = capsys.readouterr()
    assert "name: night" in out and "[school]" in err
    assert "twin tells the outcome alone" in err
