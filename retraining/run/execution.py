"""One retraining run, with every step recorded.

Nothing that serves is touched before the last write, which moves the champion by compare-and-set. A
run killed anywhere before leaves the champion as it was, and nothing that the next run must clean.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from database import repair
from database.decisions import approval
from database.driver.client import SyncRegistry
from database.promotions import PromotionRepository
from database.runs import RunRepository
from model.decisions.cause import TriggerKind, requested_by
from model.errors import FarolError, LeaseLost, NotEnoughData
from model.promotion import DecisionStatus, PromotionDecision
from model.run import Run, RunStatus
from retraining.run import promises
from retraining.run.application import Applied, apply
from retraining.run.beyond_memory.left_behind import remove_left_behind
from retraining.run.beyond_memory.ways import IN_MEMORY, Ways
from retraining.run.deliberation import (
    Deliberated,
    deliberate,
    recalibrated,
    taken_look,
    unjudged,
    with_dropped,
)
from retraining.run.gathering import Gathered
from retraining.run.journal import (
    DryJournal,
    Journal,
    RegistryJournal,
    Say,
    Stepped,
    untold,
)
from retraining.run.lock import Clock, HeldLease, exclusively
from retraining.run.looking import decided_before
from retraining.run.plan import RunPlan, RunResult
from retraining.run.replacing.meanwhile import note_erased_meanwhile
from retraining.run.replacing.without_erased import replacement
from retraining.run.verdict import Verdict

WAITS: Mapping[DecisionStatus, str] = {
    DecisionStatus.STAGED: "waits for approval",
    DecisionStatus.SHADOW: "is tried beside the champion first",
}
"""What becomes of a challenger that would have been promoted."""


def execute(
    registry: SyncRegistry,
    plan: RunPlan,
    *,
    clock: Clock,
    say: Say,
    stepped: Stepped = untold,
    ways: Ways = IN_MEMORY,
) -> RunResult:
    """Runs once. A dry run takes no lease and writes nothing but that it looked at the labels.

    One that was queued (`POST /train`) is told of in its own run's record, and takes its turn.

    Args:
        registry: the task's.
        plan: what is to be done.
        clock: gives now, aware UTC.
        say: called with each step, in words.
        stepped: called with each step's name once it ended.
        ways: how it reads its window and trains on it.

    Raises:
        LeaseHeld: another run is under way.
        LeaseLost: another run took over; this one wrote no result.
        NotEnoughData: the window is too small to train on.
        FarolError: whatever else stopped it; the champion serves on.
    """
    dry, asked = plan.options.dry_run, _queued(registry, plan.run_id)
    if asked is not None:
        plan = replace(plan, cause=asked.cause or requested_by(asked.requested_by))
    if dry and asked is None:
        return _decided(registry, plan, DryJournal(say, stepped), clock, ways)
    with exclusively(registry, plan.home, plan.run_id, clock) as held:
        if not dry:
            registry.run(PromotionRepository().fence(held.lease))
        registry.run(RunRepository().abandon_stale(clock()))
        run = _run(plan, held, clock(), queued=_queued(registry, plan.run_id))
        journal = RegistryJournal(registry, run, held.lease, say, clock, stepped)
        journal.start()
        try:
            if dry:
                return _told(registry, plan, journal, clock, ways)
            _repair(registry, plan, journal, clock())
            registry.run(approval.settle(plan.task.promotion.approval_days, now=clock()))
            return _recorded(registry, plan, held, journal, clock, ways)
        except NotEnoughData as error:
            journal.finish(RunStatus.NOT_ENOUGH_DATA, reasons=(str(error),))
            raise
        except LeaseLost:
            # Whoever took the lease records this run as abandoned; it may write nothing more.
            raise
        except FarolError as error:
            journal.finish(RunStatus.FAILED, error=own_words(error))
            raise
        except (KeyboardInterrupt, SystemExit) as stop:
            # Not for what it did: its worker ended, or somebody pressed Ctrl-C.
            journal.stopped(f"the run was stopped ({type(stop).__name__})")
            raise
        except BaseException as error:
            # Only its kind: the message of an unforeseen error may quote a record.
            journal.finish(RunStatus.FAILED, error=type(error).__name__)
            raise


def own_words(error: FarolError) -> str:
    """The error's message; of another library's error in it only the kind stays.

    The message of somebody else's error may quote a record, and the run's record is kept.
    """
    told, cause = str(error), error.__cause__
    if cause is None or isinstance(cause, FarolError):
        return told
    kind = type(cause).__name__
    for foreign in (repr(cause), str(cause)):
        if foreign and foreign in told:
            return told.replace(foreign, kind)
    return f"{told} ({kind})"


def _repair(registry: SyncRegistry, plan: RunPlan, journal: RegistryJournal, now: datetime) -> None:
    """Pays what a process that died left owed, so that no label it owes is missing here."""
    if files := remove_left_behind(plan.home, plan.run_id):
        journal.step("repaired", f"removed the files of {files} windows whose runs were killed")
    done = registry.run(repair.repair(now=now))
    if done.promotion or done.owed or done.joined:
        journal.step("repaired", done.told())


def _told(
    registry: SyncRegistry, plan: RunPlan, journal: RegistryJournal, clock: Clock, ways: Ways
) -> RunResult:
    """A dry run whose decision somebody waits for in the run's record."""
    result = _decided(registry, plan, journal, clock, ways)
    journal.step(
        "dry run", f"would have been {result.status.value}; nothing that serves was changed"
    )
    journal.finish(
        RunStatus.DECIDED, champion=result.champion, reasons=result.reasons, look=result.look
    )
    return result


