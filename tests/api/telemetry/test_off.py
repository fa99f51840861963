"""Telemetry that nobody asked for: no wrapper, no library, nothing at all."""

from __future__ import annotations

import inspect
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from pymongo import MongoClient

from api.predict_endpoint import PATH, PredictEndpoint
from api.services import Services
from api.task_paths import TaskPaths
from api.telemetry.predicting import TracedPredictEndpoint
from database.driver.client import SyncRegistry
from database.driver.commands import Command, Count, Op
from database.driver.run import drive
from database.driver.watched import Watch
from deployment.settings import load_settings
from deployment.telemetry.opening import telemetry
from model.telemetry.tracer import Tracer
from preprocessing.task.spec import load_task

ROOT = Path(__file__).parents[3]


def services() -> dict[str, Services]:
    kept = SimpleNamespace(
        task=load_task("pede_lag"),
        pseudonyms=None,
        metrics=SimpleNamespace(latency=SimpleNamespace(observe=print)),
        keys=SimpleNamespace(known=print),
    )
    return {"pede_lag": cast(Services, kept)}


def test_without_a_tracer_the_endpoint_is_the_plain_one() -> None:
    assert type(TaskPaths(services(), None).predict[PATH]) is PredictEndpoint


def test_with_one_it_is_another_class_and_no_layer_around_it() -> None:
    tracer = cast(Tracer, SimpleNamespace())

    assert type(TaskPaths(services(), None, tracer).predict[PATH]) is TracedPredictEndpoint


class Overheard(SyncRegistry):
    """Keeps who calls `execute`."""

    def __init__(self, watch: Watch | None = None) -> None:
        super().__init__(MongoClient("mongodb://127.0.0.1:9"), "farol", watch=watch)
        self.callers: list[str] = []

    def execute(self, command: Command) -> None:
        self.callers.append(inspect.stack()[1].function)


def one_command() -> Op[None]:
    yield Count("runs", {})


def test_without_a_tracer_nothing_stands_between_an_operation_and_its_commands() -> None:
    off, on = Overheard(), Overheard(lambda _command, _db: nullcontext())
    with off, on:
        off.run(one_command())
        on.run(one_command())

    assert (off.callers, on.callers) == ([drive.__name__], ["executing"])


def test_nothing_is_opened_where_no_endpoint_is_set(tmp_path: Path) -> None:
    with telemetry(load_settings({"FAROL_HOME": str(tmp_path)}), "api") as told:
        assert told is None


def test_a_worker_imports_neither_sdk_nor_exporters() -> None:
    """Of the API of OpenTelemetry FastAPI imports a part by itself."""
    code = (
        "import sys, api.app, retraining.pipeline, retraining.worker.__main__; "
        "heavy = ('opentelemetry.sdk', 'opentelemetry.exporter'); "
        "print([m for m in sys.modules if m.startswith(heavy)])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_where_the_library_is_missing_the_start_says_how_to_get_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from deployment.settings import load_settings\n"
        "from deployment.telemetry.opening import telemetry\n"
        "from model.errors import ConfigurationError\n"
        f"given = {{'FAROL_HOME': {str(tmp_path)!r},"
        " 'FAROL_OTEL_ENDPOINT': 'http://127.0.0.1:9'}\n"
        "try:\n"
        "    with telemetry(load_settings(given), 'api'): pass\n"
        "except ConfigurationError as error: print(error)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "FAROL_OTEL_ENDPOINT needs the OpenTelemetry SDK: make setup-otel\n"
