"""Nobody is told to type what there is not: every program, module, option, target and call."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise

import pytest

from api.app import create_app
from api.openapi import document
from deployment.documentation.commands import modules, targets
from deployment.settings import KEYS
from preprocessing.task.spec import load_task
from tests.documentation.console import PAGES, ROOT, TypedCommand, commands_of

OUTSIDE = {
    "Rscript", "airflow", "apt-get", "cat", "cd", "certbot", "cp", "crontab", "curl", "cut",
    "dask", "deactivate", "docker", "echo", "export", "git", "grafana-server", "head", "helm",
    "helmfile", "journalctl", "jq", "kill", "kubectl", "ls", "mkdir", "mlflow", "mongodump",
    "mongosh", "nginx", "node", "npm", "openssl", "otelcol", "pip", "prefect", "prometheus",
    "promtool", "psql", "python3", "rm", "sha256sum", "sleep", "source", "sudo", "systemctl",
    "tail", "tar", "tmux", "umask", "unset", "uv",
}  # fmt: skip
"""Programs that are no part of Farol; a page may tell people to type them."""

PYTHON = {"python", ".venv/bin/python", "python3"}
OURS = set(modules(ROOT))
TARGETS = targets(ROOT)
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
OF_MAKE_RUN = {"DATA", "PERIOD"}
FOR_PEOPLE = {("GET", "/"), ("GET", "/docs"), ("GET", "/openapi.json")}
"""What the OpenAPI document leaves out."""

ADDRESS = re.compile(r"(?:https?://)?(?:(?:localhost|127\.0\.0\.1):8000|\$URL)(/[^?]*)?(\?.*)?")

COMMANDS = [one for page in PAGES for one in commands_of(page) if one.words]
OF_PYTHON = [one for one in COMMANDS if one.words[0] in PYTHON and one.words[1] == "-m"]
OF_MAKE = [one for one in COMMANDS if one.words[0] == "make"]
OF_CURL = [one for one in COMMANDS if one.words[0] == "curl"]
PARSED = [one for one in OF_PYTHON if one.words[2] in OURS]

WRONG = ("retraining.pipeline --no-such-option", "api.keys make", "deployment.tasks add")
"""Words that these commands do not take."""


def test_there_are_commands_to_look_at() -> None:
    assert min(len(PARSED), 4 * len(OF_MAKE), 6 * len(OF_CURL)) > 30


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_program_that_a_page_names_is_there(command: TypedCommand) -> None:
    program = command.words[0]

    known = program in OUTSIDE | PYTHON | {"make", "uvicorn", "streamlit"}
    assert known or (ROOT / program).is_file(), f"no such program; if it is not ours: {__file__}"
    folders = [
        word.partition("[")[0]  # of a package, its extras follow
        for word in command.words[1:]
        if word.startswith(("deployment/", "dashboard/"))
    ]
    assert [path for path in folders if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("command", OF_MAKE, ids=str)
def test_a_make_target_is_there_and_reads_what_it_is_given(command: TypedCommand) -> None:
    words = [word for word in command.words[1:] if not word.startswith("-")]
    given = {word.partition("=")[0] for word in words if "=" in word} | {*command.given}

    assert {word for word in words if "=" not in word} <= TARGETS.keys()
    read = {*KEYS.values()} | OF_MAKE_RUN
    assert {name for name in given if name not in read and f"$({name})" not in MAKEFILE} == set()


@pytest.mark.parametrize("command", OF_PYTHON, ids=str)
def test_a_module_is_there(command: TypedCommand) -> None:
    name = command.words[2]
    path = ROOT.joinpath(*name.split("."))

    there = path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
    assert there or name in {"venv", "pip", "json.tool", "http.server"}


@pytest.fixture(scope="module")
def objections(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each command said against its words, in the order of `PARSED` and `WRONG`."""
    folder = tmp_path_factory.mktemp("parsed")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MONGO", "FAROL"))}
    home = folder / "home"
    asked = [list(one.words[2:]) for one in PARSED] + [line.split() for line in WRONG]
    subprocess.run(
        [sys.executable, "-m", "tests.documentation.parsed_in_one", str(folder)],
        cwd=ROOT, env=env | {"FAROL_HOME": str(home)}, check=True, timeout=240, text=True,
        input=json.dumps(asked),
    )  # fmt: skip
    assert not home.exists(), "a command began"
    return [(folder / str(number)).read_text("utf-8") for number in range(len(asked))]


@pytest.mark.parametrize("number", range(len(PARSED)), ids=lambda n: str(PARSED[n]))
def test_a_command_takes_the_words_that_a_page_gives_it(objections: list[str], number: int) -> None:
    assert objections[number] == ""


def test_words_that_a_command_does_not_take_would_be_found(objections: list[str]) -> None:
    for line, said in zip(WRONG, objections[len(PARSED) :], strict=True):
        assert "usage: " in said or "unrecognized arguments" in said, line


@pytest.fixture(scope="module")
def calls() -> set[tuple[str, str]]:
    """Method and path of every call, each name in a path as `{}`."""
    paths = document(create_app(), load_task("pede_lag"))["paths"]
    found = {(method.upper(), path) for path, ways in paths.items() for method in ways}
    return {(method, re.sub(r"{\w+}", "{}", path)) for method, path in found | FOR_PEOPLE}


@pytest.mark.parametrize("command", OF_CURL, ids=str)
def test_a_call_is_there(command: TypedCommand, calls: set[tuple[str, str]]) -> None:
    asked = called(command.words)
    if asked is None:
        pytest.skip("of another server than the API")

    method, path = asked[0], asked[1].removeprefix("/v1")
    ways = (re.escape(way).replace(r"\{\}", "[^/]+") for verb, way in calls if verb == method)
    assert any(re.fullmatch(way, path) for way in ways), f"no {method} {path}"


def called(words: tuple[str, ...]) -> tuple[str, str] | None:
    """Method and path of what curl is to call; None where that is not the API.

    >>> called(("curl", "-s", "localhost:8000/tasks/pede_lag/labels", "-d", "{}"))
    ('POST', '/labels')
    >>> called(("curl", "localhost:9090/metrics")) is None
    True
    """
    sends = any(word in {"-d", "-F", "--json"} or word.startswith("--data") for word in words)
    method = "POST" if sends else "GET"
    for name, word in pairwise(words):
        method = word if name in {"-X", "--request"} else method
    for word in words[1:]:
        if found := ADDRESS.fullmatch(word):
            return method, re.sub(r"^/tasks/[^/]+(?=/.)", "", found[1] or "/")
    return None


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.words[0] == "export"], ids=str)
def test_a_variable_that_is_exported_is_read(command: TypedCommand) -> None:
    names = {word.partition("=")[0] for word in command.words[1:]}
    ours = {name for name in names if name.startswith(("FAROL_", "MONGO_"))}

    assert ours <= {*KEYS.values()} | read_elsewhere()


def read_elsewhere() -> set[str]:
    """Variables of ours that something but the settings reads."""
    text = "".join(
        path.read_text("utf-8")
        for room in ("api", "deployment", "dashboard", "retraining")
        for path in (ROOT / room).rglob("*.py")
    )
    return set(re.findall(r'"((?:FAROL|MONGO)_[A-Z_]+)"', text))
