"""What calls for a retraining run: pure decisions over what the registry holds.

The schedule calls by the clock. Three more call between its times, each declared below. None of
them does so while a run is under way or shortly after one, and none where a run could only decide
what the last one did, because no outcome has come in since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.triggers.base import BaseTrigger

from model.decisions.cause import RunCause, TriggerKind
from model.run import Run, RunStatus
from preprocessing.task.policies import Schedule
from preprocessing.task.spec import TaskSpec
from retraining.worker.due import AHEAD, BACK_OFF, fires

UNDER_WAY = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})
BROKEN_OFF = frozenset({RunStatus.FAILED, RunStatus.ABANDONED})


@dataclass(frozen=True, slots=True)
class Seen:
    """What the triggers are decided on.

    Attributes:
        champion: the serving version; None before there is one.
        drifted: features in which drift of the champion's records is confirmed.
        fallen_short: English and Portuguese sentence of each promise of the champion's that was
            not kept beyond chance.
        unlearned: labelled records that came in after the champion's were read.
        new_labels: of them, those that came in since the newest run that came to its end.
        runs: the newest ones that may promote, newest first.
    """

    champion: str | None
    drifted: tuple[str, ...]
    fallen_short: tuple[tuple[str, str], ...]
    unlearned: int
    new_labels: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Trigger:
    """Whether to retrain now: the cause of a run, or why there is none."""

    cause: RunCause | None
    reason: str

    @property
    def fire(self) -> bool:
        """Whether a run is called for."""
        return self.cause is not None


@dataclass(frozen=True, slots=True)
class TriggerRule:
    """What can call for a run between the times of the schedule.

    Attributes:
        kind: its name in the run's record.
        calls: gives the sentence in English and in Portuguese, or None where it does not call.
        learns: it calls only if a challenger would have enough records to learn from that the
            champion has not seen; without them it could neither learn what changed nor be compared.
        quiet: an example that it does not call on.
        loud: an example that it alone calls on.
    """

    kind: TriggerKind
    calls: Callable[[Seen, TaskSpec], tuple[str, str] | None]
    learns: bool
    quiet: Seen
    loud: Seen


def _fell_short(seen: Seen, task: TaskSpec) -> tuple[str, str] | None:
    if not seen.fallen_short:
        return None
    en, pt = ("; ".join(sentences) for sentences in zip(*seen.fallen_short, strict=True))
    return (
        f"{seen.champion} falls short of its promise ({en}), and {_new_en(seen.unlearned)}",
        f"{seen.champion} fica abaixo do que prometeu ({pt}), e {_new_pt(seen.unlearned)}",
    )


def _drifted(seen: Seen, task: TaskSpec) -> tuple[str, str] | None:
    if not seen.drifted:
        return None
    named = ", ".join(seen.drifted)
    return (
        f"drift in {named}, and {_new_en(seen.unlearned)}",
        f"mudança em {named}, e {_new_pt(seen.unlearned)}",
    )


def _labelled(seen: Seen, task: TaskSpec) -> tuple[str, str] | None:
    enough = task.schedule.new_labels
    if enough is None or seen.new_labels < enough:
        return None
    return (
        f"{_new_en(seen.new_labels)} since the last run, of which {enough} call for one",
        f"{_new_pt(seen.new_labels)} desde a última execução; com {enough} ela é feita",
    )


def _new_en(number: int) -> str:
    return f"{number} new labelled records"


def _new_pt(number: int) -> str:
    return f"{number} novos registros com resultado conhecido"


_NOTHING = Seen("v1", (), (), unlearned=200, new_labels=200, runs=())
_SHORT = (
    "recall: promised 76 %, measured 58 %",
    "sensibilidade: prometida 76 %, medida 58 %",
)

TRIGGERS: tuple[TriggerRule, ...] = (
    TriggerRule(
        TriggerKind.RECALL,
        _fell_short,
        learns=True,
        quiet=_NOTHING,
        loud=Seen("v1", (), (_SHORT,), unlearned=200, new_labels=200, runs=()),
    ),
    TriggerRule(
        TriggerKind.DRIFT,
        _drifted,
        learns=True,
        quiet=_NOTHING,
        loud=Seen("v1", ("inde",), (), unlearned=200, new_labels=200, runs=()),
    ),
    TriggerRule(
        TriggerKind.LABELS,
        _labelled,
        learns=False,
        quiet=_NOTHING,
        loud=Seen("v1", (), (), unlearned=5_000, new_labels=5_000, runs=()),
    ),
)
"""Of several that call, the first one is told."""


def decide_trigger(seen: Seen, task: TaskSpec, *, now: datetime) -> Trigger:
    """Whether something calls for a run before the schedule does.

    Args:
        seen: what the registry holds.
        task: its schedule says how many labels call, and how long a pause is; its promotion policy
            how many labelled records a comparison needs.
        now: aware UTC.
    """
    if seen.champion is None:
        return Trigger(None, "there is no champion yet")
    refusals: list[str] = []
    for rule in TRIGGERS:
        told = rule.calls(seen, task)
        if told is None:
            continue
        why_not = _too_little(seen, task) if rule.learns else None
        why_not = why_not or resting(seen.runs, task.schedule, now)
        if why_not is None:
            return Trigger(RunCause(rule.kind, *told), told[0])
        refusals.append(f"{told[0]}, but {why_not}")
    return Trigger(None, "; ".join(refusals) or "nothing calls for a run")


def _too_little(seen: Seen, task: TaskSpec) -> str | None:
    needed = task.promotion.min_labelled
    if seen.unlearned < needed:
        return f"{needed} are needed to learn and to compare"
    if not seen.new_labels:
        return "none of them came in since the last run"
    return None


def resting(runs: Sequence[Run], schedule: Schedule, now: datetime) -> str | None:
    """Why it is too early for a run that no schedule asks for; None where it is not.

    After a run that broke off the wait is that of a job that is tried again; after so many in a row
    that it would not be, and after any other run, it is the task's pause.

    Args:
        runs: newest first.
        schedule: of the task.
        now: aware UTC.
    """
    runs = _believed(runs, now)
    if not runs:
        return None
    last = runs[0]
    if last.status in UNDER_WAY:
        return f"{last.run_id} is under way"
    broken = next((n for n, run in enumerate(runs) if run.status not in BROKEN_OFF), len(runs))
    wait = _again(runs, broken)
    if wait is None:
        wait = timedelta(hours=schedule.pause_hours)
    ended = (last.finished_at or last.requested_at) if broken else last.requested_at
    ended = min(ended, last.requested_at) if ended > now else ended
    if now - ended >= wait:
        return None
    return f"{last.run_id} was at {ended:%F %T} UTC, and the next one waits {_hours(wait)}"


def _believed(runs: Sequence[Run], now: datetime) -> list[Run]:
    """The runs without those that a wrong clock recorded: they would serve times to come."""
    return [run for run in runs if run.status in UNDER_WAY or run.requested_at <= now + AHEAD]


def _again(runs: Sequence[Run], broken: int) -> timedelta | None:
    """How soon after the newest runs, so many of which broke off, another may be made."""
    if broken == 1 and runs[0].status is RunStatus.ABANDONED:
        return timedelta()  # Its worker died; the next one makes it at once.
    return BACK_OFF.after(broken) if broken else None


def _hours(wait: timedelta) -> str:
    """A wait in words.

    >>> _hours(timedelta(hours=20)), _hours(timedelta(minutes=4))
    ('20 hours', '4 minutes')
    """
    minutes = wait.total_seconds() / 60
    return f"{minutes / 60:g} hours" if minutes >= 60 else f"{minutes:g} minutes"


def scheduled_run(line: str) -> RunCause:
    """The cause of a run that the schedule calls for.

    >>> scheduled_run("0 7 * * mon").en
    'its time has come: 0 7 * * mon, UTC'
    """
    return RunCause(
        TriggerKind.SCHEDULE,
        f"its time has come: {line}, UTC",
        f"chegou a hora marcada: {line}, UTC",
    )


def served(times: BaseTrigger, runs: Sequence[Run], now: datetime) -> Run | None:
    """The run that was made since the schedule's newest time, whoever asked for it.

    Args:
        times: of the schedule.
        runs: newest first; one that broke off or has not ended serves nothing.
        now: aware UTC.
    """
    runs = _believed(runs, now)
    ended = (run for run in runs if run.status not in UNDER_WAY | BROKEN_OFF)
    last = next(ended, None)
    if last is None:
        return None
    due = fires(times, last.requested_at)
    return last if due is None or due > now else None
