"""API keys for tests, made as an operator makes them but without a process of its own."""

from __future__ import annotations

import io
import subprocess
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from api.keys import main
from api.security import REFRESH_SECONDS
from tests.api.bundles import KEY

NOTICED = REFRESH_SECONDS / 4 + 0.05
"""Seconds after which a server that has just read its keys looks a new one up."""


def keys(
    home: Path,
    *arguments: str,
    signing_key: str = KEY.decode(),
    env: Mapping[str, str] | None = None,
) -> str:
    """Runs `python -m api.keys` in this process; gives what it prints.

    Raises:
        CalledProcessError: it failed; with what it told, as of a process of its own.
    """
    out, err = io.StringIO(), io.StringIO()
    given = {"FAROL_HOME": str(home), "FAROL_SIGNING_KEY": signing_key, **(env or {})}
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in given.items():
            patch.setenv(name, value)
        try:
            code = main(list(arguments))
        except SystemExit as error:
            code = int(error.code or 0)
    if code:
        raise subprocess.CalledProcessError(code, arguments, out.getvalue(), err.getvalue())
    if arguments[0] == "create":
        time.sleep(NOTICED)
    return out.getvalue().strip()


def make_key(home: Path, *limits: str, task: str | None = None) -> str:
    """Makes a key and gives its secret."""
    env = {} if task is None else {"FAROL_TASK": task}
    return keys(home, "create", "--name", "school", *limits, env=env)
