"""`python -m deployment.mlflow`: what it refuses before it opens anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from deployment.exit_codes import ExitCode
from deployment.mlflow import __main__ as command
from deployment.mlflow import library


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in library.CHECKED.items():
        monkeypatch.setenv(name, value)  # `prepare` sets them, and they are to be as before.
    monkeypatch.setenv("FAROL_HOME", str(tmp_path))
    monkeypatch.setattr("os.nice", lambda _: 0)
    return tmp_path


def test_without_a_place_to_send_to_it_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FAROL_MLFLOW", raising=False)

    assert command.main(["sync"]) == ExitCode.USAGE
    assert "FAROL_MLFLOW is not set" in capsys.readouterr().err


def test_of_two_on_one_host_the_second_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAROL_MLFLOW", str(home / "mlflow"))
    folder = home / "tasks" / "pede_lag"
    folder.mkdir(parents=True)

    with FileLock(folder / "tracking.lock"):
        assert command.main(["sync"]) == ExitCode.LEASE_HELD

    assert "another process" in capsys.readouterr().err
