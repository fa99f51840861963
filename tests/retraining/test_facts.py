"""What the triggers are decided on, as the registry holds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from database.aliases import CHAMPION, AliasRepository
from database.decisions.realised import RealisedGainRepository
from database.driver.client import SyncRegistry
from database.driver.commands import InsertMany
from database.mapping.documents import to_document
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from database.watch.alarms import AlarmRepository
from model.decisions.realised import RealisedGain
from model.promotion import Promise
from model.run import Run, RunStatus
from model.version import resign
from model.watch.alarm import AlarmLevel, FeatureAlarm, WatchState
from retraining.worker.facts import gather_seen
from retraining.worker.runs import retrain_if_called_for
from tests.database.builders import model_version, promotion
from tests.retraining.school import KEY, READING, START, teach
from tests.retraining.working import Clock, Recorder, at_work

DAY = timedelta(days=1)


def champion(registry: SyncRegistry) -> None:
    """v1 serves; it has seen what arrived by the start, and its gain was promised."""
    version = model_version(bundle="e" * 64, task="school")
    read = replace(version, window=replace(version.window, arrived_until=START))
    registry.run(ModelVersionRepository().add(resign(read, "school", KEY)))
    promise = Promise(0.036, 0.003, 0.078, "2021", "measured")
    made = replace(promotion("run-1", "v1", "v0"), promise=promise)
    registry.run(PromotionRepository().promote(promotion("run-0", "v0"), expected_revision=0))
    registry.run(PromotionRepository().promote(made, expected_revision=1))


def alarm(registry: SyncRegistry, version: str) -> None:
    """Sums is in alarm, reading is suspected."""
    features = (
        FeatureAlarm("sums", AlarmLevel.ALARMED, 3, START),
        FeatureAlarm("reading", AlarmLevel.SUSPECTED, 1, START),
    )
    state = WatchState(version, START, "d1", "2023", "digest", features)
    document = to_document(state, key="model_version")
    registry.execute(InsertMany(AlarmRepository.collection, [document]))


def test_what_calls_for_a_run_is_read_and_the_pipeline_is_told_which_it_was(
    registry: SyncRegistry, home: Path
) -> None:
    champion(registry)
    teach(registry, "2022", READING, n=120)  # Outcomes come 301 days after the start.
    alarm(registry, "v1")
    clock, subprocesses = Clock(START + 302 * DAY), Recorder()

    seen = registry.run(gather_seen(KEY))
    told = retrain_if_called_for(at_work(registry, subprocesses, clock))

    assert (seen.champion, seen.drifted) == ("v1", ("sums",))
    assert (seen.unlearned, seen.new_labels) == (120, 120)
    assert told == "a run ended"
    assert subprocesses.asked[0][2] == "drift"
    assert "drift in sums, and 120 new labelled records" in subprocesses.asked[0][4]


def test_labels_that_the_last_run_saw_are_not_new(registry: SyncRegistry) -> None:
    champion(registry)
    teach(registry, "2022", READING, n=20)
    later = START + 302 * DAY
    registry.run(RunRepository().start(Run("run-2", RunStatus.KEPT, "schedule", later)))

    seen = registry.run(gather_seen(KEY))

    assert (seen.unlearned, seen.new_labels) == (20, 0)


def test_a_promise_that_was_not_kept_is_told_in_both_languages(registry: SyncRegistry) -> None:
    champion(registry)
    came = RealisedGain("run-1", START, "2022", "v1", "v0", 300, 90, 90, -0.02, -0.06, 0.0, "d")
    registry.run(RealisedGainRepository().put(came))

    ((en, pt),) = registry.run(gather_seen(KEY)).fallen_short

    assert (
        en == "promised +3.6 points of recall (+0.3 to +7.8), came -2.0 points of recall "
        "(-6.0 to +0.0) in 2022"
    )
    assert pt == "prometeu +3,6 pontos de sensibilidade, veio -2,0 em 2022"


def test_an_alarm_about_a_former_champion_confirms_nothing(registry: SyncRegistry) -> None:
    champion(registry)
    alarm(registry, "v0")

    assert registry.run(AliasRepository().get(CHAMPION)).version == "v1"
    assert registry.run(gather_seen(KEY)).drifted == ()
