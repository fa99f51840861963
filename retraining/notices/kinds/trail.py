"""The notice of the audit trail: that it was touched, which nobody should wait to hear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from model.watch.job import JobState
from model.watch.notice import Severity
from retraining.notices.kinds.examples import BEFORE, QUIET
from retraining.notices.rule import Fact, NoticeRule
from retraining.notices.scene import Scene

CHECKS = frozenset({"trail", "trail_check"})
"""The duties that look at it (`retraining.worker.duties`)."""

WHILE_AT_WORK = timedelta(minutes=5)
"""A job that is at it again has no next try noted."""


def unproven_trail(scene: Scene) -> Iterator[Fact]:
    """Checks of the trail that failed and that trying again does not mend."""
    for one in scene.jobs:
        if one.duty in CHECKS and one.failures and one.retry_at is None:
            at = one.finished_at or one.started_at or scene.now
            yield Fact(one.name, at, {"job": one.duty})


_CHECK = JobState("trail_check@host", "host/1", None, BEFORE, BEFORE, "", False, 1)

TRAIL_UNPROVEN = NoticeRule(
    name="trail_unproven",
    severity=Severity.CRITICAL,
    about="the audit trail was touched, or the worker cannot check it",
    find=unproven_trail,
    title={
        "pt": "A trilha de auditoria não está comprovada",
        "en": "The audit trail is not proven",
    },
    sentences={
        "told": {
            "pt": "A verificação {job} falhou: alguém mexeu na trilha de auditoria, ou ela não "
            "pôde ser lida. Quem responde pela proteção dos dados vê o que e desde quando na "
            "página Auditoria.",
            "en": "The check {job} failed: somebody touched the audit trail, or it could not be "
            "read. Whoever answers for the protection of the data sees what and since when on "
            "the page Audit.",
        },
    },
    examples={"told": replace(QUIET, jobs=(_CHECK,))},
    standing=True,
    patience=WHILE_AT_WORK,
)
