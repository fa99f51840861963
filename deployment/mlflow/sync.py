"""Brings a tracking server in step with the registry: whatever it lacks is sent, the rest is left.

All of it is made from the registry, so it may be stopped anywhere, done again, and begun anew on an
empty server years later. A run is marked whole last; one that is not is sent once more.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from database.aliases import CHALLENGER, CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from deployment.mlflow.facts import (
    OPEN,
    drift_key,
    drift_point,
    of_drift,
    of_run_alone,
    of_version,
    of_version_now,
    version_key,
)
from deployment.mlflow.model_files import may_leave, write_model
from deployment.mlflow.tracker import VERSION, KnownRun, Tracker, milliseconds
from model.drift import DriftReport
from model.errors import BundleError, CorruptArtifact, NotFound
from model.promotion import Promotion
from model.run import Run
from model.version import ModelVersion
from retraining.run.champion import load_predictor

MODEL, PLOTS = "model", "plots"
NO_MODEL = "farol.no_model"
"""Tag that says why a version's run holds no model."""

_PICTURE = re.compile(r'<svg xmlns=.*?<title id="([\w-]+)-title">.*?</svg>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class TaskRecords:
    """Where it is sent from.

    Attributes:
        registry: the task's.
        task: its name.
        key: the installation's; a version that is not signed with it is sent without its model.
    """

    registry: SyncRegistry
    task: str
    key: bytes


@dataclass(frozen=True, slots=True)
class RunSending:
    """What each step of a sync works with.

    Attributes:
        source: the registry.
        tracker: the server.
        say: is told of each thing that was sent.
        versions: of the registry, oldest first.
        runs: of the registry, oldest first.
    """

    source: TaskRecords
    tracker: Tracker
    say: Callable[[str], None]
    versions: Sequence[ModelVersion]
    runs: Sequence[Run]


@dataclass(frozen=True, slots=True)
class Sent:
    """How much of each was sent."""

    versions: int
    runs: int
    reports: int
    aliases: int

    def __str__(self) -> str:
        return (
            f"{self.versions} versions, {self.runs} runs without one, {self.reports} drift reports "
            f"and {self.aliases} aliases sent"
        )


def sync(source: TaskRecords, tracker: Tracker, say: Callable[[str], None]) -> Sent:
    """Sends what the server lacks.

    Args:
        source: the registry.
        tracker: the server.
        say: is told of each thing that was sent.

    Raises:
        TrackingFailed: the server does not answer, or refuses; what was sent stays.
        RegistryError: the registry fails.
    """
    versions = source.registry.run(ModelVersionRepository().newest(0))[::-1]
    runs = source.registry.run(RunRepository().newest(0))[::-1]
    work, known = RunSending(source, tracker, say, versions, runs), tracker.runs()
    sent, alone = _versions(work, known), _runs(work, known)
    return Sent(sent, alone, _reports(work, tracker.runs()), _aliases(work))


def _versions(work: RunSending, known: Mapping[str, KnownRun]) -> int:
    tracker = work.tracker
    made_by = {run.run_id: run for run in work.runs}
    decisions = _by_version(work.source.registry.run(PromotionRepository().newest(0)))
    registered = tracker.model_versions()
    count = 0
    for version in work.versions:
        now = of_version_now(version.version, decisions[version.version])
        have = known.get(version_key(version.version))
        if have is not None and (have.deleted or have.whole):
            if not have.deleted:
                tracker.retag(have, now)
            continue
        run = of_version(version, made_by.get(version.lineage.run_id))
        run_id = tracker.send(run, have)
        refused = _send_files(work.source, tracker, version, run_id)
        if not refused and version.version not in registered:
            tracker.add_model_version(version.version, run_id, MODEL)
        tags = {**now, **({NO_MODEL: refused} if refused else {})}
        tracker.retag(KnownRun(run_id, {}, whole=False, deleted=False), tags)
        tracker.close(run_id, run)
        count += 1
        work.say(f"{version.version}{f', without its model: {refused}' if refused else ''}")
    return count


def _by_version(promotions: Sequence[Promotion]) -> dict[str, list[Promotion]]:
    found: dict[str, list[Promotion]] = defaultdict(list)
    for one in promotions:
        found[one.challenger].append(one)
    return found


def _send_files(source: TaskRecords, tracker: Tracker, version: ModelVersion, run_id: str) -> str:
    """Sends card, plots and model; gives why there is no model, or nothing."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "files"
        folder.mkdir()
        _write_card(source.registry, version, folder)
        refused = _write_model(source, version, Path(made), folder / MODEL)
        if any(folder.iterdir()):
            tracker.send_files(run_id, folder)
    return refused


def _write_card(registry: SyncRegistry, version: ModelVersion, folder: Path) -> None:
    if version.card is None:
        return
    html, markdown = (
        registry.run(ArtifactRepository().get(digest))
        for digest in (version.card.html, version.card.markdown)
    )
    (folder / "card.html").write_bytes(html)
    (folder / "card.md").write_bytes(markdown)
    drawn = pictures_of(html.decode())
    if drawn:
        (folder / PLOTS).mkdir()
    for name, picture in drawn.items():
        (folder / PLOTS / f"{name}.svg").write_text(picture, encoding="utf-8")


def pictures_of(card: str) -> dict[str, str]:
    """The drawings of a model card, by name, each an SVG file of its own.

    >>> list(pictures_of('<svg xmlns="x"><title id="roc-title">ROC</title><desc>.</desc></svg>'))
    ['roc']
    """
    return {found.group(1): found.group(0) for found in _PICTURE.finditer(card)}


def _write_model(source: TaskRecords, version: ModelVersion, made: Path, folder: Path) -> str:
    """Writes the model, or gives why there is none."""
    try:
        predictor = load_predictor(source.registry, version, made / "stored", source.key)
    except (BundleError, CorruptArtifact, NotFound) as error:
        return f"its bundle cannot be trusted: {error}"[:500]
    if not may_leave(predictor.bundle):
        return "its bundle holds training records"
    about = {VERSION: version.version, "farol.task": version.task, "farol.bundle": version.bundle}
    write_model(predictor, folder, about)
    return ""


def _runs(work: RunSending, known: Mapping[str, KnownRun]) -> int:
    made = {version.lineage.run_id for version in work.versions}
    count = 0
    for run in work.runs:
        if run.run_id in made or run.status in OPEN:
            continue
        told = of_run_alone(run, work.source.task)
        have = known.get(told.key)
        if have is not None and (have.whole or have.deleted):
            continue
        work.tracker.close(work.tracker.send(told, have), told)
        count += 1
        work.say(f"run {run.run_id}: {run.status.value}")
    return count


def _reports(work: RunSending, known: Mapping[str, KnownRun]) -> int:
    reports = work.source.registry.run(DriftReportRepository().newest(0))[::-1]
    by_version: dict[str, list[DriftReport]] = defaultdict(list)
    for report in reports:
        by_version[report.model_version].append(report)
    return sum(
        _reports_of(work, version, by_version[version.version], known)
        for version in work.versions
        if by_version[version.version]
    )


def _reports_of(
    work: RunSending,
    version: ModelVersion,
    reports: Sequence[DriftReport],
    known: Mapping[str, KnownRun],
) -> int:
    tracker = work.tracker
    points = [point for point in map(drift_point, reports) if point is not None]
    have, parent = known.get(drift_key(version.version)), known.get(version_key(version.version))
    if not points or (have is not None and have.deleted) or parent is None or parent.deleted:
        return 0
    if have is None or not have.whole:
        run = of_drift(version)
        run_id = tracker.send(run, have, parent=parent.run_id)
        tracker.close(run_id, run)
    else:
        run_id = have.run_id
    there = tracker.moments(run_id)
    missing = [point for point in points if milliseconds(point.at) not in there]
    for point in missing:
        tracker.add_point(run_id, point)
    if missing:
        work.say(f"{len(missing)} drift reports of {version.version}")
    return len(missing)


def _aliases(work: RunSending) -> int:
    tracker = work.tracker
    numbers, there = tracker.model_versions(), tracker.aliases()
    count = 0
    for name in (CHAMPION, CHALLENGER):
        alias = work.source.registry.run(AliasRepository().find(name))
        # A version without a model has no number: then nobody is named, rather than a former one.
        wanted = None if alias is None else numbers.get(alias.version)
        if wanted != there.get(name):
            tracker.point(name, wanted)
            count += 1
            work.say(f"{name}: {'nobody' if alias is None or wanted is None else alias.version}")
    return count
