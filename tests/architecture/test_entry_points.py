"""Every `python -m` command explains itself, and does nothing else when asked to."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.test_habits import ROOT, SOURCES

HELP, UNKNOWN = "--help", "--no-such-option"
MODULES = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__main__")
    for path in SOURCES
    if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
    if (ROOT / "dashboard") not in path.parents  # a script of Streamlit's
)


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Said:
    """What every command said to each option, none of which may begin anything."""

    folder: Path
    home: Path

    def of(self, module: str, option: str) -> Ended:
        code, out, err = (
            (self.folder / f"{module}{option}.{kind}").read_text("utf-8")
            for kind in ("code", "out", "err")
        )
        return Ended(int(code), out, err)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Said:
    folder = tmp_path_factory.mktemp("commands")
    found = Said(folder, folder / "home")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MONGO", "FAROL"))}
    runner = [sys.executable, "-m", "tests.architecture.commands_in_one", str(folder)]
    subprocess.run(
        [*runner, *MODULES, "--", HELP, UNKNOWN],
        cwd=ROOT, env=env | {"FAROL_HOME": str(found.home), "PORT": "no port"}, check=True,
        timeout=240,
    )  # fmt: skip
    return found


def test_there_are_commands() -> None:
    assert {"deployment.up", "retraining.pipeline", "database.embedded"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_a_command_asked_for_help_teaches_and_starts_nothing(said: Said, module: str) -> None:
    done = said.of(module, HELP)

    assert done.code == 0, done.err
    assert done.out.startswith("usage: python -m ")
    assert len(done.out.splitlines()) > 3
    assert not said.home.exists()


@pytest.mark.parametrize("module", MODULES)
def test_a_word_that_a_command_does_not_know_is_wrong_usage(said: Said, module: str) -> None:
    done = said.of(module, UNKNOWN)

    assert done.code == 2
    assert "usage: python -m " in done.err
    assert not said.home.exists()
