"""API keys for tests, made as an operator makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.api.bundles import KEY
from tests.api.server import ROOT


def make_key(home: Path, *limits: str, task: str | None = None) -> str:
    """Makes a key with `python -m api.keys create` and gives its secret."""
    done = subprocess.run(
        [sys.executable, "-m", "api.keys", "create", "--name", "school", *limits],
        cwd=ROOT,
        env=os.environ
        | {"FAROL_HOME": str(home), "FAROL_SIGNING_KEY": KEY.decode()}
        | ({} if task is None else {"FAROL_TASK": task}),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
