"""A school without code: the commands of docs/another_school.md, from files to a champion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from preprocessing.task.spec import load_task
from tests.api.bundles import KEY
from tests.api.server import served
from tests.deployment.test_examples import ROOT, documented, predicts_and_lists

PAGE = (ROOT / "docs" / "another_school.md").read_text(encoding="utf-8")
LEAKS = {"uci.yaml": {"G1", "G2"}, "exams.yaml": {"reading_score", "writing_score"}}


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("out", LEAKS)
def test_a_proposed_task_trains_promotes_serves_and_lists_without_being_edited(
    out: str, home: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert real_data == ROOT.parent / "shared" / "data"  # What the page's paths lead to.
    file = home / out
    env = {"FAROL_TASK": str(file), "FAROL_HOME": str(home), "FAROL_SIGNING_KEY": KEY.decode()}
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("MONGO_URI", raising=False)
    told = []
    for _, *command in documented(PAGE, out):
        words = [str(file) if word == out else word for word in command]
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=dict(os.environ), check=True,
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        told.append(done.stdout + done.stderr)

    assert all(f"leak: {name.lower()}: " in told[0] for name in LEAKS[out]), told[0]
    assert LEAKS[out] <= load_task(str(file)).excluded.keys()
    assert "Promoted: v1 serves now." in told[-1]
    with served(home, workers=1, env=env) as server:
        predicts_and_lists(server, load_task(str(file)))
