"""Whom a canary answers, when it is stopped, and that the champion never suffers from it."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from api.canary.arm import CanaryArm
from api.canary.chosen import WHOLE, is_chosen, number_of
from api.canary.follower import AskedCanary, CanaryFollower, CanaryMove, next_move
from api.canary.guard import (
    ERROR,
    ArmCounts,
    CanaryCounts,
    GuardLimits,
    error_of_look,
    objection,
    student_quantile,
)
from api.canary.holder import CanaryHolder
from api.canary.tallies import CanaryTallies
from api.champion import Champion, ChampionHolder
from api.records.asked import Asked
from api.security import LOCAL
from database.driver.commands import Op
from database.watch.canaries import CanaryRepository
from model.errors import RegistryUnavailable
from model.live.folder import CHALLENGER_POINTER, LiveModel
from model.live.pointer import LivePointer, Quarantine
from model.watch.canary import Canary, CanaryState
from preprocessing.predictor import Predictor
from preprocessing.task.spec import load_task
from tests.api import bundles
from tests.api.bundles import KEY, NOW
from tests.database.drivers import MongomockRegistry
from tests.studies.canary_guard import stopped

T = TypeVar("T")
PEDE = load_task("pede_lag")
RECORD = {"inde": 7.5, "ida": 3.0, "fase": 3.0}


def student(name: str | None, **features: float) -> Asked:
    return Asked(name, "2024", RECORD | features)


# Whom it answers


def test_a_share_of_the_students_is_chosen_evenly() -> None:
    numbers = [number_of("v7", student(f"RA-{i}")) for i in range(20_000)]

    tenths = Counter(number * 10 // WHOLE for number in numbers)

    assert sum(is_chosen(n, 0.1) for n in numbers) == pytest.approx(2_000, abs=170)
    # Chi-square with nine degrees of freedom; 27.9 is its 99.9 % point.
    assert sum((n - 2_000) ** 2 / 2_000 for n in tenths.values()) < 27.9


def test_a_student_is_chosen_by_id_and_version_and_by_nothing_else() -> None:
    same = {number_of("v7", student("RA-1", ida=x)) for x in (1.0, 2.0)}
    others = [number_of(v, student("RA-1")) for v in ("v7", "v8")]

    assert len(same) == 1
    assert others[0] != others[1]


def test_a_larger_share_answers_whom_the_smaller_one_answered() -> None:
    numbers = [number_of("v7", student(f"RA-{i}")) for i in range(2_000)]

    small, large = ({n for n in numbers if is_chosen(n, share)} for share in (0.1, 0.3))

    assert small < large


def test_each_version_has_students_of_its_own() -> None:
    chosen = [
        {i for i in range(5_000) if is_chosen(number_of(v, student(f"RA-{i}")), 0.1)}
        for v in ("v7", "v8")
    ]

    assert len(chosen[0] & chosen[1]) == pytest.approx(50, abs=30)


def test_a_record_of_no_student_goes_by_what_it_says_in_whatever_order() -> None:
    one = Asked(None, "2024", {"ida": 3.0, "inde": 7.5})
    turned = Asked(None, "2024", {"inde": 7.5, "ida": 3.0})

    assert number_of("v7", one) == number_of("v7", turned)
    assert number_of("v7", one) != number_of("v7", Asked(None, "2024", {"ida": 3.1, "inde": 7.5}))


# When it is stopped


def counts(
    ours: float, theirs: float, *, records: int = 3_200, slower: float = 0.0
) -> CanaryCounts:
    """Each group of students alike but for one, with these shares flagged."""

    def arm(share: float, seconds: float) -> ArmCounts:
        each = records // 32
        flagged = [round(each * share) + (i % 3 - 1) for i in range(32)]
        return ArmCounts([each] * 32, flagged, records * seconds, records * seconds**2 * 1.5)

    return CanaryCounts(arm(theirs, 0.0001), arm(ours, 0.0001 + slower))


def test_the_looks_share_one_error() -> None:
    assert sum(error_of_look(number) for number in range(1, 10_000)) == pytest.approx(ERROR, 1e-3)


def test_what_differs_by_no_more_than_is_allowed_goes_on() -> None:
    assert objection(counts(0.39, 0.30), GuardLimits(), 1) == ""


def test_a_share_flagged_that_differs_beyond_chance_is_an_objection_either_way() -> None:
    more, fewer = (objection(counts(ours, 0.3), GuardLimits(), 1) for ours in (0.5, 0.1))

    assert more.startswith("it flags 50.0% of the 3200 records it answered, the champion 30.0%")
    assert fewer.startswith("it flags 10.0%")


def test_a_challenger_that_takes_much_longer_is_an_objection() -> None:
    slow = objection(counts(0.3, 0.3, slower=0.02), GuardLimits(), 1)

    assert slow.startswith("it takes 20.10 ms a record, the champion 0.10 ms")
    assert objection(counts(0.3, 0.3, slower=0.004), GuardLimits(), 1) == ""


def test_one_student_who_is_asked_a_thousand_times_is_one_student() -> None:
    spread = counts(0.3, 0.3)
    spread.challenger.asked[0] += 2_000
    spread.challenger.flagged[0] += 2_000

    assert objection(spread, GuardLimits(), 1) == ""


def test_of_too_few_groups_of_students_no_share_is_judged() -> None:
    few = CanaryCounts(ArmCounts([50] * 9 + [0] * 23, [0] * 32), counts(0.3, 0.3).challenger)

    assert objection(few, GuardLimits(), 1) == ""


@pytest.mark.parametrize(("probability", "degrees", "table"), [
    (0.95, 9, 1.833), (0.99, 9, 2.821), (0.999, 12, 3.930), (0.9999, 31, 4.214),
])  # fmt: skip
def test_the_quantile_is_near_that_of_the_tables(
    probability: float, degrees: int, table: float
) -> None:
    assert student_quantile(probability, degrees) == pytest.approx(table, rel=0.02)


def test_quiet_canaries_go_on_and_loud_ones_are_stopped() -> None:
    """A small form of `tests.studies.canary_guard`; its larger one has the figures."""
    edge = stopped(2_000, 0.1, 0.1, trials=60)
    loud = stopped(2_000, 0.1, 0.45, trials=25)

    assert edge.guard <= 0.05
    assert loud.guard >= 0.9


# On one worker


def loaded(folder: Path, version: str, offset: float, *, share: float = 0.5) -> Champion:
    """A version as a worker holds it."""
    live = LiveModel(folder, CHALLENGER_POINTER)
    packed = bundles.archive(offset)
    pointer = live.publish(
        packed.statement(version), packed.signature(version), packed.data, 1, share=share,
        against="v1",
    )  # fmt: skip
    return ChampionHolder(live, PEDE, KEY).load(pointer)


def ask(arm: CanaryArm, champion: Champion, who: Asked) -> tuple[str, str]:
    """Who answered, and what the prediction says of that."""
    said, prediction = arm.score(
        champion, who, features=PEDE.feature_names, now=NOW, client=LOCAL, request_id="r1"
    )
    return said.version, prediction.model_version


def test_an_arm_answers_its_students_and_the_champion_the_others(tmp_path: Path) -> None:
    champion = loaded(tmp_path / "a", "v1", 0.0)
    arm = CanaryArm(loaded(tmp_path / "b", "v2", 0.4, share=0.25), CanaryCounts())
    students = [student(f"S{i}") for i in range(400)]

    said = [ask(arm, champion, one) for one in students]

    for one, (version, named) in zip(students, said, strict=True):
        assert version == named == ("v2" if is_chosen(number_of("v2", one), 0.25) else "v1")
    assert arm.counts.challenger.records == sum(version == "v2" for version, _ in said)
    assert arm.counts.champion.records == sum(version == "v1" for version, _ in said)


def test_while_another_champion_serves_it_answers_nobody(tmp_path: Path) -> None:
    other = loaded(tmp_path / "a", "v3", 0.2)
    arm = CanaryArm(loaded(tmp_path / "b", "v2", 0.4), CanaryCounts())

    assert {ask(arm, other, student(f"S{i}")) for i in range(50)} == {("v3", "v3")}
    assert arm.counts == CanaryCounts()


def test_a_record_that_it_cannot_score_is_the_champions_and_so_is_everything_after(
    tmp_path: Path,
) -> None:
    champion = loaded(tmp_path / "a", "v1", 0.0)
    for broken in (_raises, _no_number):
        challenger = loaded(tmp_path / "b", "v2", 0.4)
        arm = CanaryArm(broken(challenger), CanaryCounts())

        said = {ask(arm, champion, student(f"S{i}")) for i in range(50)}

        assert said == {("v1", "v1")}
        assert arm.failed


def _raises(challenger: Champion) -> Champion:
    broken: Any = _Broken(ArithmeticError("the record's own words"))
    return replace(challenger, predictor=broken)


def _no_number(challenger: Champion) -> Champion:
    odd: Any = _Odd()
    bundle = replace(challenger.predictor.bundle, calibration=odd)
    return replace(challenger, predictor=Predictor(bundle))


class _Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def assess_one(self, record: Any) -> Any:
        raise self._error


class _Odd:
    def score_one(self, margin: float) -> float:
        return math.nan


def test_a_score_that_it_cannot_explain_is_the_champions_where_it_is_to_be_explained(
    tmp_path: Path,
) -> None:
    champion = loaded(tmp_path / "a", "v1", 0.0)
    challenger = loaded(tmp_path / "b", "v2", 0.4)
    mute: Any = _Mute(challenger.predictor)
    arm = CanaryArm(replace(challenger, predictor=mute), CanaryCounts())
    theirs = next(
        s for i in range(50) if is_chosen(number_of("v2", s := student(f"S{i}")), 0.5)
    )  # fmt: skip

    before = ask(arm, champion, theirs)
    said, _ = arm.score(
        champion,
        theirs,
        features=PEDE.feature_names,
        now=NOW,
        client=LOCAL,
        request_id="r1",
        explain=True,
    )

    assert before == ("v2", "v2")
    assert said is champion
    assert arm.failed == "a score that it could not explain (ArithmeticError)"


class _Mute:
    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._predictor, name)

    def explain(self, record: Any) -> Any:
        raise ArithmeticError("the record's own words")


# On one host


class Host:
    """The leading worker of a host with a registry, which may be away."""

    def __init__(self, home: Path, registry: MongomockRegistry) -> None:
        self.registry = registry
        self.away = False
        self.champion = LiveModel(home)
        self.live = LiveModel(home, CHALLENGER_POINTER)
        self.holder = ChampionHolder(self.champion, PEDE, KEY)
        self.tallies = CanaryTallies(home / "canary", 0)
        self.canary = CanaryHolder(self.live, self.holder.load, self.tallies)
        self.follower = CanaryFollower(
            self.live, self, self.holder.check, KEY, self.tallies, GuardLimits(),
            leads=lambda: True, now=lambda: NOW,
        )  # fmt: skip
        packed = bundles.archive()
        self.champion.publish(packed.statement("v1"), packed.signature("v1"), packed.data, 1)

    async def run(self, op: Op[T]) -> T:
        if self.away:
            raise RegistryUnavailable("away")
        return self.registry.run(op)

    async def ping(self) -> None: ...

    def turn(self) -> str | None:
        """One turn of everything; who answers a share then."""
        asyncio.run(self.turns())
        return self.canary.arm.challenger.version if self.canary.arm else None

    async def turns(self) -> None:
        await self.holder.refresh()
        await self.canary.refresh()
        self.follower.guard()
        if not self.away:
            await self.follower.poll()
        await self.canary.refresh()

    def begin(self, version: str = "v2", *, champion: str = "v1") -> Canary:
        asked = Canary(version, champion, 0.5, CanaryState.ON, NOW, NOW, "ana", "a look")
        return self.registry.run(CanaryRepository().begin(asked))

    def state(self, version: str = "v2") -> Canary:
        return self.registry.run(CanaryRepository().get(version))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    registry = MongomockRegistry("farol")
    for packed in (
        bundles.archive(), bundles.archive(0.4), bundles.archive(1.0, key=b"somebody else's key"),
    ):  # fmt: skip
        bundles.register(registry, packed)
    bundles.promote(registry, "v1")
    return Host(tmp_path, registry)


def test_a_canary_comes_to_the_host_by_the_verified_way_and_goes_when_it_is_ended(
    host: Host,
) -> None:
    assert host.turn() is None
    host.begin()

    assert host.turn() == "v2"
    pointer = host.live.current()
    assert pointer is not None
    assert (pointer.version, pointer.share, pointer.against) == ("v2", 0.5, "v1")
    host.registry.run(CanaryRepository().end(actor="ana", reason="enough", now=NOW))
    assert host.turn() is None
    assert host.live.current() is None
    assert host.holder.current is not None and host.holder.current.version == "v1"


def test_a_bad_challenger_is_quarantined_alone_and_told_to_the_registry(host: Host) -> None:
    host.begin("v3")

    answers = [host.turn() for _ in range(3)]

    assert answers == [None, None, None]
    refused = host.live.quarantined()
    assert refused is not None and refused.version == "v3"
    assert host.champion.quarantined() is None
    assert host.holder.fault is None
    assert host.state("v3").state is CanaryState.STOPPED
    assert "sign" in host.state("v3").reason


def test_a_bundle_that_went_bad_on_disk_stops_the_canary_and_not_the_champion(host: Host) -> None:
    host.begin()
    asyncio.run(host.follower.poll())
    (host.live.folder("v2") / "thresholds.json").write_bytes(b"{}")

    answers = [host.turn() for _ in range(3)]

    assert answers == [None, None, None]
    assert host.state().state is CanaryState.STOPPED
    assert host.holder.current is not None and host.holder.fault is None


def test_a_failure_stops_it_on_the_host_at_once_and_in_the_registry_when_that_answers(
    host: Host,
) -> None:
    host.begin()
    host.turn()
    assert host.canary.arm is not None
    host.away = True
    host.canary.arm.failed = "a score that is no number"

    assert host.turn() is None
    assert host.live.current() is None
    host.away = False
    assert host.turn() is None
    assert (host.state().state, host.state().reason) == (
        CanaryState.STOPPED, "a score that is no number",
    )  # fmt: skip
    host.begin()
    assert host.turn() == "v2"  # Somebody begins it again, at a revision of its own.


def test_the_guard_reads_what_all_workers_counted_and_looks_once_a_doubling(host: Host) -> None:
    host.begin()
    host.turn()
    pointer = host.live.current()
    assert pointer is not None
    loud, quiet = counts(0.9, 0.3, records=64), counts(0.3, 0.3, records=64)
    for slot in (1, 2):
        CanaryTallies(host.tallies._folder, slot).tell(pointer, quiet)
    host.follower.guard()
    looked = host.tallies.looks(pointer)

    CanaryTallies(host.tallies._folder, 3).tell(pointer, loud)
    host.follower.guard()
    same = host.live.current()
    for slot in (4, 5, 6):
        CanaryTallies(host.tallies._folder, slot).tell(pointer, counts(0.9, 0.3, records=640))
    host.follower.guard()

    assert looked == 1
    assert same is not None
    assert host.live.current() is None
    host.turn()
    assert host.state().reason.startswith("it flags ")


def test_a_worker_that_starts_again_goes_on_with_what_its_place_had_counted(host: Host) -> None:
    host.begin()
    host.turn()
    champion = host.holder.current
    assert host.canary.arm is not None and champion is not None
    for i in range(40):
        ask(host.canary.arm, champion, student(f"S{i}"))
    asyncio.run(host.canary.refresh())

    again = CanaryHolder(host.live, host.holder.load, host.tallies)
    asyncio.run(again.refresh())

    assert again.arm is not None
    assert again.arm.counts == host.canary.arm.counts
    assert again.arm.counts.challenger.records + again.arm.counts.champion.records == 40


def test_while_its_answers_cannot_be_counted_it_answers_nobody_and_can_be_ended(host: Host) -> None:
    host.begin()
    host.turn()
    champion, arm = host.holder.current, host.canary.arm
    assert champion is not None and arm is not None
    (host.tallies._folder).write_bytes(b"in the way")
    students = [student(f"S{i}") for i in range(40)]
    for one in students:
        ask(arm, champion, one)

    with pytest.raises(OSError):
        asyncio.run(host.canary.refresh())
    meanwhile = {ask(arm, champion, one) for one in students}
    host.tallies._folder.unlink()
    asyncio.run(host.canary.refresh())
    again = {ask(arm, champion, one) for one in students}
    host.tallies._folder.rename(host.tallies._folder.with_name("away"))
    host.tallies._folder.write_bytes(b"in the way")
    host.live.withdraw()
    asyncio.run(host.canary.refresh())

    assert meanwhile == {("v1", "v1")}
    assert again == {("v1", "v1"), ("v2", "v2")}
    assert host.canary.arm is None


def test_a_look_that_cannot_be_noted_still_stops_what_it_objects_to(host: Host) -> None:
    host.begin()
    host.turn()
    pointer = host.live.current()
    assert pointer is not None
    host.tallies.tell(pointer, counts(0.9, 0.3))
    (host.tallies._folder / ".looks.new").mkdir()

    host.follower.guard()

    assert host.live.current() is None


def test_what_was_counted_of_another_canary_does_not_count(host: Host) -> None:
    host.begin()
    host.turn()
    pointer = host.live.current()
    assert pointer is not None

    host.tallies.tell(pointer, counts(0.3, 0.3))
    other = replace(pointer, revision=pointer.revision + 1)

    assert host.tallies.of_host(pointer).challenger.records == 3_200
    assert host.tallies.of_host(other) == CanaryCounts()
    assert host.tallies.looks(other) == 0


def test_a_new_champion_ends_it(host: Host) -> None:
    host.begin()
    host.turn()
    bundles.promote(host.registry, "v2")

    host.turn()
    assert host.turn() is None
    assert host.state().reason == "v2 serves now"


def test_the_challengers_folder_is_kept_while_champions_come_and_go(tmp_path: Path) -> None:
    loaded(tmp_path, "v2", 0.4)
    champions = LiveModel(tmp_path)
    packed = bundles.archive()

    for number in range(3, 12):
        champions.publish(
            packed.statement(f"v{number}"), packed.signature(f"v{number}"), packed.data, number
        )

    assert LiveModel(tmp_path, CHALLENGER_POINTER).folder("v2").is_dir()


@pytest.mark.parametrize(
    ("canary", "champion", "live", "refused", "move"),
    [
        (None, "v1", None, None, CanaryMove.NOTHING),
        (None, "v1", ("v2", 1), None, CanaryMove.WITHDRAW),
        ("v1", "v1", None, None, CanaryMove.PUBLISH),
        ("v1", "v1", ("v2", 1), None, CanaryMove.PUBLISH),
        ("v1", "v1", ("v2", 4), None, CanaryMove.NOTHING),
        ("v1", "v1", ("v2", 4), ("v2", 4), CanaryMove.STOP),
        ("v1", "v1", None, ("v2", 3), CanaryMove.PUBLISH),
        ("v1", "v3", ("v2", 4), None, CanaryMove.END),
        ("v1", None, None, None, CanaryMove.END),
    ],
)
def test_what_a_host_does_next(
    canary: str | None,
    champion: str | None,
    live: tuple[str, int] | None,
    refused: tuple[str, int] | None,
    move: CanaryMove,
) -> None:
    """Of a canary of v2 at revision 4 beside v1."""
    asked = None
    if canary is not None:
        asked = Canary("v2", canary, 0.1, CanaryState.ON, NOW, NOW, "ana", "a look", 4)
    pointer = None if live is None else LivePointer(live[0], "", "", "", live[1])
    no = None if refused is None else Quarantine(*refused, "broken")

    assert next_move(AskedCanary(asked, champion), pointer, no) is move
