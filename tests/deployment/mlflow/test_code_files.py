"""What of ours goes with a model: enough to score with, and nothing that serves or stores."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deployment.mlflow.code_files import ROOT, _imported, needed
from deployment.mlflow.model_files import LIBRARIES, LOADER
from model.bundle import load_bundle
from model.student import Features
from preprocessing.predictor import Predictor
from preprocessing.task.spec import load_task
from tests.api import bundles

ELSEWHERE = """
import json, sys
sys.path.insert(0, {code!r})
from preprocessing.pyfunc import _load_pyfunc
import pandas as pd
ours = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] in ("model", "preprocessing")]
assert all(f is None or f.startswith({code!r}) for f in ours), ours
rows = json.load(sys.stdin)
found = _load_pyfunc({bundle!r}).predict(pd.DataFrame(rows))
print(found.to_json(orient="records"))
"""


def test_only_what_scoring_needs_goes_with_a_model() -> None:
    folders = {path.parts[0] for path in needed(LOADER)}
    files = {path.as_posix() for path in needed(LOADER)}

    assert folders == {"model", "preprocessing"}
    assert {"preprocessing/encoder.py", "model/scorers/trees.py", "model/__init__.py"} <= files
    assert not {"model/live/folder.py", "preprocessing/ingest.py"} & files
    assert len(files) < 60


def test_the_requirements_of_a_model_are_the_libraries_that_its_files_import() -> None:
    names = {
        module.partition(".")[0] for path in needed(LOADER) for module in _imported(ROOT / path)
    }
    others = names - sys.stdlib_module_names - {"model", "preprocessing"}

    assert {"pyyaml" if name == "yaml" else name for name in others} == {*LIBRARIES}


def test_the_files_alone_score_as_the_version_does(tmp_path: Path) -> None:
    """In a process that finds none of ours but these."""
    code = tmp_path / "code"
    for path in needed(LOADER):
        (code / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, code / path)
    bundles.write(tmp_path / "bundle", 0.5, load_task("pede_lag"))
    records: list[Features] = [
        *bundles.records(30, seed=4),
        {},
        {"ida": 5.0, "pedra": "never seen"},
    ]

    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE.format(code=str(code), bundle=str(tmp_path / "bundle"))],
        cwd=tmp_path, input=json.dumps(records), capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    wanted = Predictor(load_bundle(tmp_path / "bundle")).assess_many(records)
    found = json.loads(done.stdout)
    assert [one["status"] for one in found] == [one.status.value for one in wanted]
    scores = [one["risk_score"] for one in found]
    assert scores == pytest.approx([one.score for one in wanted], abs=1e-9)
