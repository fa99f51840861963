"""Plays school years forward through the real code, on a registry of its own.

In each period: the school's file comes in, and with it the outcomes of the period before; the
drift check runs; the pipeline trains, compares and decides; then everybody in the new file gets a
prediction from every registered version, of which the champion's are what is served. A period later
the outcomes say what each policy would have served.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from database.aliases import CHAMPION, AliasRepository
from database.decisions.realised import promotions_and_what_came
from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.versions import ModelVersionRepository
from drift.check import run_drift_check
from model.computing.pool import HERE, Pool
from model.decisions.realised import TrackRecord, promising, track_record
from model.drift import DriftReport
from model.errors import ConfigurationError, NotEnoughData
from model.figures import new_case_figures
from model.horizon import year_of
from model.options import RunOptions
from model.prediction import Assessment, Prediction
from model.promotion import DecisionStatus
from model.student import Observation
from model.version import ModelVersion
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.ingesting.tables import ingest
from preprocessing.lanes import Lanes, lanes_of, new_cases
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec
from retraining.promotion.cases import flagged_within
from retraining.replay.alternatives import OURS, POLICIES, pick
from retraining.replay.result import Decided, History, Promised, Served
from retraining.run import training_labels
from retraining.run.champion import load_predictor
from retraining.run.execution import execute
from retraining.run.judged_kinds import JUDGED
from retraining.run.plan import RunPlan, RunResult
from retraining.run.promises import hold
from training.metrics import flags_at

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
PERIOD = timedelta(days=365)
EVERY_LABEL = 10_000_000


@dataclass(slots=True)
class _Play:
    """A replay under way: what each policy serves, and what was predicted for whom."""

    registry: SyncRegistry
    task: TaskSpec
    home: Path
    signing_key: bytes
    seed: int
    say: Callable[[str], None]
    pool: Pool
    serving: dict[str, str] = field(default_factory=dict)
    loaded: dict[str, tuple[ModelVersion, Predictor]] = field(default_factory=dict)
    scores: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    served_by: dict[str, dict[str, str]] = field(default_factory=dict)


def periods_of(paths: Sequence[Path], task: TaskSpec) -> list[str]:
    """The periods that the files hold, oldest first.

    Raises:
        NotThisTask: a file is no table of the task.
    """
    tables = (table for path in paths for table in read_tables(path, task, now=FIRST))
    return sorted({table.batch.period for table in tables})


def play(
    registry: SyncRegistry,
    task: TaskSpec,
    paths: Sequence[Path],
    *,
    home: Path,
    signing_key: bytes,
    seed: int,
    say: Callable[[str], None],
    decide_last: bool = True,
    pool: Pool = HERE,
) -> History:
    """Plays the files' periods in order.

    Args:
        registry: empty; it is filled.
        task: what to predict.
        paths: school files, in any order.
        home: a folder of the replay's own.
        signing_key: any.
        seed: for every run.
        say: told of each step.
        decide_last: train and decide in the newest period too, whose champion nobody is served by.
        pool: does what can be done side by side in each run.

    Raises:
        ConfigurationError: the task's outcome is a number; recall has no meaning there.
        NotThisTask: a file is no table of the task.
        RegistryError: the registry fails.
    """
    if not JUDGED[task.outcome.kind].finds_cases:
        raise ConfigurationError(f"{task.name}: a replay needs an outcome that is at risk or not")
    # Nobody is there to ask, and nothing is served beside which a version could be tried: what the
    # policy itself would do is played.
    alone = {"approval": "automatic", "shadow": None, "canary": None}
    unattended = task.promotion.model_copy(update=alone)
    task = task.model_copy(update={"promotion": unattended})
    state = _Play(registry, task, home, signing_key, seed, say, pool)
    decided, served = [], []
    periods = periods_of(paths, task)
    for number, period in enumerate(periods):
        now = _played_at(period, number)
        tables = [t for t in _tables(paths, task, now) if t.batch.period == period]
        new = _arrive(state, tables, now)
        if (found := _look_back(state, task.feature_period(period))) is not None:
            served.append(found)
        if decide_last or period != periods[-1]:
            decided.append(_turn(state, period, tables, new, now))
    return History(tuple(decided), tuple(served), *_promises(state))


def _promises(state: _Play) -> tuple[tuple[Promised, ...], TrackRecord]:
    """What was promised, against the outcomes of all periods, the last one's too."""
    run, far = state.registry.run, datetime.max.replace(tzinfo=UTC)
    known = run(training_labels.window(state.task, arrived_until=far, limit=EVERY_LABEL))
    hold(
        state.registry,
        state.task,
        training_set(known, []),
        state.signing_key,
        left_out={},
        now=FIRST,
    )
    ledger, came = run(promotions_and_what_came())
    promises = promising(ledger)
    promised = tuple(
        Promised(p.challenger, p.champion or "", promises[p.promotion_id], came.get(p.promotion_id))
        for p in reversed(ledger)
        if p.promotion_id in promises
    )
    return promised, track_record(ledger, came)