def _decided(
    registry: SyncRegistry, plan: RunPlan, journal: Journal, clock: Clock, ways: Ways
) -> RunResult:
    with tempfile.TemporaryDirectory(prefix="farol-run-") as name:
        folder = Path(name)
        gathered = ways.gather(registry, plan, folder, journal, now=clock())
        decided = _considered(registry, gathered, plan, folder, journal, ways)
        if isinstance(decided, Verdict):
            verdict = decided
        else:
            instead = recalibrated(gathered, decided, plan, folder, journal)
            verdict = (instead or decided).verdict
    return _unmoved(plan, gathered, verdict)


def _considered(
    registry: SyncRegistry,
    gathered: Gathered,
    plan: RunPlan,
    folder: Path,
    journal: Journal,
    ways: Ways,
) -> Deliberated | Verdict:
    """A challenger with its verdict, or the verdict where none was compared."""
    if plan.options.without_erased:
        return replacement(registry, gathered, plan, folder, journal)
    early = unjudged(gathered, plan, journal) or _unchanged(registry, gathered, plan, journal)
    if early is not None:
        return early
    trained = ways.train(gathered, plan, folder, journal)
    look = taken_look(registry, gathered, plan, journal)
    if isinstance(look, Verdict):
        return look
    return deliberate(gathered, trained, look, plan, journal)


def _unchanged(
    registry: SyncRegistry, gathered: Gathered, plan: RunPlan, journal: Journal
) -> Verdict | None:
    """The verdict where the clock alone asks once more for what a run has decided already.

    Whoever else asks gets the comparison again, with its evidence.
    """
    if gathered.prospect is None or plan.cause.trigger is not TriggerKind.SCHEDULE:
        return None
    before = decided_before(registry, gathered.prospect)
    if before is None:
        return None
    run, look = before
    why = f"nothing has changed since {run.run_id} kept {gathered.serving}"
    journal.step("decided", f"kept; {why}; nothing was trained")
    return Verdict(PromotionDecision(DecisionStatus.KEPT, (why, *run.reasons), ()), None, look)


