"""A tracking folder is brought in step with a registry, wherever that is stopped."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copyfile
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from database.aliases import CHALLENGER, AliasRepository
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Find, InsertMany
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.repositories import REPOSITORIES
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from deployment.mlflow import library
from deployment.mlflow.facts import DriftPoint, TrackedRun
from deployment.mlflow.sync import NO_MODEL, Sent, TaskRecords, sync
from deployment.mlflow.tracker import DATABASE, MARK, KnownRun, Tracker, store_of
from model.drift import DriftReport, FeatureDrift
from model.errors import ConfigurationError, TrackingFailed
from model.run import Run, RunStatus
from model.student import Features
from retraining.run.champion import load_predictor
from tests.retraining.school import KEY, READING, START, run, teach

needs_mlflow = pytest.mark.skipif(
    not library.installed(), reason="the extra mlflow is not installed"
)
# What MLflow warns of while it is imported is for its makers.
pytestmark = pytest.mark.filterwarnings("ignore")
LATER = START + timedelta(days=420)
FAILED = Run(
    "run-failed", RunStatus.FAILED, "cli", LATER, LATER, LATER, error="the registry went away"
)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("registry")
    yield lifecycle.ensure_running(home, idle_seconds=600)
    lifecycle.stop(home)


@pytest.fixture(scope="module")
def trained(uri: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sequence[Any]]:
    """The documents of a registry after a first run on a made-up school."""
    with open_registry(uri, "trained") as registry:
        registry.run(ensure_indexes())
        teach(registry, "2022", READING)
        run(registry, tmp_path_factory.mktemp("home") / "home")
        kept = [kind.collection for kind in REPOSITORIES]
        return {name: registry.execute(Find(name, {})) for name in kept}


@pytest.fixture
def registry(uri: str, trained: dict[str, Sequence[Any]]) -> Iterator[SyncRegistry]:
    with open_registry(uri, f"t{uuid4().hex[:12]}") as opened:
        opened.run(ensure_indexes())
        for name, documents in trained.items():
            opened.execute(InsertMany(name, documents))
        yield opened


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in library.CHECKED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of MLflow's with nothing in it, which takes it seconds to make."""
    folder = tmp_path_factory.mktemp("empty")
    client(folder).search_experiments()
    return folder / DATABASE


@pytest.fixture
def where(empty: Path, tmp_path: Path) -> Path:
    """A tracking folder."""
    folder = tmp_path / "mlflow"
    folder.mkdir()
    copyfile(empty, folder / DATABASE)
    return folder


def quiet(_: str) -> None:
    return None


def sent(registry: SyncRegistry, where: Path, kind: type[Tracker] = Tracker) -> Sent:
    return sync(TaskRecords(registry, "school", KEY), kind(str(where), "farol-school"), quiet)


def client(where: Path) -> Any:
    uri = store_of(str(where))
    return library.mlflow_library().MlflowClient(uri, uri)


def runs(where: Path) -> dict[str, Any]:
    """The runs that the folder shows, by name."""
    opened = client(where)
    experiment = opened.get_experiment_by_name("farol-school").experiment_id
    return {one.info.run_name: one for one in opened.search_runs([experiment])}


def report(number: int, version: str = "v1") -> DriftReport:
    moved = FeatureDrift("reading", "ks", 0.4, 0.01, 0.02, 0.1 * number, 0.2, 0.3, True, 0.1, 0.0)
    at = LATER + timedelta(days=number)
    return DriftReport(f"d{number}", at, version, 40, ("2023",), (moved,), True)


@needs_mlflow
def test_a_version_is_a_run_with_parameters_metrics_card_plots_and_a_model(
    registry: SyncRegistry, where: Path
) -> None:

    assert sent(registry, where) == Sent(versions=1, runs=0, reports=0, aliases=2)

    made = runs(where)["v1"]
    assert made.data.params["family"] == "logistic_regression"
    assert made.data.params["periods"] == "2022"
    known = registry.run(ModelVersionRepository().get("v1"))
    assert made.data.metrics["auc"] == pytest.approx(known.metrics["auc"])
    assert made.data.tags["farol.decision"] == "promoted"
    assert made.data.tags["mlflow.note.content"].startswith("- ")
    assert made.info.status == "FINISHED"
    opened = client(where)
    files = {one.path for one in opened.list_artifacts(made.info.run_id)}
    assert files == {"card.html", "card.md", "plots", "model"}
    drawn = [one.path for one in opened.list_artifacts(made.info.run_id, "plots")]
    assert len(drawn) > 3 and all(path.endswith(".svg") for path in drawn)


