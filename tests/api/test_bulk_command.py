"""`python -m api.bulk`: a file in, a file out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest

from api.bulk.__main__ import FileProgress
from api.bulk.client import Step
from tests.api.conftest import World
from tests.api.keys import keys
from tests.api.server import ROOT, Server, served, until


@pytest.fixture(scope="module")
def guarded(world: World) -> Iterator[tuple[Server, str]]:
    secret = keys(world.home, "create", "--name", "city", "--scope", "predict")
    with served(world.home, workers=1, auth="keys") as server:
        until(lambda: all(w["version"] for w in server.workers()))
        yield server, secret


def run(server: Server, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    known = {k: v for k, v in os.environ.items() if not k.startswith("FAROL")}
    return subprocess.run(
        [sys.executable, "-m", "api.bulk", "--url", server.url, *arguments],
        cwd=ROOT, env=known | env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_result_is_a_file_in_the_form_asked_for_and_appears_whole(
    guarded: tuple[Server, str], tmp_path: Path
) -> None:
    server, secret = guarded
    sent, result = tmp_path / "class.csv", tmp_path / "result.parquet"
    sent.write_text("ra,inde\nRA-1,5\nRA-2,50\n")

    done = run(
        server, {"FAROL_API_KEY": secret}, str(sent), "--out", str(result),
        "--format", "parquet", "--task", "pede_lag", "--period", "2024",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "2 rows in " in done.stderr
    rows = pyarrow.parquet.read_table(result).to_pylist()
    assert [(row["row"], row["period"], row["error_field"]) for row in rows] == [
        (1, "2024", None), (2, "2024", "inde"),
    ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class.csv", "result.parquet"]


def test_what_stops_a_file_midway_is_told_and_no_result_appears(
    guarded: tuple[Server, str], tmp_path: Path
) -> None:
    server, secret = guarded
    sent, result = tmp_path / "class.csv", tmp_path / "result.csv"
    sent.write_text('ra,inde\nRA-1,5\nRA-2,"' + "x" * 2_000_000)

    done = run(server, {"FAROL_API_KEY": secret}, str(sent), "--out", str(result))

    assert (done.returncode, result.exists()) == (1, False)
    assert "stopped after " in done.stderr
    assert "is a quote left open?" in done.stderr


@pytest.mark.parametrize(
    ("content", "key", "told"),
    [
        ("a,b\n1,2\n", True, "no column is a feature of pede_lag"),
        ("ra,inde\nRA-1,5\n", False, "The key is read from FAROL_API_KEY."),
    ],
)
def test_what_the_server_refuses_is_wrong_usage_with_its_reason(
    guarded: tuple[Server, str], tmp_path: Path, content: str, key: bool, told: str
) -> None:
    server, secret = guarded
    sent, result = tmp_path / "class.csv", tmp_path / "r.csv"
    sent.write_text(content)
    env = {"FAROL_API_KEY": secret} if key else {}

    done = run(server, env, str(sent), "--out", str(result))

    assert done.returncode == 2
    assert told in done.stderr
    assert not result.exists()


def test_a_file_that_is_not_there_and_one_of_no_known_form_are_wrong_usage(
    guarded: tuple[Server, str], tmp_path: Path
) -> None:
    (tmp_path / "class.xls").write_bytes(b"no")

    absent = run(guarded[0], {}, str(tmp_path / "none.csv"), "--out", "r.csv")
    unknown = run(guarded[0], {}, str(tmp_path / "class.xls"), "--out", "r.csv")

    assert (absent.returncode, unknown.returncode) == (2, 2)
    assert "No such file" in absent.stderr
    assert "must be Parquet, or end in .csv, .ndjson, .jsonl" in unknown.stderr


def test_progress_tells_rows_rate_and_what_is_left() -> None:
    now = [0.0]
    progress = FileProgress(10_000, 5_000_000, lambda: now[0])

    sending = progress.line(Step(2_000_000), 1.0)
    progress(Step(5_000_000, 1, 0))
    scoring = progress.line(Step(5_000_000, 900, 4_000), 2.0)

    assert sending == "sent 2 of 5 MB"
    assert scoring == "4,000 of 10,000 rows, 2,000 rows/s, 3 s to go"
