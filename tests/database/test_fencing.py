"""A run that lost its lease writes no result."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from database.leases import LeaseRepository
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.errors import LeaseLost
from model.promotion import DecisionStatus
from model.run import Lease, RunStatus
from tests.database import builders
from tests.database.builders import START, at
from tests.database.drivers import Run

TTL = timedelta(minutes=1)


@pytest.fixture
def lease(run: Run) -> Lease:
    return run(LeaseRepository().acquire("retraining", "first", now=START, ttl=TTL))


@pytest.fixture
def stolen(run: Run, lease: Lease) -> Lease:
    """The first holder's lease, after somebody else took it."""
    run(LeaseRepository().acquire("retraining", "second", now=at(1), ttl=TTL))
    return lease


def test_who_holds_the_lease_registers_keeps_and_finishes(run: Run, lease: Lease) -> None:
    running = builders.run(token=lease.token)
    run(RunRepository().start(running))

    run(ModelVersionRepository().register(builders.model_version, lease=lease))
    run(PromotionRepository().add(builders.promotion(status=DecisionStatus.KEPT), lease=lease))
    run(RunRepository().finish(replace(running, status=RunStatus.KEPT), lease=lease))

    assert run(ModelVersionRepository().get("v1")).number == 1
    assert len(run(PromotionRepository().newest())) == 1
    assert run(RunRepository().get("run-1")).status is RunStatus.KEPT


def test_a_stale_lease_registers_no_version(run: Run, stolen: Lease) -> None:
    with pytest.raises(LeaseLost, match="taken by somebody else"):
        run(ModelVersionRepository().register(builders.model_version, lease=stolen))

    assert run(ModelVersionRepository().newest()) == []


def test_a_stale_lease_keeps_no_decision(run: Run, stolen: Lease) -> None:
    with pytest.raises(LeaseLost):
        run(PromotionRepository().add(builders.promotion(status=DecisionStatus.KEPT), lease=stolen))

    assert run(PromotionRepository().newest()) == []


def test_a_stale_lease_finishes_no_run(run: Run, stolen: Lease) -> None:
    running = builders.run(token=stolen.token)
    run(RunRepository().start(running))

    with pytest.raises(LeaseLost):
        run(RunRepository().finish(replace(running, status=RunStatus.KEPT), lease=stolen))
    assert run(RunRepository().get("run-1")).status is RunStatus.RUNNING

    run(RunRepository().abandon_stale(at(1)))
    assert run(RunRepository().get("run-1")).status is RunStatus.ABANDONED


def test_a_run_given_up_or_taken_over_is_not_finished_by_its_former_lease(
    run: Run, lease: Lease
) -> None:
    given_up = builders.run("given-up", token=lease.token)
    taken_over = builders.run("taken-over", token=lease.token + 1)
    run(RunRepository().start(given_up))
    run(RunRepository().start(taken_over))
    run(RunRepository().finish(replace(given_up, status=RunStatus.ABANDONED)))

    for one in (given_up, taken_over):
        with pytest.raises(LeaseLost, match=one.run_id):
            run(RunRepository().finish(replace(one, status=RunStatus.KEPT), lease=lease))