@needs_mlflow
def test_the_champion_of_mlflow_scores_as_the_champion_of_the_registry(
    registry: SyncRegistry, where: Path, tmp_path: Path
) -> None:
    import pandas as pd

    sent(registry, where)
    mlflow = library.mlflow_library()
    mlflow.set_tracking_uri(store_of(str(where)))
    mlflow.set_registry_uri(store_of(str(where)))
    version = registry.run(ModelVersionRepository().get("v1"))
    ours = load_predictor(registry, version, tmp_path / "stored", KEY)
    random = np.random.default_rng(3)
    rows = pd.DataFrame(random.uniform(-1, 11, (200, 3)), columns=["reading", "sums", "late"])
    rows = rows.mask(pd.DataFrame(random.random(rows.shape) < 0.2, columns=rows.columns))

    found = mlflow.pyfunc.load_model("models:/farol-school@champion").predict(rows)

    records: list[Features] = [
        {str(k): v for k, v in row.items() if v == v} for row in rows.to_dict(orient="records")
    ]
    wanted = ours.assess_many(records)
    assert np.abs(found["risk_score"] - [one.score for one in wanted]).max() <= 1e-9
    assert list(found["status"]) == [one.status.value for one in wanted]
    assert not list(where.rglob("*.pkl"))
    whole = pd.DataFrame([{"reading": 3, "sums": 4}, {"reading": 3}])
    again = mlflow.pyfunc.load_model("models:/farol-school@champion").predict(whole)
    assert again["risk_score"][0] == pytest.approx(ours.score_one({"reading": 3.0, "sums": 4.0}))
    assert again["risk_score"][1] == pytest.approx(ours.score_one({"reading": 3.0}))


@needs_mlflow
def test_done_again_nothing_is_sent_and_what_is_new_is_added(
    registry: SyncRegistry, where: Path
) -> None:
    for number in (1, 2):
        registry.run(DriftReportRepository().add(report(number)))
    registry.run(RunRepository().start(FAILED))

    assert sent(registry, where) == Sent(versions=1, runs=1, reports=2, aliases=2)
    assert sent(registry, where) == Sent(0, 0, 0, 0)

    registry.run(DriftReportRepository().add(report(3)))
    assert sent(registry, where) == Sent(versions=0, runs=0, reports=1, aliases=0)
    shown = runs(where)
    assert shown["run-failed"].info.status == "FAILED"
    curve = client(where).get_metric_history(shown["drift of v1"].info.run_id, "effect/reading.ks")
    assert [round(one.value, 3) for one in curve] == [0.1, 0.2, 0.3]
    assert shown["drift of v1"].data.tags["mlflow.parentRunId"] == shown["v1"].info.run_id


class Breaking(Tracker):
    """A server that goes away after so many calls."""

    left = 0

    def _spend(self) -> None:
        type(self).left -= 1
        if type(self).left < 0:
            raise TrackingFailed("gone")

    def send(self, run: TrackedRun, known: KnownRun | None, *, parent: str | None = None) -> str:
        self._spend()
        run_id = super().send(run, known, parent=parent)
        self._spend()
        return run_id

    def send_files(self, run_id: str, folder: Path) -> None:
        super().send_files(run_id, folder)
        self._spend()

    def add_model_version(self, version: str, run_id: str, path: str) -> None:
        super().add_model_version(version, run_id, path)
        self._spend()

    def close(self, run_id: str, run: TrackedRun) -> None:
        self._spend()
        super().close(run_id, run)

    def add_point(self, run_id: str, point: DriftPoint) -> None:
        self._spend()
        super().add_point(run_id, point)

    def point(self, alias: str, number: str | None) -> None:
        self._spend()
        super().point(alias, number)


