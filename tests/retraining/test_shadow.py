"""The worker's part in trials: what it scores, what it decides, and where it may die."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from database.aliases import CHALLENGER, CHAMPION, AliasRepository
from database.decisions import approval
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Command
from database.indexes import ensure_indexes
from database.predictions import PredictionRepository
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.watch.canaries import CanaryRepository
from database.watch.shadows import MOST_SHADOWS, ShadowRepository
from model.errors import Conflict
from model.promotion import DecisionStatus
from model.run import RunStatus
from model.student import Features
from model.watch.canary import Canary, CanaryState
from model.watch.shadow import LogCursor, ShadowRecord
from model.watch.shadow_figures import shadow_figures
from preprocessing.predictor import Predictor
from preprocessing.task.policies import PromotionPolicy
from preprocessing.task.spec import TaskSpec, load_task
from preprocessing.task.trial_policies import CanaryPolicy, ShadowPolicy
from retraining.run.report import headline
from retraining.shadow import looking
from retraining.shadow.duty import follow_trials
from tests.api import bundles
from tests.api.bundles import KEY
from tests.database.builders import prediction, promotion
from tests.database.drivers import MongomockRegistry
from tests.retraining.school import KEY as SCHOOL_KEY
from tests.retraining.school import READING, START, SUMS, run, task, teach

PEDE = load_task("pede_lag")
BEGAN = bundles.NOW


STEPS = range(15, 33)
"""Commands after which a process dies: before these nothing has been written."""


class Died(Exception):
    """The process ended here."""


class MortalRegistry(MongomockRegistry):
    """One whose process dies after so many commands.

    Attributes:
        left: commands that it still carries out.
    """

    left: float = math.inf

    def execute(self, command: Command) -> Any:
        if self.left <= 0:
            raise Died
        self.left -= 1
        return super().execute(command)


packed = cache(bundles.archive)


def prepare(registry: SyncRegistry) -> None:
    """v1 serves, v2 is the challenger, and both are registered with their bundles."""
    registry.run(ensure_indexes())
    for offset in (0.0, 0.4):
        bundles.register(registry, packed(offset))
    bundles.promote(registry, "v1")
    registry.run(AliasRepository().point(CHALLENGER, "v2", expected_revision=0, now=BEGAN))


def school() -> MortalRegistry:
    registry = MortalRegistry(f"t{uuid4().hex[:12]}")
    prepare(registry)
    return registry


@pytest.fixture
def registry() -> MortalRegistry:
    return school()


@pytest.fixture
def on_disk(embedded_uri: str, db: str) -> Iterator[SyncRegistry]:
    with open_registry(embedded_uri, db) as opened:
        opened.run(ensure_indexes())
        yield opened


def asked(
    registry: SyncRegistry, n: int, *, day: float = 0.5, version: str = "v1", first: int = 0
) -> None:
    """So many students were predicted on that day."""
    registry.run(PredictionRepository().add_many([
        replace(
            prediction(
                f"p{day}-{i}", f"S{first + i}", "2024", day_of(day) + timedelta(seconds=i // 3),
                features,
            ),
            model_version=version,
        )
        for i, features in enumerate(bundles.records(n, seed=first + 7))
    ]))  # fmt: skip


def day_of(day: float) -> datetime:
    return BEGAN + timedelta(days=day)


def spec(**promotion: Any) -> TaskSpec:
    return PEDE.model_copy(update={"promotion": PromotionPolicy(**promotion)})


SHADOW = spec(shadow=ShadowPolicy(days=2, predictions=30))
ASKING = spec(shadow=ShadowPolicy(days=2, predictions=30), approval="ask")
CANARY = spec(canary=CanaryPolicy(predictions=10, share=0.2))


def follow(registry: SyncRegistry, day: float = 1.0, task: TaskSpec = PEDE) -> str:
    ticks = itertools.count()
    return follow_trials(registry, task, KEY, day_of(day), timer=lambda: next(ticks) * 1e-6)


def stage(registry: SyncRegistry, version: str = "v2", *, day: float = 0.0) -> None:
    """A run would promote the version: it is to be tried beside v1 first."""
    run_id = f"run of {version}"
    decision = promotion(run_id, version, "v1", day_of(day), DecisionStatus.SHADOW)
    registry.run(approval.stage(replace(decision, evidence={})))


def shadow(registry: SyncRegistry, version: str = "v2") -> ShadowRecord:
    return registry.run(ShadowRepository().get(version))


def champion(registry: SyncRegistry) -> str:
    return registry.run(AliasRepository().get(CHAMPION)).version


def ledger(registry: SyncRegistry, version: str = "v2") -> list[str]:
    lines = registry.run(PromotionRepository().of_version(version))
    return [one.status.value for one in reversed(lines)]


def last(registry: SyncRegistry, version: str = "v2") -> tuple[str, ...]:
    return registry.run(PromotionRepository().of_version(version))[0].reasons


def test_the_challenger_scores_what_the_champion_answered(registry: MortalRegistry) -> None:
    asked(registry, 60)

    told = follow(registry)

    found = shadow_figures(shadow(registry))
    assert told == "v2 beside v1: 60 predictions scored"
    assert found.records == 60
    # The same weights and a higher intercept: nobody changes places, and more are flagged.
    assert found.rank_correlation is not None and found.rank_correlation > 0.98
    assert found.challenger_flagged is not None and found.champion_flagged is not None
    assert found.challenger_flagged > found.champion_flagged
    assert found.champion_micros == pytest.approx(1.0)


def test_a_look_scores_what_came_since_the_last_one_and_nothing_twice(
    registry: MortalRegistry,
) -> None:
    asked(registry, 40)
    follow(registry)
    follow(registry)
    asked(registry, 25, day=1.5, first=40)

    follow(registry, day=2)

    record = shadow(registry)
    assert record.tally.flags.records == 65
    assert sum(record.tally.cells.values()) == 65
    assert record.cursor.prediction_id == "p1.5-24"


def test_many_predictions_are_scored_in_batches_and_what_is_left_at_the_next_look(
    registry: MortalRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "BATCH", 7)
    monkeypatch.setattr(looking, "MOST_BATCHES", 3)
    asked(registry, 40)

    follow(registry)
    first = shadow(registry).tally.flags.records
    follow(registry)

    assert (first, shadow(registry).tally.flags.records) == (21, 40)


def test_a_student_who_is_asked_again_in_a_batch_counts_once(registry: MortalRegistry) -> None:
    asked(registry, 20)
    asked(registry, 20, day=0.6)

    follow(registry)

    tally = shadow(registry).tally
    assert (tally.flags.records, tally.repeated) == (20, 20)


def test_predictions_of_this_half_minute_are_left_to_the_next_look(
    registry: MortalRegistry,
) -> None:
    asked(registry, 20, day=1.0)

    follow(registry, day=1.0)

    assert shadow(registry).tally.flags.records == 0


@pytest.mark.parametrize("number", range(10, 28))
def test_a_look_that_died_anywhere_counts_every_prediction_once(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "BATCH", 7)
    registry = school()
    asked(registry, 20)

    registry.left = number
    with suppress(Died):
        follow(registry)
    registry.left = math.inf
    follow(registry)

    tally = shadow(registry).tally
    assert (tally.flags.records, sum(tally.cells.values())) == (20, 20)


def test_of_two_looks_at_once_one_counts(registry: MortalRegistry) -> None:
    asked(registry, 20)
    follow(registry)
    asked(registry, 20, day=1.5, first=20)
    behind = shadow(registry)
    follow(registry, day=2)

    with pytest.raises(Conflict, match="the shadow of v2 is no longer at"):
        registry.run(ShadowRepository().put(behind))

    assert shadow(registry).tally.flags.records == 40


def test_another_champion_begins_the_record_anew(registry: MortalRegistry) -> None:
    asked(registry, 20)
    follow(registry)
    bundles.register(registry, packed(0.2))
    bundles.promote(registry, "v3")
    asked(registry, 15, day=1.5, first=20)

    follow(registry, day=2)

    record = shadow(registry)
    assert (record.champion, record.tally.flags.records) == ("v3", 35)


def test_without_a_champion_or_a_challenger_nothing_is_tried(registry: MortalRegistry) -> None:
    bare = MortalRegistry("bare")
    bare.run(ensure_indexes())
    bundles.promote(registry, "v2")

    assert follow(bare) == "nobody serves beside whom a version could be tried"
    assert follow(registry) == "no challenger to try"


def test_a_challenger_that_cannot_be_trusted_is_a_fault_of_its_record_and_of_nothing_else(
    registry: MortalRegistry,
) -> None:
    bundles.register(registry, bundles.archive(1.0, key=b"somebody else's key"))
    registry.run(AliasRepository().point(CHALLENGER, "v3", expected_revision=1, now=BEGAN))
    asked(registry, 20)

    told = follow(registry)

    record = shadow(registry, "v3")
    assert "sign" in record.fault and record.fault in told
    assert record.tally.flags.records == 0


def test_a_record_that_the_challenger_cannot_score_is_counted_and_the_others_are_scored(
    registry: MortalRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(registry, 20)
    whole, offsets = Predictor.score_one, {0.4}

    def breaks(self: Predictor, record: Features) -> float:
        if getattr(self.bundle.scorer, "intercept", 0.0) in offsets and record["fase"] == 3.0:
            return math.nan
        return whole(self, record)

    def one_by_one(self: Predictor, records: Any) -> Any:
        raise ArithmeticError("only one by one")

    golden = Predictor.self_test
    monkeypatch.setattr(Predictor, "self_test", lambda self: None)
    monkeypatch.setattr(Predictor, "score_one", breaks)
    monkeypatch.setattr(Predictor, "score_many", one_by_one)
    follow(registry)
    monkeypatch.setattr(Predictor, "self_test", golden)

    tally = shadow(registry).tally
    assert tally.challenger_errors > 0
    assert tally.champion_errors == 0
    assert tally.challenger_errors + tally.flags.records == 20


def test_a_trial_that_is_over_promotes_with_what_it_showed_in_the_ledger(
    registry: MortalRegistry,
) -> None:
    stage(registry)
    asked(registry, 40)

    early, late = follow(registry, 1.9, SHADOW), follow(registry, 2.1, SHADOW)

    assert "waits: 1.9 of 2 days, 40 of 30 predictions scored in shadow" in early
    assert late.endswith("serves now")
    assert champion(registry) == "v2"
    assert ledger(registry) == ["shadow", "approved", "promoted"]
    made = registry.run(PromotionRepository().of_version("v2"))[0]
    assert (made.actor, made.action, made.by_hand) == ("shadow", "trial", False)
    assert made.reasons[1].startswith("tried on 40 predictions beside v1")
    assert made.evidence["shadow"]["records"] == 40


@pytest.mark.parametrize("number", STEPS)
def test_a_promotion_that_died_anywhere_is_made_once_by_the_next_look(number: int) -> None:
    registry = school()
    stage(registry)
    asked(registry, 40)

    registry.left = number
    with suppress(Died):
        follow(registry, 2.1, SHADOW)
    registry.left = math.inf
    follow(registry, 2.2, SHADOW)
    follow(registry, 2.3, SHADOW)

    assert champion(registry) == "v2"
    assert ledger(registry) == ["shadow", "approved", "promoted"]


def test_where_a_person_is_asked_too_the_trial_comes_first(registry: MortalRegistry) -> None:
    stage(registry)
    asked(registry, 40)
    with pytest.raises(Conflict, match="v2 is tried beside v1 first"):
        registry.run(approval.approve("v2", actor="ana", reason="now", days=14, now=day_of(1)))

    told = follow(registry, 2.1, ASKING)
    waits = registry.run(approval.waiting(14, now=day_of(2.2)))
    follow(registry, 2.2, ASKING)
    registry.run(approval.approve("v2", actor="ana", reason="seen", days=14, now=day_of(3)))

    assert told.endswith("waits for approval now")
    assert waits is not None and waits.evidence["shadow"]["records"] == 40
    assert any("tried on 40 predictions" in reason for reason in waits.reasons)
    assert ledger(registry) == ["shadow", "staged", "approved", "promoted"]
    assert champion(registry) == "v2"


def test_a_person_may_refuse_during_the_trial(registry: MortalRegistry) -> None:
    stage(registry)

    registry.run(approval.refuse("v2", actor="rui", reason="no", days=14, now=day_of(1)))
    asked(registry, 40)
    follow(registry, 2.1, SHADOW)

    assert ledger(registry) == ["shadow", "refused"]
    assert champion(registry) == "v1"


def test_a_champion_that_changes_meanwhile_makes_it_stale(registry: MortalRegistry) -> None:
    stage(registry)
    bundles.register(registry, packed(0.2))
    bundles.promote(registry, "v3")

    follow(registry, 1.0, SHADOW)

    assert ledger(registry) == ["shadow", "refused"]
    assert "it was compared with v1, and v3 serves now" in last(registry)[0]


def test_a_newer_challenger_takes_the_place_of_the_one_that_is_tried(
    registry: MortalRegistry,
) -> None:
    stage(registry)
    bundles.register(registry, packed(0.2))
    stage(registry, "v3", day=0.1)
    asked(registry, 40)

    follow(registry, 2.1, SHADOW)

    assert ledger(registry) == ["shadow", "refused"]
    assert last(registry) == ("v3 was staged in its place",)
    assert champion(registry) == "v3"


def test_a_kept_challenger_of_a_later_run_does_not_disturb_the_trial(
    registry: MortalRegistry,
) -> None:
    stage(registry)
    bundles.register(registry, packed(0.2))
    registry.run(AliasRepository().point(CHALLENGER, "v3", expected_revision=1, now=BEGAN))
    asked(registry, 40)

    follow(registry, 2.1, SHADOW)

    assert champion(registry) == "v2"


def test_a_bundle_that_cannot_be_trusted_is_refused_and_the_champion_serves_on(
    registry: MortalRegistry,
) -> None:
    bundles.register(registry, bundles.archive(1.0, key=b"somebody else's key"))
    stage(registry, "v3")

    follow(registry, 0.1, SHADOW)

    assert ledger(registry, "v3") == ["shadow", "refused"]
    assert last(registry, "v3")[0].startswith("it cannot be tried: ")
    assert champion(registry) == "v1"


def test_a_canary_is_begun_counted_and_ended_with_the_promotion(registry: MortalRegistry) -> None:
    stage(registry)

    follow(registry, 1.0, CANARY)
    begun = registry.run(CanaryRepository().current())
    asked(registry, 30, day=1.5)
    asked(registry, 9, day=1.6, version="v2", first=30)
    waits = follow(registry, 2.0, CANARY)
    asked(registry, 1, day=2.5, version="v2", first=60)
    follow(registry, 3.0, CANARY)

    assert begun is not None and (begun.version, begun.champion, begun.share) == ("v2", "v1", 0.2)
    assert "9 of 10 predictions answered as a canary" in waits
    assert champion(registry) == "v2"
    done = registry.run(CanaryRepository().get("v2"))
    assert (done.state, done.reason) == (CanaryState.ENDED, "serves now")


def test_a_canary_that_the_guard_stopped_is_the_end_of_the_trial(registry: MortalRegistry) -> None:
    stage(registry)
    follow(registry, 1.0, CANARY)
    on = registry.run(CanaryRepository().get("v2"))
    registry.run(CanaryRepository().finish(
        replace(on, state=CanaryState.STOPPED, actor="guard", reason="it flags everybody")
    ))  # fmt: skip

    follow(registry, 2.0, CANARY)

    assert ledger(registry) == ["shadow", "refused"]
    assert last(registry)[0] == "its canary was stopped: it flags everybody"


@pytest.mark.parametrize("number", STEPS)
def test_a_trial_that_died_anywhere_leaves_no_canary_behind(number: int) -> None:
    registry = school()
    stage(registry)
    follow(registry, 1.0, CANARY)
    asked(registry, 12, day=1.5, version="v2")

    registry.left = number
    with suppress(Died):
        follow(registry, 2.0, CANARY)
    registry.left = math.inf
    follow(registry, 2.1, CANARY)
    follow(registry, 2.2, CANARY)

    assert champion(registry) == "v2"
    assert registry.run(CanaryRepository().current()) is None


def test_a_canary_by_hand_is_nobodys_trial_and_ends_with_its_champion(
    registry: MortalRegistry,
) -> None:
    by_hand = Canary("v2", "v1", 0.1, CanaryState.ON, BEGAN, BEGAN, "ana", "a look")
    registry.run(CanaryRepository().begin(by_hand))

    follow(registry)
    still = registry.run(CanaryRepository().current())
    bundles.register(registry, packed(0.2))
    bundles.promote(registry, "v3")
    follow(registry, 2.0)

    assert still is not None
    assert registry.run(CanaryRepository().get("v2")).reason == "v3 serves now"


def test_the_oldest_records_are_removed(registry: MortalRegistry) -> None:
    for number in range(10, 10 + MOST_SHADOWS + 3):
        moment = day_of(number)
        old = ShadowRecord(f"v{number}", "v1", moment, moment, LogCursor(moment))
        registry.run(ShadowRepository().put(old))

    removed = registry.run(ShadowRepository().prune())

    assert removed == 3
    assert registry.run(ShadowRepository().find("v12")) is None
    assert registry.run(ShadowRepository().find("v13")) is not None


def test_a_trial_on_the_embedded_server_ends_as_it_does_elsewhere(on_disk: SyncRegistry) -> None:
    prepare(on_disk)
    stage(on_disk)
    asked(on_disk, 40)

    first, second = follow(on_disk, 1.0, SHADOW), follow(on_disk, 2.1, SHADOW)

    assert "waits: 1.0 of 2 days, 40 of 30 predictions" in first
    assert second.endswith("serves now")
    assert champion(on_disk) == "v2"
    assert ledger(on_disk) == ["shadow", "approved", "promoted"]


@pytest.mark.slow
def test_a_run_that_would_promote_tries_its_version_first_and_what_follows_serves(
    on_disk: SyncRegistry, tmp_path: Path
) -> None:
    """The real pipeline, on the embedded server: run, shadow, promotion."""
    registry, home = on_disk, tmp_path / "home"
    asks = task().model_copy(
        update={
            "promotion": task().promotion.model_copy(
                update={"shadow": ShadowPolicy(days=1, predictions=20, max_flagged_shift=0.5)}
            )
        }
    )
    teach(registry, "2022", READING)
    run(registry, home, spec=asks)
    teach(registry, "2023", SUMS, n=600)

    result = run(registry, home, run_id="run-2", spec=asks)
    tried = registry.run(RunRepository().get("run-2"))
    now = START + timedelta(days=402)
    registry.run(PredictionRepository().add_many([
        prediction(f"q{i}", f"S{i}", "2024", now - timedelta(hours=2, seconds=-i),
                   {"reading": i % 10 + 0.5, "sums": (i * 7) % 10 + 0.5, "late": float(i % 3 - 1)})
        for i in range(60)
    ]))  # fmt: skip
    told = follow_trials(registry, asks, SCHOOL_KEY, now)

    assert (result.status, result.champion, result.challenger) == ("shadow", "v1", "v2")
    assert headline(result).startswith("Shadow: v2 is tried beside v1, which serves meanwhile")
    assert (tried.status, tried.steps[-1].detail) == (
        RunStatus.SHADOW, "v2 is tried beside the champion first; v1 serves",
    )  # fmt: skip
    assert told == "v2 beside v1: 60 predictions scored; serves now"
    assert champion(registry) == "v2"
    made = registry.run(PromotionRepository().of_version("v2"))[0]
    assert made.promise is not None
    assert any("of those at risk" in reason for reason in made.reasons)
