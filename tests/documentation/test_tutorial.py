"""Whoever follows the tutorial comes to a promotion: its commands are read and run."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployment.documentation.notebook import CODE, cells
from tests import local
from tests.api.server import free_port
from tests.documentation.console import ROOT, typed_lines

pytestmark = [pytest.mark.long, pytest.mark.timeout(2_400)]

PAGE = ROOT / "docs" / "tutorial.md"
NOTEBOOK = ROOT / "docs" / "notebooks" / "school.ipynb"
STARTS = "make run"
SETS = ("source ", "export ")
UP_WITHIN, ANSWERS_WITHIN = 600.0, 1_500.0


@dataclass
class Reader:
    """Somebody with two terminals: one runs Farol, in the other they type.

    Attributes:
        folder: where they are; it has the repository's `.venv`.
        port: of the API, in place of the page's.
        told: each line that was typed, to what it printed.
        set_up: those of them that set something for the next.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    dashboard_port: int = field(default_factory=free_port)
    told: dict[str, str] = field(default_factory=dict)
    set_up: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / ".farol"

    @property
    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MONGO", "FAROL"))}
        return kept | {
            "FAROL_HOME": str(self.home),
            "PORT": str(self.port),
            "DASHBOARD_PORT": str(self.dashboard_port),
            "PYTHONPATH": str(ROOT),
        }

    def type(self, line: str) -> str:
        """Types a line in the second terminal; what it sets there stays."""
        here = line.replace("localhost:8000", f"127.0.0.1:{self.port}")
        done = subprocess.run(
            ["bash", "-ec", "\n".join((*self.set_up, here))],
            cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=ANSWERS_WITHIN,
        )  # fmt: skip
        assert done.returncode == 0, f"$ {line}\n{done.stdout}\n{done.stderr}"
        self.told[line] = done.stdout
        if line.startswith(SETS):
            self.set_up.append(line)
        return done.stdout

    def is_ready(self) -> bool:
        """Whether predictions are answered; on a busy machine later than the page waits."""
        try:
            return local.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=30).is_success
        except httpx.TransportError:
            return False

    @contextmanager
    def running(self) -> Iterator[None]:
        """`make run` in the first terminal, as its recipe starts it, until Ctrl-C."""
        log = self.folder / "up.log"
        with log.open("wb") as file:
            up = subprocess.Popen(
                [sys.executable, "-m", "deployment.up"],
                cwd=ROOT, env=self.env, stdout=file, stderr=file, start_new_session=True,
            )  # fmt: skip
        try:
            deadline = time.monotonic() + UP_WITHIN
            while not self.is_ready():
                assert up.poll() is None and time.monotonic() < deadline, log.read_text("utf-8")
                time.sleep(0.2)
            yield
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(60)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Who has typed all that the page says."""
    one = Reader(tmp_path_factory.mktemp("tutorial"))
    (one.folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    lines = list(typed_lines(PAGE.read_text(encoding="utf-8")))
    assert lines[0].partition("#")[0].strip() == STARTS
    with one.running():
        for line in lines[1:]:
            one.type(line)
        yield one


def answers(reader: Reader, part: str) -> list[Any]:
    """What the calls with that text in them answered."""
    return [json.loads(said) for line, said in reader.told.items() if part in line]


def test_the_recipe_of_make_run_is_what_the_test_starts() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert re.search(r"^run: .*\n\t@exec \$\(BIN\)/python -m deployment\.up$", makefile, re.M)


def test_the_tutorial_ends_with_a_promotion_that_the_serving_workers_took_over(
    reader: Reader,
) -> None:
    (first, *_), (*_, last) = (answers(reader, "/predict"),) * 2
    now = local.get(f"http://127.0.0.1:{reader.port}/model", timeout=30).json()
    decisions = local.get(f"http://127.0.0.1:{reader.port}/promotions", timeout=30).json()

    assert first["model_version"] == "v1"
    assert last["model_version"] == now["version"] != "v1"
    newest = decisions["promotions"][0]
    assert newest["status"] == "promoted"
    assert newest["champion"] == "v1" or newest["evidence"]["champion"]["version"] == "v1"


def test_an_outcome_that_is_reported_finds_its_prediction(reader: Reader) -> None:
    (told,) = answers(reader, "/labels")

    assert (told["accepted"], told["joined"]) == (1, 1)


def test_the_notebook_runs_on_what_the_tutorial_made(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAROL_HOME", str(reader.home))
    for name in ("MONGO_URI", "FAROL_TASK", "FAROL_TASKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(ROOT / "docs" / "notebooks")
    monkeypatch.syspath_prepend(str(ROOT))
    umask = os.umask(0o077)
    names: dict[str, Any] = {}
    try:
        shown = [run(cell.text, names) for cell in cells(NOTEBOOK) if cell.kind == CODE]
    finally:
        os.umask(umask)

    tables = [one for one in shown if one is not None]
    assert len(tables) > 8
    assert all(len(one) for one in tables)
    assert names["decision"].challenger == names["versions"][0].version
    assert "# " in capsys.readouterr().out  # The card.


def run(text: str, names: dict[str, Any]) -> Any:
    """Runs a cell as a notebook does; gives the value of its last expression."""
    body = ast.parse(text).body
    last = body[-1]
    shows = isinstance(last, ast.Expr)
    exec(compile(ast.Module(body[:-1] if shows else body, []), NOTEBOOK.name, "exec"), names)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)
