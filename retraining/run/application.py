"""What a run writes: the version, then the decision; the champion moves last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from database.decisions import approval
from database.driver.client import SyncRegistry
from database.promotions import PromotionRepository
from model.errors import Conflict
from model.promotion import TRAIN, DecisionStatus, Promotion
from model.run import Lease
from model.version import Alias, Lineage, ModelVersion
from retraining.promotion.decision import conclude
from retraining.promotion.guards.rule import Found
from retraining.promotion.guards.shared import CHAMPION_UNMOVED
from retraining.promotion.promise import promise_of
from retraining.run.deliberation import Deliberated, studies_of
from retraining.run.gathering import Gathered
from retraining.run.journal import Journal
from retraining.run.lineage import leakage_override, library_versions
from retraining.run.lock import HeldLease
from retraining.run.plan import RunPlan
from retraining.run.recipes.going_on import forbidden
from retraining.run.registration import Provenance, register
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
        Conflict: somebody was erased or objects meanwhile from whose record the champion had
            learned, and so would the challenger; nothing was written.
        RegistryError: the registry fails.
    """
    held.check()
    continued = gathered.champion if decided.trial.model.continued else None
    if continued is not None and (why := forbidden(registry, continued, gathered.data)):
        raise Conflict(f"{why}: that came about during this run; start another one")
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
        _record(registry, verdict, version, alias, held.lease, now)
    except Conflict:
        moved = CHAMPION_UNMOVED.stated(Found(passed=False))
        verdict = replace(verdict, decision=conclude((*verdict.decision.guards, moved)))
        _record(registry, verdict, version, alias, held.lease, now)
    return verdict


def _record(
    registry: SyncRegistry,
    verdict: Verdict,
    version: ModelVersion,
    champion: Alias | None,
    lease: Lease,
    now: datetime,
) -> None:
    """Writes the decision into the ledger and, if it promotes, moves the champion.

    Raises:
        Conflict: somebody moved the champion while this run was deciding; nothing was written.
        LeaseLost: another run took over.
        RegistryError: the registry fails.
    """
    evidence, decision = verdict.evidence_as(version.version), verdict.decision
    promotion = Promotion(
        promotion_id=_decision_id(version.lineage.run_id, verdict.action),
        at=now,
        actor="pipeline",
        action=verdict.action,
        status=decision.status,
        challenger=version.version,
        champion=champion.version if champion else None,
        reasons=decision.reasons,
        guards=decision.guards,
        evidence=evidence,
        provisional=decision.provisional,
        promise=promise_of(evidence, version.window.periods),
    )
    if decision.status in approval.WAITING:
        registry.run(approval.stage(promotion, lease=lease))
    elif decision.status is DecisionStatus.KEPT:
        registry.run(PromotionRepository().add(promotion, lease=lease))
    else:
        revision = champion.revision if champion else 0
        registry.run(
            PromotionRepository().promote(promotion, expected_revision=revision, lease=lease)
        )


def _decision_id(run_id: str, action: str) -> str:
    return run_id if action == TRAIN else f"{run_id}-{action}"


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