def _played_at(period: str, number: int) -> datetime:
    """The end of the year that a period is; else the replay's own calendar.

    An outcome counts only from when its period has begun, so a year must not be played before it.
    """
    year = year_of(period)
    return FIRST + number * PERIOD if year is None else datetime(year, 12, 31, tzinfo=UTC)


def _tables(paths: Sequence[Path], task: TaskSpec, now: datetime) -> Iterator[CleanTable]:
    for path in paths:
        yield from read_tables(path, task, now=now)


def _arrive(state: _Play, tables: Sequence[CleanTable], now: datetime) -> int:
    """Takes a period's file in; gives how many outcomes could be used."""
    before = state.registry.run(LabelRepository().count())
    for table in tables:
        state.registry.run(ingest(table, state.task, now=now))
    return state.registry.run(LabelRepository().count()) - before


def _turn(
    state: _Play, period: str, tables: Sequence[CleanTable], new: int, now: datetime
) -> Decided:
    """Drift, retraining, decision and predictions of one period."""
    observations = [o for table in tables for o in table.observations]
    state.say(f"{period}: {len(observations)} students, {new} outcomes of earlier periods")
    drift = _drift(state, now)
    result = _retrain(state, period, now)
    if result is not None and result.challenger is not None:
        _follow(state, result)
    _predict(state, period, observations, now)
    return Decided(
        period=period,
        students=len(observations),
        new_outcomes=new,
        drifted=drift.drifted_features if drift else (),
        challenger=result.challenger if result else None,
        status=result.status.value if result else "not_enough_data",
        reasons=result.reasons if result else (),
    )


def _drift(state: _Play, now: datetime) -> DriftReport | None:
    try:
        return run_drift_check(
            state.registry, state.task, now=now, signing_key=state.signing_key, seed=state.seed
        )
    except NotEnoughData:
        return None  # Nobody serves yet.


def _retrain(state: _Play, period: str, now: datetime) -> RunResult | None:
    options = RunOptions(seed=state.seed)
    plan = RunPlan(
        run_id=f"replay-{period}",
        task=state.task,
        options=options,
        home=state.home,
        signing_key=state.signing_key,
        requested_by="replay",
        code_version="replay",
        pool=state.pool,
    )
    try:
        return execute(state.registry, plan, clock=lambda: now, say=state.say)
    except NotEnoughData as error:
        state.say(f"{period}: {error}")
        return None


def _follow(state: _Play, result: RunResult) -> None:
    """Lets every policy choose between what it serves and the new challenger."""
    assert result.challenger is not None
    promoted = result.status is DecisionStatus.PROMOTED
    if result.refused is not None:
        # What was trained is there for every policy; only ours knows of recalibration.
        _choose(state, _loaded(state, result.refused), promoted=False)
        state.serving[OURS] = _loaded(state, result.challenger).version
        return
    _choose(state, _loaded(state, result.challenger), promoted=promoted)


