"""Histories of a registry: what happened, and the order in which it was told.

Each event carries the moment it happened at. The *plain* telling tells them in that order, one
after the other. Any other telling shuffles them, tells some twice, tells several at once, command
by command, and kills some of them between two commands. One that had not yet kept its facts is told
again later, as its sender would; one that had is left to the repair pass.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from database.driver.client import SyncRegistry
from database.driver.commands import Command, Find, Op
from database.labelling.linking import join_orphans, rejoin
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.predictions import PredictionRepository
from database.repair import repair
from database.students import StudentRepository
from model.errors import FarolError
from model.label import Label, Outcome
from tests.database.builders import at, observation, prediction
from tests.database.drivers import Run

# One student and period more often than the others, so that tellings get in each other's way.
STUDENTS = ("a", "b", "a", "a")
PERIODS = ("2022", "2023", "2022", "2022")
PREDICTIONS = ("p0", "p1", "p2", "p3")
END = at(1_000)


@dataclass(frozen=True)
class Observed:
    """A school's file told of a student."""

    student_id: str
    period: str
    grade: float
    unit: str = ""

    def tell(self, moment: datetime) -> Op[Any]:
        seen = observation(self.student_id, self.period, moment, {"inde": self.grade})
        seen = replace(seen, units=units_of(self.unit), unit=self.unit)
        yield from StudentRepository().observe([seen])
        yield from rejoin([seen])
        yield from join_orphans(now=moment, student_ids=[self.student_id])


