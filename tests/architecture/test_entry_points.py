"""Every `python -m` command explains itself, and does nothing else when asked to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.test_habits import ROOT, SOURCES

MODULES = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__main__")
    for path in SOURCES
    if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
    if (ROOT / "dashboard") not in path.parents  # a script of Streamlit's
)


def run(tmp_path: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MONGO", "FAROL"))}
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT, env=env | {"FAROL_HOME": str(tmp_path / "home"), "PORT": "no port"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_there_are_commands() -> None:
    assert {"deployment.up", "retraining.pipeline", "database.embedded"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_a_command_asked_for_help_teaches_and_starts_nothing(tmp_path: Path, module: str) -> None:
    done = run(tmp_path, module, "--help")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: python -m ")
    assert len(done.stdout.splitlines()) > 3
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("module", MODULES)
def test_a_word_that_a_command_does_not_know_is_wrong_usage(tmp_path: Path, module: str) -> None:
    done = run(tmp_path, module, "--no-such-option")

    assert done.returncode == 2
    assert "usage: python -m " in done.stderr
    assert not (tmp_path / "home").exists()
