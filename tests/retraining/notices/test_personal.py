"""A registry full of ids and names, and not one of them in anything that leaves it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from database.decisions import approval
from database.decisions.realised import RealisedGainRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Find
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.watch.notices import NoticeRepository
from model.access import ApiKey
from model.decisions.realised import RealisedGain
from model.promotion import DecisionStatus, Promise, Promotion
from model.run import Lease, Run, RunStatus, RunStep
from model.watch.alarm import AlarmLevel, FeatureAlarm, WatchState
from model.watch.job import JobState
from model.watch.performance import Degradation, Measure
from retraining.notices.gathering import gather
from retraining.notices.kinds.examples import QUIET
from retraining.notices.message import letterhead, message_of
from retraining.notices.reconcile import found_in, reconcile
from retraining.notices.scene import Scene, Serving, ServingFault, Waiting
from retraining.notices.table import NOTICES
from retraining.notices.telling import Surroundings, tell
from tests.retraining.notices.builders import NOW, Recorded
from tests.retraining.school import READING, task, teach

STUDENTS = tuple(f"S{n}" for n in range(300))
PEOPLE = ("Maria Silva", "João", "Escola Azul", "host-of-maria")
SPOKEN = f"{PEOPLE[0]} says that S17 and S203 of {PEOPLE[2]} are wrong ({PEOPLE[1]})"
"""What a person, or an error, may have said."""

BEFORE = NOW - timedelta(hours=1)
PROMISE = Promise(0.05, 0.01, 0.09, "2025", "expected")
PROMOTED = Promotion(
    "run-1", BEFORE, PEOPLE[0], "train", DecisionStatus.PROMOTED, "v1", None, (SPOKEN,),
    evidence={"students": list(STUDENTS)},
)  # fmt: skip
CAME = RealisedGain("p", BEFORE, "2026", "v2", "v1", 300, 90, 90, 0.019, -0.01, 0.05, "S17")
KEY = ApiKey("0123456789ab", PEOPLE[0], "S17", frozenset(), BEFORE)
EVERYTHING = Scene(
    NOW,
    "school",
    promotions=tuple(
        replace(PROMOTED, promotion_id=f"p{n}", action=action, champion=champion, promise=promise)
        for n, (action, champion, promise) in enumerate(
            [
                ("train", None, None),
                ("train", "v0", PROMISE),
                ("train", "v0", replace(PROMISE, metric="mae")),
                ("recalibration", "v0", None),
                ("approve", "v0", None),
                ("promote", "v0", None),
                ("rollback", "v2", None),
            ]
        )
    ),
    came=(
        (replace(PROMOTED, promotion_id="a", promise=PROMISE), CAME),
        (replace(PROMOTED, promotion_id="b", promise=PROMISE), replace(CAME, gain=-0.2)),
        (replace(PROMOTED, promotion_id="c", promise=PROMISE), replace(CAME, positives=7)),
    ),
    waiting=Waiting(replace(PROMOTED, status=DecisionStatus.STAGED), NOW),
    runs=(
        Run(
            "run-2", RunStatus.FAILED, PEOPLE[0], BEFORE, BEFORE, NOW, error=SPOKEN,
            steps=(RunStep("window", BEFORE, SPOKEN),), reasons=(SPOKEN,),
        ),
    ),
    watch=WatchState(
        "v1", NOW, "S17", "2026", "S17",
        (FeatureAlarm("reading", AlarmLevel.ALARMED, 3, BEFORE, reason=SPOKEN),),
    ),
    degradations=(
        Degradation(Measure.RECALL, 0.7, 0.3, 0.5, 0.4, 200, BEFORE, 0.01),
        Degradation(Measure.AUC, 0.7, 0.3, 0.5, 0.4, 7, BEFORE, 0.01),
    ),
    jobs=tuple(
        JobState(f"{job}@{PEOPLE[3]}", PEOPLE[3], detail=SPOKEN, failures=5, finished_at=NOW)
        for job in ("drift", "trail")
    ),
    leases=(
        Lease("worker:school", PEOPLE[3], 1, NOW + timedelta(seconds=30)),
        Lease("worker:other", PEOPLE[3], 1, BEFORE, SPOKEN),
    ),
    ending_keys=(replace(KEY, expires_at=NOW),),
    unused_keys=(KEY,),
    serving=Serving(ServingFault.REFUSED, "v1"),
    columns={"reading": {"pt": "Leitura", "en": "Reading"}},
)  # fmt: skip


def named(text: str) -> list[str]:
    """The people whom a text names: an id counts as a word of its own."""
    words = {word.strip(".,;:()[]'\"") for word in text.split()}
    return [*sorted(words & {*STUDENTS}), *(name for name in PEOPLE if name in text)]


def test_the_look_holds_every_kind_and_its_texts_are_full_of_names() -> None:
    assert {rule.name for rule, _ in found_in(EVERYTHING)} == {rule.name for rule in NOTICES}
    assert len(named(SPOKEN)) == 5


def test_no_notice_and_no_message_names_anybody() -> None:
    changes = reconcile(found_in(EVERYTHING), [], now=NOW, first=False, addressed=True)

    for language in ("pt", "en"):
        head = replace(letterhead(task(), None), language=language)
        whole = message_of(changes.fresh, head)
        single = [message_of([one], head) for one in changes.fresh]
        for message in (whole, *single):
            assert named(message.title + " " + message.body) == []


def test_figures_of_fewer_than_ten_are_withheld() -> None:
    facts = [fact for _, fact in found_in(EVERYTHING) if fact.case == "few"]
    told = [rule.told(fact) for rule, fact in found_in(EVERYTHING) if fact.case == "few"]

    assert len(facts) == 2
    for text in (one["en"].replace("v2", "").replace("v1", "").replace("2026", "") for one in told):
        assert not any(character.isdigit() for character in text), text


def test_what_is_read_of_a_real_registry_and_told_names_nobody(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    for ours in ("retraining", "database", "model", "apprise"):
        caplog.set_level(logging.DEBUG, ours)
    teach(registry, "2022", READING, now=NOW - timedelta(days=320))
    registry.run(PromotionRepository().promote(PROMOTED, expected_revision=0))
    staged = replace(
        PROMOTED, promotion_id="run-3", status=DecisionStatus.STAGED, challenger="v2", champion="v1"
    )
    registry.run(approval.stage(staged))
    registry.run(RealisedGainRepository().put(replace(CAME, promotion_id="run-1")))
    (ran,) = EVERYTHING.runs
    registry.run(RunRepository().start(ran))
    outlet = Recorded("")

    told = tell(registry, registry, task(), Surroundings(outlet, "a"), now=NOW)
    scene = gather(registry, registry, task(), now=NOW)

    ((_, message),) = outlet.sent
    kinds = {one.kind for one in registry.run(NoticeRepository().newest(0))}
    assert kinds == {"promotion", "waiting_approval", "run_failed"}
    assert scene.runs[0].error == SPOKEN, "the names are there to be found"
    kept = " ".join(map(str, registry.execute(Find("notices", {}))))
    for text in (message.title, message.body, kept, str(told), caplog.text):
        assert named(text) == []


def test_nothing_to_tell_tells_nothing() -> None:
    assert found_in(QUIET) == []