@dataclass(frozen=True)
class Predicted:
    """A prediction was served."""

    prediction_id: str
    unit: str = ""

    def tell(self, moment: datetime) -> Op[Any]:
        number = int(self.prediction_id[1:])
        served = prediction(
            self.prediction_id,
            None if number == 3 else STUDENTS[number % 2],
            PERIODS[number // 2],
            moment,
            {"inde": 10.0 + number},
        )
        served = replace(served, units=units_of(self.unit), unit=self.unit)
        yield from PredictionRepository().add_many([served])
        yield from join_orphans(
            now=moment, student_ids=STUDENTS[:2], prediction_ids=[self.prediction_id]
        )


@dataclass(frozen=True)
class Reported:
    """Outcomes came in, possibly one that corrects an earlier one; each with its age in days."""

    outcomes: tuple[tuple[Outcome, int], ...]

    def tell(self, moment: datetime) -> Op[Any]:
        told = [replace(o, observed_at=moment - timedelta(days=age)) for o, age in self.outcomes]
        yield from record_outcomes(told, now=moment)


def units_of(unit: str) -> dict[str, str]:
    return {"school": unit.title()} if unit else {}


Event = Observed | Predicted | Reported


@dataclass(frozen=True)
class History:
    """Events in the order they happened, and how else they are told.

    Attributes:
        order: positions of events; each at least once.
        deaths: for a position in `order`, after how many commands its telling dies.
        turns: which of the tellings under way makes the next step.
        abreast: how many are under way at once.
    """

    events: tuple[Event, ...]
    order: tuple[int, ...]
    deaths: dict[int, int]
    turns: tuple[int, ...]
    abreast: int


def moment_of(position: int) -> datetime:
    """When the event at that position happened."""
    return at(position)


def plainly(run: Run, history: History, *, full: bool = True) -> list[Label]:
    """Tells the history in order and gives the labelled set."""
    for position, event in enumerate(history.events):
        run(event.tell(moment_of(position)))
    return labelled_set(run, full=full)


@dataclass
class Telling:
    """One telling of an event, under way."""

    position: int
    op: Op[Any]
    lives: int
    answer: Any = None
    dead: bool = False
    kept: bool = False


def wildly(
    execute: Callable[[Command], Any], run: Run, history: History, *, full: bool = True
) -> list[Label]:
    """Tells the history as it says and gives the labelled set after a repair pass."""
    waiting = deque(_tellings(history))
    active: list[Telling] = []
    turns = iter((*history.turns, *(0 for _ in range(100_000))))
    while waiting or active:
        while waiting and len(active) < history.abreast:
            active.append(waiting.popleft())
        telling = active[next(turns) % len(active)]
        if not _step(execute, telling):
            active.remove(telling)
            if telling.dead and not telling.kept:
                again = history.events[telling.position].tell(moment_of(telling.position))
                waiting.append(Telling(telling.position, again, lives=-1))
    return labelled_set(run, full=full)


def at_once(told: Sequence[tuple[SyncRegistry, History]]) -> list[list[Label]]:
    """Tells histories at once, each on a registry of its own; gives the labelled set of each."""
    with ThreadPoolExecutor(len(told)) as tellers:
        return list(tellers.map(lambda one: wildly(one[0].execute, one[0].run, one[1]), told))


def as_said(label: Label) -> tuple[str, str, float, float, str | None]:
    """A label as `what_the_facts_say` tells it."""
    grade = float(label.features["inde"])
    return label.student_id, label.period, label.outcome, grade, label.prediction_id


def labelled_set(run: Run, *, full: bool) -> list[Label]:
    """Every label after a repair pass, by key."""
    run(repair(now=END, full=full))
    found = run(LabelRepository().window(arrived_until=END, limit=0))
    return sorted(found, key=lambda label: (label.period, label.student_id))


Subject = tuple[str, str]
Said = tuple[datetime, float, int]
"""When an outcome was observed, its value, and what tells it from another one of the same."""


def what_the_facts_say(history: History) -> list[tuple[str, str, float, float, str | None]]:
    """The labelled set, worked out from the events by themselves, without any of the code's rules.

    Returns:
        Student, period, outcome, grade and prediction of each label, by period and student.
    """
    served = {
        event.prediction_id: moment_of(position)
        for position, event in enumerate(history.events)
        if isinstance(event, Predicted)
    }
    said: dict[Subject, list[Said]] = {}
    for position, event in enumerate(history.events):
        if isinstance(event, Reported):
            for place, (outcome, age) in enumerate(event.outcomes):
                observed = moment_of(position) - timedelta(days=age)
                subject = _subject_of(outcome, observed, served)
                if age >= 0 and subject is not None:
                    # Without a moment of its own a report is told apart by its place in the call.
                    own = place if age == 0 else 0
                    said.setdefault(subject, []).append((observed, outcome.value, own))
    found = []
    for (student_id, period), reports in said.items():
        features = _features_of((student_id, period), min(reports)[0], served, history)
        if features is not None:
            stands = _unrepeated(reports)[-1][1]
            found.append((student_id, period, stands, *features))
    return sorted(found, key=lambda label: (label[1], label[0]))


def _unrepeated(reports: Sequence[Said]) -> list[Said]:
    """Reports in the order they came in; one that says what an earlier one said is none."""
    return list(dict.fromkeys(reports))


def _subject_of(
    outcome: Outcome, observed: datetime, served: dict[str, datetime]
) -> Subject | None:
    if outcome.prediction_id is None:
        return outcome.student_id or "", outcome.period or ""
    made = served.get(outcome.prediction_id)
    return None if made is None or observed < made else _asked_about(outcome.prediction_id)


def _asked_about(prediction_id: str) -> Subject:
    number = int(prediction_id[1:])
    return (f"~{prediction_id}" if number == 3 else STUDENTS[number % 2]), PERIODS[number // 2]


def _features_of(
    subject: Subject, first: datetime, served: dict[str, datetime], history: History
) -> tuple[float, str | None] | None:
    """The grade that the label holds, and the prediction it is from."""
    before = [(made, i) for i, made in served.items() if _asked_about(i) == subject]
    before = [(made, i) for made, i in before if made <= first]
    if before:
        _, latest = max(before)
        return 10.0 + int(latest[1:]), latest
    files = [e for e in history.events if isinstance(e, Observed)]
    grades = [e.grade for e in files if (e.student_id, e.period) == subject]
    return (grades[-1], None) if grades else None


def _tellings(history: History) -> Iterator[Telling]:
    for index, position in enumerate(history.order):
        op = history.events[position].tell(moment_of(position))
        yield Telling(position, op, history.deaths.get(index, -1))


def _step(execute: Callable[[Command], Any], telling: Telling) -> bool:
    """Makes one command of a telling; False once it has ended or died."""
    if telling.lives == 0:
        telling.op.close()
        telling.dead = True
        return False
    telling.lives -= 1
    try:
        command = telling.op.send(telling.answer)
        telling.answer = execute(command)
        # Looking for what is to be joined begins once the facts are kept.
        telling.kept |= isinstance(command, Find) and command.collection in (
            LabelRepository.collection,
            OrphanRepository.collection,
        )
    except StopIteration:
        return False
    except FarolError as error:
        raise AssertionError("no telling of these events may fail") from error
    return True


Keep = Callable[[Sequence[Event]], tuple[Event, ...]]


@st.composite
def histories(draw: st.DrawFn, keep: Keep, units: Sequence[str] = ("",)) -> History:
    """Any history of up to a dozen events in these units, and any telling of it."""
    events = keep(draw(st.lists(_events(units), min_size=5, max_size=14)))
    assume(events)
    positions = range(len(events))
    told_again = draw(st.lists(st.sampled_from(positions), max_size=4))
    order = tuple(draw(st.permutations([*positions, *told_again])))
    lives = draw(st.lists(_lives(), min_size=len(order), max_size=len(order)))
    deaths = {index: after for index, after in enumerate(lives) if after is not None}
    turns = tuple(draw(st.lists(st.integers(0, 2), min_size=40, max_size=200)))
    return History(events, order, deaths, turns, draw(st.integers(1, 3)))


def _events(units: Sequence[str]) -> st.SearchStrategy[Event]:
    unit = st.sampled_from(units)
    observed = st.builds(
        Observed,
        st.sampled_from(STUDENTS),
        st.sampled_from(PERIODS),
        st.sampled_from([1.0, 2.0]),
        unit,
    )
    predicted = st.builds(Predicted, st.sampled_from(PREDICTIONS), unit)
    outcomes = st.lists(_outcomes(unit), min_size=1, max_size=3)
    reported = st.builds(Reported, outcomes.map(tuple))
    return st.one_of(observed, predicted, reported, reported)


def _outcomes(unit: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Outcome, int]]:
    value = st.sampled_from([0.0, 1.0])
    by_student = st.builds(
        Outcome,
        value=value,
        observed_at=st.just(END),
        student_id=st.sampled_from(STUDENTS),
        period=st.sampled_from(PERIODS),
        unit=unit,
    )
    by_prediction = st.builds(
        Outcome,
        value=value,
        observed_at=st.just(END),
        prediction_id=st.sampled_from(PREDICTIONS),
        unit=unit,
    )
    by_unit = st.one_of(by_student, by_prediction).map(lambda o: replace(o, source=o.unit or None))
    # An age of -1 is in the future and never accepted.
    return st.tuples(by_unit, st.integers(-1, 8))


def _lives() -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.none(), st.integers(1, 11))


def without_repeats(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events where each prediction is served once: an id is never used twice."""
    return _first(events, lambda e: e.prediction_id if isinstance(e, Predicted) else None)


def without_late_features(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events where features are told once and by schools only.

    Then no label ever gets other features than it was joined to, and the quick repair pass, which
    looks only at what is owed, must do.
    """
    schools = [event for event in events if not isinstance(event, Predicted)]
    return _first(schools, lambda e: (e.student_id, e.period) if isinstance(e, Observed) else None)


def _first(events: Sequence[Event], key: Callable[[Event], object]) -> tuple[Event, ...]:
    seen: set[object] = set()
    kept: list[Event] = []
    for event in events:
        name = key(event)
        if name is None or name not in seen:
            kept.append(event)
        seen.add(name)
    return tuple(kept)
