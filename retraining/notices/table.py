"""Every kind of notice, in the order in which a message tells them where they matter alike."""

from __future__ import annotations

from retraining.notices.kinds.data import ALARM, DEGRADATION
from retraining.notices.kinds.decisions import PROMOTION, ROLLBACK, WAITING
from retraining.notices.kinds.keys import KEY_ENDING, KEY_UNUSED
from retraining.notices.kinds.promises import BROKEN, KEPT
from retraining.notices.kinds.running import (
    JOB_FAILING,
    RUN_FAILED,
    SERVING_DEGRADED,
    WORKER_SILENT,
)
from retraining.notices.kinds.trail import TRAIL_UNPROVEN
from retraining.notices.rule import NoticeRule

NOTICES: tuple[NoticeRule, ...] = (
    SERVING_DEGRADED,
    TRAIL_UNPROVEN,
    WAITING,
    DEGRADATION,
    ALARM,
    BROKEN,
    RUN_FAILED,
    JOB_FAILING,
    WORKER_SILENT,
    KEY_ENDING,
    ROLLBACK,
    PROMOTION,
    KEPT,
    KEY_UNUSED,
)
