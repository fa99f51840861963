"""The worker's job that ends what has waited for a person too long."""

from __future__ import annotations

from database.decisions import approval
from retraining.worker.context import AtWork


def settle_approval(here: AtWork) -> str:
    """Refuses a version that waited for approval too long."""
    days = here.task.promotion.approval_days
    now = here.clock()
    here.registry.run(approval.settle(days, now=now))
    staged = here.registry.run(approval.waiting(days, now=now))
    return "nothing waits" if staged is None else f"{staged.challenger} waits for approval"
