"""MLflow's client with the few things that are asked of it, each of which may be done again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deployment.mlflow.facts import DriftPoint, TrackedRun
from deployment.mlflow.library import failures_told, mlflow_library

KEY = "farol.key"
WHOLE = "farol.whole"
"""Set once all of a run was sent."""

FORMAT = "1"
VERSION = "farol.version"
"""Tag of MLflow's version that says which of ours it is."""

NAME, NOTE, PARENT = "mlflow.runName", "mlflow.note.content", "mlflow.parentRunId"
MARK = "records_compared"
"""Metric that a drift point's batch ends with: where it is, all of the point is."""

DATABASE, FILES = "mlflow.db", "files"
"""What lies in a folder."""

PAGE = 500
BATCH = 900
"""Metrics sent at a time; MLflow takes a thousand."""


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run that the server has.

    Attributes:
        run_id: MLflow's.
        whole: all of it was sent.
        deleted: somebody deleted it; it is left alone.
    """

    run_id: str
    tags: Mapping[str, str]
    whole: bool
    deleted: bool


class Tracker:
    """One task's experiment and registered model on one server or in one folder.

    Args:
        where: the address or folder.
        name: of experiment and registered model.

    Raises:
        ConfigurationError: the extra is not installed.
        TrackingFailed: the server does not answer.
    """

    def __init__(self, where: str, name: str) -> None:
        self._library = mlflow_library()
        self._name = name
        self._host = urlsplit(where).hostname or where
        with self._failures():
            uri = store_of(where)
            self._client = self._library.MlflowClient(tracking_uri=uri, registry_uri=uri)
            self._experiment = self._experiment_id(where)

    def runs(self) -> dict[str, KnownRun]:
        """What the server has, by key; deleted runs too."""
        found: dict[str, KnownRun] = {}
        with self._failures():
            for run in self._found_runs():
                tags = dict(run.data.tags)
                if KEY in tags:
                    deleted = run.info.lifecycle_stage != "active"
                    whole = tags.get(WHOLE) == FORMAT
                    known = KnownRun(run.info.run_id, tags, whole, deleted)
                    if tags[KEY] not in found or found[tags[KEY]].deleted:
                        found[tags[KEY]] = known
        return found

    def send(self, run: TrackedRun, known: KnownRun | None, *, parent: str | None = None) -> str:
        """Sends what a run tells, but for its files; gives MLflow's id of it.

        Args:
            run: what is told.
            known: the run, where it was begun already.
            parent: MLflow's id of the run that it is shown under.
        """
        entities = self._library.entities
        tags = {**run.tags, KEY: run.key, NAME: run.name}
        tags |= {NOTE: run.note} if run.note else {}
        tags |= {PARENT: parent} if parent else {}
        with self._failures():
            run_id: str = known.run_id if known else self._created(run, tags)
            metrics = [
                entities.Metric(name, value, milliseconds(run.ended), 0)
                for name, value in run.metrics.items()
            ]
            params = [entities.Param(name, value) for name, value in run.params.items()]
            self._client.log_batch(run_id, params=params)
            for start in range(0, len(metrics), BATCH):
                self._client.log_batch(run_id, metrics=metrics[start : start + BATCH])
        return run_id

    def send_files(self, run_id: str, folder: Path) -> None:
        """Sends all files of a folder."""
        with self._failures():
            self._client.log_artifacts(run_id, str(folder))

    def close(self, run_id: str, run: TrackedRun) -> None:
        """Says that all of a run was sent."""
        with self._failures():
            status = "FAILED" if run.failed else "FINISHED"
            self._client.set_terminated(run_id, status, milliseconds(run.ended))
            self._client.set_tag(run_id, WHOLE, FORMAT)

    def retag(self, known: KnownRun, tags: Mapping[str, str]) -> None:
        """Sets those tags that are not so yet."""
        with self._failures():
            for name, value in tags.items():
                if known.tags.get(name) != value:
                    self._client.set_tag(known.run_id, name, value)

    def moments(self, run_id: str) -> frozenset[int]:
        """The moments of the drift points that were sent whole, in milliseconds."""
        with self._failures():
            if MARK not in self._client.get_run(run_id).data.metrics:
                return frozenset()
            found = self._client.get_metric_history(run_id, MARK)
        return frozenset(one.timestamp for one in found)

    def add_point(self, run_id: str, point: DriftPoint) -> None:
        """Adds a drift point to the curves of a run."""
        metric, at = self._library.entities.Metric, milliseconds(point.at)
        sent = [metric(name, value, at, point.step) for name, value in point.metrics.items()]
        with self._failures():
            for start in range(0, len(sent), BATCH):
                self._client.log_batch(run_id, metrics=sent[start : start + BATCH])
            mark = metric(MARK, float(point.records), at, point.step)
            self._client.log_batch(run_id, metrics=[mark])

    def model_versions(self) -> dict[str, str]:
        """Our versions to MLflow's numbers of them."""
        with self._failures():
            pages = self._client.search_model_versions(f"name = '{self._name}'")
        return {one.tags[VERSION]: str(one.version) for one in pages if VERSION in one.tags}

    def add_model_version(self, version: str, run_id: str, path: str) -> None:
        """Registers the model that lies in a run's files."""
        with self._failures():
            self._registered()
            self._client.create_model_version(
                self._name,
                f"runs:/{run_id}/{path}",
                run_id,
                tags={VERSION: version},
                description=version,
                await_creation_for=0,
            )

    def aliases(self) -> dict[str, str]:
        """Alias to MLflow's number of the version that it points to."""
        with self._failures():
            found = self._client.search_registered_models(f"name = '{self._name}'")
        return {name: str(number) for one in found for name, number in dict(one.aliases).items()}

    def point(self, alias: str, number: str | None) -> None:
        """Moves an alias; None removes it."""
        with self._failures():
            if number is None:
                self._client.delete_registered_model_alias(self._name, alias)
            else:
                self._client.set_registered_model_alias(self._name, alias, number)

    def _experiment_id(self, where: str) -> str:
        found = self._client.get_experiment_by_name(self._name)
        if found is not None:
            known: str = found.experiment_id
            return known
        files = (Path(where) / FILES / self._name).as_uri() if is_folder(where) else None
        made: str = self._client.create_experiment(self._name, artifact_location=files)
        return made

    def _found_runs(self) -> Iterator[Any]:
        everything = self._library.entities.ViewType.ALL
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment], run_view_type=everything, max_results=PAGE, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def _created(self, run: TrackedRun, tags: Mapping[str, str]) -> str:
        made = self._client.create_run(
            self._experiment,
            start_time=milliseconds(run.started),
            tags=dict(tags),
            run_name=run.name,
        )
        run_id: str = made.info.run_id
        return run_id

    def _registered(self) -> None:
        if not self._client.search_registered_models(f"name = '{self._name}'"):
            self._client.create_registered_model(self._name)

    def _failures(self) -> AbstractContextManager[None]:
        return failures_told(self._library, f"MLflow at {self._host}")


def is_folder(where: str) -> bool:
    """Whether it is a folder of this host, and no server."""
    return where.startswith("/")


def store_of(where: str) -> str:
    """MLflow's address of a server, or of the database in a folder, which is made.

    MLflow no longer mends its former kind of folder, which had a file for each figure.

    >>> store_of("https://mlflow.school")
    'https://mlflow.school'

    Raises:
        OSError: the folder cannot be made.
    """
    if not is_folder(where):
        return where
    Path(where).mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{Path(where) / DATABASE}"


def milliseconds(at: datetime) -> int:
    """A moment as MLflow counts it, since 1970."""
    return int(at.timestamp() * 1000)
