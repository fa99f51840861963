"""Looks in which something is to be told; each kind's examples change one thing of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from model.decisions.realised import RealisedGain
from model.promotion import DecisionStatus, Promise, Promotion
from model.run import Run, RunStatus, RunStep
from retraining.notices.scene import Scene

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=2)

QUIET = Scene(
    NOW,
    "school",
    columns={"ieg": {"pt": "Indicador de engajamento", "en": "Engagement indicator"}},
)
"""A look in which there is nothing to tell."""

PROMISE = Promise(0.036, 0.003, 0.078, "2025", "expected")
PROMOTED = Promotion(
    "run-7", BEFORE, "pipeline", "train", DecisionStatus.PROMOTED, "v7", "v6", ("better",),
    revision=7, promise=PROMISE,
)  # fmt: skip
CAME = RealisedGain(
    "run-7", BEFORE, "2026", "v7", "v6", 300, 90, 90, 0.019, -0.01, 0.05, "d"
)  # fmt: skip
RUN = Run(
    "run-8", RunStatus.FAILED, "schedule", BEFORE, started_at=BEFORE, finished_at=BEFORE,
    steps=(RunStep("window", BEFORE), RunStep("champion", BEFORE)), error="out of memory",
)  # fmt: skip
