"""What a run needs to know before it begins, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from model.computing.pool import HERE, Pool
from model.decisions.cause import RunCause, TriggerKind
from model.decisions.looks import Look
from model.options import RunOptions
from model.promotion import DecisionStatus, Guard
from preprocessing.task.spec import TaskSpec

COMMANDED = RunCause(
    TriggerKind.COMMAND,
    "somebody ran python -m retraining.pipeline",
    "alguém executou python -m retraining.pipeline",
)


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run needs to know before it begins.

    Attributes:
        task: with the run's options applied.
        home: where the host's lock is.
        requested_by: `cli`, the trigger's name, or the API client's name.
        code_version: recorded in the version's lineage.
        cause: what started it.
        pool: does what can be done side by side.
    """

    run_id: str
    task: TaskSpec
    options: RunOptions
    home: Path
    signing_key: bytes
    requested_by: str
    code_version: str
    cause: RunCause = COMMANDED
    pool: Pool = HERE


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        challenger: the version it registered; None for a dry run, and where nothing was trained.
        champion: the version that serves now, if any.
        before: the version that served before, if any.
        evidence: what the decision was taken on, as plain data; empty without a comparison.
        left_out: period to labelled records that the window had no room for.
        look: at the labels of a period, taken or not; None without a champion.
        provisional: the challenger serves although guards of a first model object.
        refused: the version that was trained and kept, where the challenger is a recalibration.
        cause: what started it.
    """

    run_id: str
    status: DecisionStatus
    challenger: str | None
    champion: str | None
    before: str | None
    reasons: tuple[str, ...]
    guards: tuple[Guard, ...]
    evidence: Mapping[str, Any]
    dry_run: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)
    look: Look | None = None
    provisional: bool = False
    refused: str | None = None
    cause: RunCause = COMMANDED

    def to_mapping(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "run_id": self.run_id,
            "status": self.status.value,
            "cause": asdict(self.cause),
            "challenger": self.challenger,
            "champion": self.champion,
            "champion_before": self.before,
            "reasons": list(self.reasons),
            "guards": [
                {"name": g.name, "passed": g.passed, "value": g.value, "limit": g.limit}
                for g in self.guards
            ],
            "evidence": dict(self.evidence),
            "provisional": self.provisional,
            "refused": self.refused,
            "dry_run": self.dry_run,
            "left_out": dict(self.left_out),
            "look": None if self.look is None else asdict(self.look),
        }


def applied(options: RunOptions, task: TaskSpec) -> TaskSpec:
    """The task as this run sees it."""
    promotion = task.promotion
    if options.min_recall_gain is not None:
        promotion = promotion.model_copy(update={"min_recall_gain": options.min_recall_gain})
    asked = {name: getattr(options, name) for name in ("window", "trials", "seconds")}
    given = {name: value for name, value in asked.items() if value is not None}
    training = task.training.model_copy(update=given)
    return task.model_copy(update={"promotion": promotion, "training": training})
