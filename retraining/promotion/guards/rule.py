"""What a guard is: one declaration, from which decision, sentences and documents derive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from model.decisions.guard_sentences import ENGLISH, Figure, sentence
from model.promotion import Guard
from preprocessing.task.outcome_kinds import OutcomeKind
from preprocessing.task.policies import PromotionPolicy

E = TypeVar("E")

ANY_KIND: frozenset[OutcomeKind] = frozenset({"binary", "numeric"})
BINARY: frozenset[OutcomeKind] = frozenset({"binary"})
NUMERIC: frozenset[OutcomeKind] = frozenset({"numeric"})


class Stage(StrEnum):
    """When a guard is looked at.

    `SAMPLE` and `LOOK` stand before anything is trained: are there records enough, and may the
    labels be looked at once more? `FIRST` judges a model while nobody serves, `SUCCESSOR` one that
    would replace a champion, `REPLACEMENT` one that is to replace a champion which learned from
    erased students and need be no better, `RECALIBRATION` the champion with a new calibration;
    `WRITING` stands where the decision is written.
    """

    SAMPLE = "sample"
    LOOK = "look"
    FIRST = "first"
    SUCCESSOR = "successor"
    REPLACEMENT = "replacement"
    RECALIBRATION = "recalibration"
    WRITING = "writing"


SAMPLE = frozenset({Stage.SAMPLE})
FIRST = frozenset({Stage.FIRST})
SUCCESSOR = frozenset({Stage.SUCCESSOR})
REPLACEMENT = frozenset({Stage.REPLACEMENT})
RECALIBRATION = frozenset({Stage.RECALIBRATION})
AFTER = SUCCESSOR | REPLACEMENT
EITHER = FIRST | AFTER


@dataclass(frozen=True, slots=True)
class Found:
    """What a guard found.

    Attributes:
        passed: whether the challenger met it.
        value: what was measured, if it is a number.
        limit: what is asked for, if it is a number.
        figures: what else the English sentence names.
        case: which sentence, where passed and failed do not tell.
    """

    passed: bool
    value: float | None = None
    limit: float | None = None
    figures: Mapping[str, Figure] = field(default_factory=dict)
    case: str = ""


@dataclass(frozen=True)  # Generic and slots exclude each other in Python 3.11.
class GuardRule(Generic[E]):
    """One condition of a promotion; `GUARDS` holds them all, in the order they are looked at.

    Sentences are templates by case, see `model.decisions.guard_sentences`. The English one is
    rendered when the decision is taken and stored with it. The Portuguese one names `value` and
    `limit` only: these are what the ledger holds, of decisions of earlier versions too.

    Attributes:
        name: what the ledger calls it.
        kinds: the outcomes it applies to.
        stages: when it is looked at.
        keys: what it reads of the promotion policy.
        asks: what it asks, for the documents.
        look: evidence and policy in, what was found out; None where there is nothing to look at.
        english: case to sentence.
        portuguese: case to sentence, and the guard's `name`.
        example: evidence that this guard alone objects to, under `policy`.
        policy: the default one, unless that asks nothing of the guard.
        provisional: a first model that only such guards object to serves until a better one comes.
    """

    name: str
    kinds: frozenset[OutcomeKind]
    stages: frozenset[Stage]
    keys: tuple[str, ...]
    asks: str
    look: Callable[[E, PromotionPolicy], Found | None]
    english: Mapping[str, str]
    portuguese: Mapping[str, str]
    example: E
    policy: PromotionPolicy = field(default_factory=PromotionPolicy)
    provisional: bool = False

    def guard(self, evidence: E, policy: PromotionPolicy) -> Guard | None:
        """The guard as the ledger keeps it; None where there was nothing to look at."""
        found = self.look(evidence, policy)
        return None if found is None else self.stated(found)

    def stated(self, found: Found) -> Guard:
        """What was found, with its English sentence."""
        figures = {**found.figures, "value": found.value, "limit": found.limit}
        reason = sentence(
            self.english, ENGLISH, passed=found.passed, figures=figures, case=found.case
        )
        return Guard(self.name, found.passed, reason, found.value, found.limit, found.case)
