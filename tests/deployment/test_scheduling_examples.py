"""The examples for cron, Airflow and Prefect parse, and name commands and codes that exist."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

from deployment.exit_codes import ExitCode

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
CRON = EXAMPLES / "farol.cron"
MODULES = re.compile(r"\b((?:drift|retraining|deployment)\.\w+)\b")


def commands_of(path: Path) -> set[str]:
    return set(MODULES.findall(path.read_text("utf-8")))


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: str(path.name))
def test_an_example_calls_commands_that_there_are(path: Path) -> None:
    named = {one for one in commands_of(path) if not one.endswith((".env", ".lock"))}
    there = {one for one in named if (ROOT / f"{one.replace('.', '/')}.py").is_file()
             or (ROOT / one.replace(".", "/") / "__main__.py").is_file()}  # fmt: skip

    assert {"drift.check", "retraining.pipeline"} <= there
    assert named == there


@pytest.mark.parametrize("name", ["airflow_dag.py", "prefect_flow.py"])
def test_an_example_of_python_parses(name: str) -> None:
    assert ast.parse((EXAMPLES / name).read_text("utf-8")).body


def test_the_codes_of_the_examples_are_those_of_the_commands() -> None:
    prefect = (EXAMPLES / "prefect_flow.py").read_text("utf-8")
    airflow = (EXAMPLES / "airflow_dag.py").read_text("utf-8")
    codes = [ExitCode.USAGE, ExitCode.NOT_ENOUGH_DATA, ExitCode.LEASE_HELD]

    assert (
        f"USAGE, NOT_ENOUGH_DATA, LEASE_HELD = {', '.join(str(int(c)) for c in codes)}" in prefect
    )
    assert f"skip_on_exit_code=[{int(codes[1])}, {int(codes[2])}]" in airflow


def jobs() -> list[str]:
    lines = CRON.read_text("utf-8").splitlines()
    return [line for line in lines if re.match(r"\s*[\d*]", line)]


@pytest.mark.parametrize(
    ("code", "ended"), [(0, 0), (3, 0), (4, 0), (1, 1), (2, 1)], ids=lambda n: str(n)
)
def test_cron_takes_too_little_data_and_a_run_under_way_for_no_failure(
    code: int, ended: int, tmp_path: Path
) -> None:
    """The line of the runs, as cron gives it to the shell, with a command that ends so."""
    (line,) = (job for job in jobs() if "retraining.pipeline" in job)
    command = re.split(r"\s+", line.strip(), maxsplit=6)[6]
    command = command.replace("/var/lib/farol", str(tmp_path)).replace(r"\%", "%")
    pretended = f"exec sh -c 'exit {code}' sh"

    done = subprocess.run(
        ["/bin/sh", "-c", command], env=os.environ | {"FAROL": pretended}, check=False
    )

    assert done.returncode == ended


def test_every_line_of_cron_has_its_times_and_its_account() -> None:
    assert len(jobs()) == 3
    for job in jobs():
        *times, account, _ = re.split(r"\s+", job.strip(), maxsplit=6)
        assert [one for one in times if not re.fullmatch(r"[\d*/,-]+", one)] == []
        assert account == "farol"
