"""What a run writes: the version, then the decision; the champion moves last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from database.driver.client import SyncRegistry
from database.erasing.learned import LearnedErasedRepository
from model.errors import Conflict
from model.promotion import DecisionStatus
from model.version import Lineage, ModelVersion
from retraining.promotion.decision import conclude
from retraining.promotion.guards.rule import Found
from retraining.promotion.guards.shared import CHAMPION_UNMOVED
from retraining.run.champion import StoredChampion
from retraining.run.deliberation import Deliberated, studies_of
from retraining.run.gathering import Gathered
from retraining.run.journal import Journal
from retraining.run.lineage import leakage_override, library_versions
from retraining.run.lock import HeldLease
from retraining.run.plan import RunPlan
from retraining.run.recipes.going_on import ERASED
from retraining.run.registration import Provenance, record_decision, register
from retraining.run.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written: the version, and the decision as it took effect."""

    version: ModelVersion
    verdict: Verdict
    champion: str | None


def apply(
    registry: SyncRegistry,
    gathered: Gathered,
    decided: Deliberated,
    plan: RunPlan,
    held: HeldLease,
    journal: Journal,
    *,
    now: datetime,
) -> Applied:
    """Registers the challenger, then writes the decision; the champion moves last.

    Args:
        registry: the installation's.
        gathered: what the run read.
        decided: what it computed.
        plan: of the run.
        held: the lease, checked before each write.
        journal: where the steps are told.
        now: when the decision was taken.

    Raises:
        LeaseLost: another run took over; nothing more was written.
        Conflict: somebody was erased meanwhile from whose record the champion had learned, and so
            would the challenger; nothing was written.
        RegistryError: the registry fails.
    """
    held.check()
    continued = gathered.champion if decided.trial.model.continued else None
    _still_whole(registry, continued)
    provenance = Provenance(
        _lineage(gathered, decided, plan),
        decided.leakage,
        now,
        plan.signing_key,
        gathered.left_out,
        gathered.units,
        decided.scorer_of,
        decided.dropped,
        continued,
    )
    version = register(
        registry, decided.trial, decided.packed, decided.verdict, plan.task, provenance, held
    )
    journal.step("registered", f"{version.version}, {version.family}")
    held.check()
    verdict = _settled(registry, gathered, decided.verdict, version, held, now)
    studies_of(plan).clear()
    promoted = verdict.decision.status is DecisionStatus.PROMOTED
    return Applied(version, verdict, version.version if promoted else gathered.serving)


def _still_whole(registry: SyncRegistry, champion: StoredChampion | None) -> None:
    """Accepts a challenger with the champion's trees, as the run found them fit to go on from."""
    if champion is None:
        return
    name = champion.version.version
    if registry.run(LearnedErasedRepository().of_version(name)):
        raise Conflict(f"{name} {ERASED}: a student was erased during this run; start another one")


def _settled(
    registry: SyncRegistry,
    gathered: Gathered,
    verdict: Verdict,
    version: ModelVersion,
    held: HeldLease,
    now: datetime,
) -> Verdict:
    alias = gathered.champion.alias if gathered.champion else None
    try:
        record_decision(registry, verdict, version, alias, held.lease, now=now)
    except Conflict:
        moved = CHAMPION_UNMOVED.stated(Found(passed=False))
        verdict = replace(verdict, decision=conclude((*verdict.decision.guards, moved)))
        record_decision(registry, verdict, version, alias, held.lease, now=now)
    return verdict


def _lineage(gathered: Gathered, decided: Deliberated, plan: RunPlan) -> Lineage:
    return Lineage(
        run_id=plan.run_id,
        seed=plan.options.seed,
        parent=gathered.serving,
        code_version=plan.code_version,
        libraries=library_versions(),
        leakage_override=leakage_override(decided.leakage),
        without_erased=decided.without_erased,
    )
