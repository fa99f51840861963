"""The API's own image holds every library that the API imports, and starts with no other."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import httpx
import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from database import indexes
from database.driver.client import open_registry
from database.embedded import lifecycle
from deployment.smoke.__main__ import main as smoke
from model.archive import pack
from preprocessing.task.spec import load_task
from tests import local
from tests.api import bundles
from tests.api.bundles import KEY
from tests.api.server import Server, free_port, until
from tests.api.test_champion_check import trees
from tests.architecture.imports import PRODUCT, modules_of_the_product
from tests.architecture.test_dependencies import PROJECT, canonical, modules, names
from tests.deployment.api_only import LOCK, ROOT, locked_names, python_with_the_api_lock

STARTED = (
    "api.app", "api.http.protocol", "preprocessing.ingest", "deployment.following",
    "model.scorers.text_check",
)  # fmt: skip
"""What a worker is, and what it starts as a process of its own."""

COMMANDS = (
    "api.keys", "api.durability.__main__", "api.erasing.__main__", "api.people.__main__",
    "api.pseudonyms.__main__", "deployment.audit.__main__", "deployment.smoke.__main__",
)  # fmt: skip
"""What an operator runs in a container of the API."""

NOT_IMPORTED = {
    "fastapi-offline": "Swagger UI's files are read from it",
    "httptools": "uvicorn parses requests with it",
    "lightgbm": "its C library is loaded, not its package",
    "uvloop": "uvicorn's --loop",
}
LEFT_OUT = {"motor": "an extra", "obstore": "an extra", "opentelemetry": "an extra"}
HEAVY = {
    "apprise", "apscheduler", "matplotlib", "optuna", "pandas", "plotly", "scikit-learn", "scipy",
    "streamlit", "xgboost-cpu",
}  # fmt: skip
DISTRIBUTIONS = {
    "argon2": "argon2-cffi", "bson": "pymongo", "dotenv": "python-dotenv", "jwt": "pyjwt",
    "yaml": "pyyaml",
}  # fmt: skip
"""Of modules that are not called like what installs them."""


def group() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return names(project["dependency-groups"]["api"])


@cache
def reached() -> frozenset[str]:
    """Every module of ours that the API and its commands import, inside functions too."""
    imports, found, todo = modules_of_the_product(), set[str](), [*STARTED, *COMMANDS]
    while todo:
        module = todo.pop()
        if module not in found and module in imports:
            found.add(module)
            parts = module.split(".")
            packages = [".".join([*parts[:n], "__init__"]) for n in range(1, len(parts))]
            todo += [*imports[module], *packages]
    return frozenset(found)


def imported() -> set[str]:
    ours = {*PRODUCT, *sys.stdlib_module_names}
    paths = [ROOT.joinpath(*module.split(".")).with_suffix(".py") for module in reached()]
    theirs = {name for path in paths for name in modules(path)} - ours
    return {canonical(DISTRIBUTIONS.get(name, name)) for name in theirs}


def test_the_group_names_what_the_api_imports_and_no_more() -> None:
    assert imported() - LEFT_OUT.keys() == group() - NOT_IMPORTED.keys()
    assert group() <= names(PROJECT["dependencies"])


def test_the_lock_holds_the_group_in_the_versions_that_everything_else_runs_with() -> None:
    every = set((ROOT / "requirements/run.txt").read_text("utf-8").splitlines())
    pinned = {line for line in LOCK.read_text("utf-8").splitlines() if "==" in line}

    assert group() <= {canonical(name) for name in locked_names()}
    assert pinned <= every
    assert HEAVY & {canonical(name) for name in locked_names()} == set()


def test_no_folder_that_the_image_lacks_is_reached() -> None:
    stage = (ROOT / "deployment/Dockerfile").read_text("utf-8")
    stage = stage.partition("FROM ground AS api\n")[2].partition("\nFROM ")[0]
    copied = {line.split()[1] for line in stage.splitlines() if line.startswith("COPY ")}

    assert {module.split(".")[0] for module in reached()} <= copied


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A worker with the lock's libraries alone, beside a registry, with a champion of trees."""
    home, registry_home = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("registry")
    python = python_with_the_api_lock(tmp_path_factory.mktemp("environment") / "venv")
    uri = lifecycle.ensure_running(registry_home)
    bundles.write(home / "bundle", 0.0, load_task("pede_lag"), text=trees)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            packed = replace(bundles.archive(), data=pack(home / "bundle"))
            bundles.promote(registry, bundles.register(registry, packed))
        port = free_port()
        served_by = ("--loop", "uvloop", "--http", "api.http.protocol:BoundedProtocol")
        with (home / "server.log").open("ab") as log:
            process = subprocess.Popen(
                [python, "-m", "uvicorn", "api.app:app", "--port", str(port), *served_by],
                cwd=ROOT, stdout=log, stderr=log,
                env=os.environ | {
                    "FAROL_HOME": str(home), "FAROL_AUTH": "off", "MONGO_URI": uri,
                    "FAROL_SIGNING_KEY": KEY.decode(),
                },
            )  # fmt: skip
        server = Server(f"http://127.0.0.1:{port}", home, process)
        try:
            until(lambda: _ready(server), seconds=180)
            yield server
        finally:
            process.terminate()
            process.wait(30)
    finally:
        lifecycle.stop(registry_home)


def _ready(server: Server) -> bool:
    assert server.process.poll() is None, (server.home / "server.log").read_text("utf-8")
    try:
        return server.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.slow
def test_it_answers_every_check_of_a_deployment(alone: Server) -> None:
    assert smoke([alone.url, "--json"]) == 0


@pytest.mark.slow
def test_it_explains_and_scores_files(alone: Server) -> None:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"inde": [7.0, 4.0], "ida": [6.5, 3.0]}), sink)

    explained = alone.post("/predict?explain=true", {"student_id": "A1", "inde": 4.0}).json()
    scored = local.post(
        f"{alone.url}/predict/bulk", content=sink.getvalue(), timeout=60,
        headers={"content-type": "application/vnd.apache.parquet", "accept": "text/csv"},
    )  # fmt: skip

    assert explained["reasons"]
    assert (scored.status_code, len(scored.text.splitlines())) == (200, 3)


@pytest.mark.slow
def test_it_reads_a_workbook_of_a_school_and_writes_one_of_the_list(alone: Server) -> None:
    sent, book = io.BytesIO(), openpyxl.Workbook()
    for row in (["RA", "Fase", "IDA", "Defasagem"], ["X1", 1, 5.5, -1], ["X2", 2, 6.5, 0]):
        book.active.append(row)
    book.save(sent)
    workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    kept = local.post(
        f"{alone.url}/files", content=sent.getvalue(), params={"name": "x_2021.xlsx"},
        headers={"content-type": workbook}, timeout=60,
    )  # fmt: skip
    listed = alone.get("/students/at-risk/file?period=2021&format=xlsx")

    assert kept.json()["tables"][0]["rows_kept"] == 2
    assert openpyxl.load_workbook(io.BytesIO(listed.content)).active.max_row == 3


@pytest.mark.slow
def test_it_says_that_it_has_no_registry_of_its_own(tmp_path: Path) -> None:
    python = python_with_the_api_lock(tmp_path / "venv")
    env = {k: v for k, v in os.environ.items() if k != "MONGO_URI"}

    done = subprocess.run(
        [python, "-m", "api.keys", "list"], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env=env | {"FAROL_HOME": str(tmp_path / "home")}, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "MONGO_URI" in done.stderr
    assert "Traceback" not in done.stderr
