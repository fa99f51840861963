"""The examples in other languages run against a served API, where their language is installed."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.api.server import ROOT, Server

EXAMPLES = ROOT / "deployment" / "clients" / "examples"


def ran(command: list[str], server: Server) -> str:
    done = subprocess.run(
        command,
        env=os.environ | {"FAROL_URL": server.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_in_javascript_scores_and_reports(server: Server) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")

    told = ran([node, str(EXAMPLES / "farol.mjs")], server)

    check(told)


def test_the_example_in_r_scores_and_reports(server: Server) -> None:
    command = shutil.which("Rscript")
    if command is None:
        pytest.skip("R is not installed")
    asked = "quit(status = !all(sapply(c('httr2', 'jsonlite'), requireNamespace, quietly = TRUE)))"
    if subprocess.run([command, "-e", asked], capture_output=True, check=False).returncode:
        pytest.skip("R lacks httr2 or jsonlite")

    check(ran([command, str(EXAMPLES / "farol.R")], server))


def check(told: str) -> None:
    for words in ("status:", "the same answer again: true", "refused:", "ida: must be", "accepted"):
        assert words in told, told