def _recorded(
    registry: SyncRegistry,
    plan: RunPlan,
    held: HeldLease,
    journal: RegistryJournal,
    clock: Clock,
    ways: Ways,
) -> RunResult:
    with tempfile.TemporaryDirectory(prefix="farol-run-") as name:
        folder = Path(name)
        gathered = ways.gather(registry, plan, folder, journal, now=clock())
        if gathered.whole is None:  # Else a part of the outcomes is here.
            _hold_promises(registry, plan, gathered, journal)
        decided = _considered(registry, gathered, plan, folder, journal, ways)
        if isinstance(decided, Verdict):
            result = _unmoved(plan, gathered, decided)
        else:
            decided = with_dropped(decided, plan, journal, gathered.start)
            applied = apply(registry, gathered, decided, plan, held, journal, now=clock())
            _note_erased(registry, applied, gathered, journal, clock, ways)
            refused = None
            instead = recalibrated(gathered, decided, plan, folder, journal)
            if instead is not None:
                refused = applied.version.version
                applied = apply(registry, gathered, instead, plan, held, journal, now=clock())
                _note_erased(registry, applied, gathered, journal, clock, ways)
            result = _result(
                plan,
                gathered,
                applied.verdict,
                challenger=applied.version.version,
                champion=applied.champion,
                refused=refused,
            )
    waits = WAITS.get(result.status)
    told = f"{result.challenger} {waits}; " if waits else ""
    journal.step(result.status.value, f"{told}{result.champion or 'nobody'} serves")
    journal.finish(
        RunStatus(result.status.value),
        challenger=result.challenger,
        champion=result.champion,
        reasons=result.reasons,
        look=result.look,
    )
    return result


def _note_erased(
    registry: SyncRegistry,
    applied: Applied,
    gathered: Gathered,
    journal: Journal,
    clock: Clock,
    ways: Ways,
) -> None:
    """Tells of students who were erased since they were read: no erasure knew this version."""
    version = applied.version.version
    erased = note_erased_meanwhile(
        registry, version, partial(ways.students, gathered), since=gathered.at, now=clock()
    )
    if erased:
        journal.step("registered", f"{version} learned from {erased} students erased since")


def _hold_promises(
    registry: SyncRegistry, plan: RunPlan, gathered: Gathered, journal: RegistryJournal
) -> None:
    """Tells what came of earlier promotions, whether or not anything is trained now."""
    told = promises.hold(
        registry,
        plan.task,
        gathered.data,
        plan.signing_key,
        left_out=gathered.left_out,
        now=gathered.at,
    )
    if told:
        journal.step("promises", "; ".join(told))


def _unmoved(plan: RunPlan, gathered: Gathered, verdict: Verdict) -> RunResult:
    return _result(plan, gathered, verdict, challenger=None, champion=gathered.serving)


def _result(
    plan: RunPlan,
    gathered: Gathered,
    verdict: Verdict,
    *,
    challenger: str | None,
    champion: str | None,
    refused: str | None = None,
) -> RunResult:
    return RunResult(
        run_id=plan.run_id,
        status=verdict.decision.status,
        challenger=challenger,
        champion=champion,
        before=gathered.serving,
        reasons=verdict.decision.reasons,
        guards=verdict.decision.guards,
        evidence=verdict.evidence_as(challenger),
        dry_run=plan.options.dry_run,
        left_out=gathered.left_out,
        look=verdict.look,
        provisional=verdict.decision.provisional,
        refused=refused,
        cause=plan.cause,
    )


def _queued(registry: SyncRegistry, run_id: str) -> Run | None:
    waiting = registry.run(RunRepository().queued())
    return next((run for run in waiting if run.run_id == run_id), None)


def _run(plan: RunPlan, held: HeldLease, now: datetime, *, queued: Run | None) -> Run:
    return Run(
        run_id=plan.run_id,
        status=RunStatus.RUNNING,
        requested_by=queued.requested_by if queued else plan.requested_by,
        requested_at=queued.requested_at if queued else now,
        started_at=now,
        token=held.lease.token,
        options=plan.options.to_mapping(),
        steps=queued.steps if queued else (),
        cause=plan.cause,
        reason=queued.reason if queued else "",
    )