def _loaded(state: _Play, name: str) -> ModelVersion:
    version = state.registry.run(ModelVersionRepository().get(name))
    folder = Path(tempfile.mkdtemp(dir=state.home))
    predictor = load_predictor(state.registry, version, folder, state.signing_key)
    state.loaded[name] = (version, predictor)
    return version


def _choose(state: _Play, version: ModelVersion, *, promoted: bool) -> None:
    known = {name: loaded[0] for name, loaded in state.loaded.items()}
    for policy in POLICIES:
        chosen = pick(policy, known.get(state.serving.get(policy, "")), version, promoted)
        if chosen is not None:
            state.serving[policy] = chosen.version


def _predict(state: _Play, period: str, observations: Sequence[Observation], now: datetime) -> None:
    """Scores the period's students with every version, and logs what the champion answers."""
    if not state.loaded or not observations:
        return
    observations = state.registry.run(training_labels.observed(state.task, observations))
    state.served_by[period] = dict(state.serving)
    records = [o.features for o in observations]
    ids = [o.student_id for o in observations]
    state.scores[period] = {
        name: dict(zip(ids, predictor.score_many(records).tolist(), strict=True))
        for name, (_, predictor) in state.loaded.items()
    }
    alias = state.registry.run(AliasRepository().find(CHAMPION))
    if alias is None:
        return
    version, predictor = state.loaded[alias.version]
    assessed = zip(observations, predictor.assess_many(records), strict=True)
    log = [_prediction(o, found, version, now) for o, found in assessed]
    state.registry.run(PredictionRepository().add_many(log))


def _prediction(
    observation: Observation, found: Assessment, version: ModelVersion, now: datetime
) -> Prediction:
    return Prediction(
        prediction_id=f"replay-{observation.period}-{observation.student_id}",
        student_id=observation.student_id,
        period=observation.period,
        features=observation.features,
        imputed=(),
        risk_score=found.score,
        risk_label=found.label,
        status=found.status,
        threshold=version.thresholds.for_record(observation.features).operating,
        model_version=version.version,
        created_at=now,
        client="replay",
        known_weight=found.known_weight,
        unseen=found.unseen,
    )


def _look_back(state: _Play, period: str) -> Served | None:
    """What each policy served in a period whose outcomes are known by now."""
    if period not in state.scores:
        return None
    far = datetime.max.replace(tzinfo=UTC)
    known = state.registry.run(LabelRepository().window(arrived_until=far, limit=EVERY_LABEL))
    data = training_set([label for label in known if label.period == period], [])
    if not data.outcome.any():
        return None
    flagged = flagged_within(data.outcome, state.task.promotion.budget)
    new = new_cases(data.records, state.task)
    found = {
        name: _found(scores, data, flagged, new, lanes_of(data.records, state.task))
        for name, scores in state.scores[period].items()
    }
    recalls = {name: figures["recall"] for name, figures in found.items()}
    serving = state.served_by[period]
    return Served(
        period=period,
        labelled=len(data),
        positives=int(data.outcome.sum()),
        flagged=flagged,
        recall={policy: recalls[version] for policy, version in serving.items()},
        version=serving,
        best=max(recalls.values()),
        new_positives=None if new is None else int(data.outcome[new].sum()),
        new_recall={
            policy: found[version]["new_recall"]
            for policy, version in serving.items()
            if "new_recall" in found[version]
        },
    )


def _found(
    scores: Mapping[str, float],
    data: TrainingSet,
    flagged: int,
    new: NDArray[np.bool_] | None,
    lanes: Lanes | None,
) -> dict[str, float]:
    """`recall` of all, and the figures of the new cases, with so many flagged."""
    of_each = np.array([scores[student] for student in data.students.tolist()])
    flags = flags_at(of_each if lanes is None else lanes.order(of_each), flagged / len(data))
    recall = float(flags @ data.outcome / data.outcome.sum())
    return {"recall": recall} | ({} if new is None else new_case_figures(data.outcome, flags, new))