@needs_mlflow
def test_wherever_it_is_stopped_the_next_time_makes_it_whole(
    registry: SyncRegistry, where: Path
) -> None:
    registry.run(DriftReportRepository().add(report(1)))
    registry.run(RunRepository().start(FAILED))
    stops = 0
    for calls in range(40):
        Breaking.left = calls
        try:
            sent(registry, where, Breaking)
        except TrackingFailed:
            stops += 1
        else:
            break

    assert stops > 4
    shown = runs(where)
    assert sorted(shown) == ["drift of v1", "run-failed", "v1"]
    assert all(one.data.tags["farol.whole"] == "1" for one in shown.values())
    points = client(where).get_metric_history(shown["drift of v1"].info.run_id, MARK)
    assert len(points) == 1
    numbers = client(where).search_model_versions("name = 'farol-school'")
    assert [one.tags["farol.version"] for one in numbers] == ["v1"]


@needs_mlflow
def test_aliases_follow_the_registry_and_a_version_without_a_model_has_none(
    registry: SyncRegistry, where: Path
) -> None:
    known = registry.run(ModelVersionRepository().get("v1"))
    forged = replace(known, version="v2", number=2, signature="0" * 64)
    registry.run(ModelVersionRepository().add(forged))
    sent(registry, where)
    challenger = registry.run(AliasRepository().find(CHALLENGER))
    revision = 0 if challenger is None else challenger.revision
    assert aliases(where) == {"champion": "1", "challenger": "1"}

    registry.run(AliasRepository().point(CHALLENGER, "v2", expected_revision=revision, now=LATER))
    assert sent(registry, where).aliases == 1

    assert aliases(where) == {"champion": "1"}
    assert "cannot be trusted" in runs(where)["v2"].data.tags[NO_MODEL]


def aliases(where: Path) -> dict[str, str]:
    return Tracker(str(where), "farol-school").aliases()


@needs_mlflow
def test_a_run_that_somebody_deleted_stays_deleted(registry: SyncRegistry, where: Path) -> None:
    sent(registry, where)
    client(where).delete_run(runs(where)["v1"].info.run_id)

    sent(registry, where)

    assert runs(where) == {}


@needs_mlflow
def test_no_student_and_no_profile_of_the_training_data_is_in_what_is_sent(
    registry: SyncRegistry, where: Path
) -> None:
    registry.run(RunRepository().start(replace(FAILED, requested_by="ana", reason="for Maria")))

    sent(registry, where)

    everything = b"\n".join(one.read_bytes() for one in where.rglob("*") if one.is_file())
    assert len(everything) > 50_000
    for word in (b"S17", b"Maria", b"ana\n"):
        assert word not in everything
    (profile,) = where.rglob("reference.json")
    assert profile.read_bytes() == b"{}"


@needs_mlflow
def test_a_server_that_does_not_answer_is_named_without_its_password(
    registry: SyncRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with pytest.raises(TrackingFailed, match=r"MLflow at 127\.0\.0\.1") as failed:
        Tracker("http://ana:geheim@127.0.0.1:9", "farol-school")

    assert "geheim" not in str(failed.value)


@needs_mlflow
def test_a_password_in_the_address_of_the_server_is_not_printed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    told = TrackedRun("run r", "r", START, START)
    with tracking_server() as host:
        Tracker(f"http://ana:geheim@{host}", "farol-school").close("1", told)

    assert "geheim" not in "".join(capfd.readouterr())


@contextmanager
def tracking_server() -> Iterator[str]:
    """A server that has one run, whatever it is asked; gives its host and port."""
    info = {"run_id": "1", "run_uuid": "1", "experiment_id": "1", "status": "FINISHED"}
    answer = {"experiment": {"experiment_id": "1"}, "run_info": info, "run": {"info": info}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_without_the_extra_the_make_target_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "installed", lambda: False)

    with pytest.raises(ConfigurationError, match="make setup-mlflow"):
        library.mlflow_library()
