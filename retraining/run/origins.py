"""Rolling origins: both recipes trained anew before earlier periods, and judged on these.

A model older than the newest period has the champion's own records, so what can be judged forward
is how a model is trained and not the model that will serve; that one is the same recipe with the
newest period too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from model.computing.pool import HERE, Pool
from model.errors import NotEnoughData
from preprocessing.dataset import TrainingSet
from preprocessing.lanes import new_cases
from preprocessing.task.spec import TaskSpec
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.evidence import Origin
from retraining.promotion.origins import origin
from retraining.promotion.ranking import Floats
from retraining.run.challenge import Progress
from retraining.run.champion import StoredChampion
from retraining.run.recipes.former import FormerRecipe
from retraining.run.standing import Overlap
from retraining.run.window import check_trainable
from training.continuing.start import NOBODY, NoStart, RegrownStart
from training.kinds import kind_of
from training.split import FOLDS
from training.train import IN_MEMORY, fit
from training.trained_model import FittedModel
from training.tuning.budget import Budget
from training.tuning.studies import Studies

MOST_ORIGINS = 3
"""The newest so many periods are judged: at most four fits for one recipe, six for two."""


def rolling_origins(
    data: TrainingSet,
    champion: StoredChampion,
    between: Overlap,
    task: TaskSpec,
    *,
    seed: int,
    progress: Progress,
    studies: Studies = IN_MEMORY,
    start: RegrownStart | NoStart = NOBODY,
    pool: Pool = HERE,
) -> tuple[Origin, ...]:
    """Both recipes on the newest periods that models could be trained before, oldest first.

    Empty where the recipes and their records would be the same, or no period has enough labels
    before it and in it.

    Args:
        data: the window.
        champion: answers itself where it learned from just what stands before a period.
        between: how its records and recipe compare with the challenger's.
        task: what the challenger is trained by.
        seed: of folds and fits.
        progress: called with each step, in words.
        studies: where searches keep what they have tried.
        start: what the challenger's recipe may go on from, grown anew before each period.
        pool: does the fits that are compared.
    """
    if between.lag == 0 and between.same_recipe:
        return ()
    recipes = _Recipes(data, champion, between, task, seed, progress, studies, start, pool)
    return tuple(recipes.origins())


@dataclass(frozen=True, slots=True)
class _Recipes:
    """Models of both recipes by the period that their records end with."""

    data: TrainingSet
    champion: StoredChampion
    between: Overlap
    task: TaskSpec
    seed: int
    progress: Progress
    studies: Studies
    start: RegrownStart | NoStart
    pool: Pool
    ours: dict[int, FittedModel] = field(default_factory=dict)
    theirs: dict[int, FittedModel] = field(default_factory=dict)

    def origins(self) -> Iterator[Origin]:
        """One for each period that can be judged, oldest first."""
        periods = np.unique(self.data.periods)
        possible = [at for at in range(1 + self.between.lag, len(periods)) if self._enough(at)][
            -MOST_ORIGINS:
        ]
        for number, at in enumerate(possible, 1):
            self.progress(f"earlier period {number}/{len(possible)}: {periods[at]}")
            yield self._origin(at)

    def _origin(self, at: int) -> Origin:
        cases, lag = self._in(at), self.between.lag
        scores, name = self._champion(at - lag, cases)
        has, had = len(self._before(at)), len(self._before(at - lag))
        return origin(
            _cases(cases, self.task),
            Answers("challenger", self._ours(at).score(cases.records), 0.5),
            Answers(name, scores, 0.5),
            self.task.promotion,
            unshared=1 - had / has,
        )

    def _champion(self, end: int, cases: TrainingSet) -> tuple[Floats, str]:
        """Its answers, or those of its recipe trained on what stands before that period."""
        if np.array_equal(self.between.known, self._mask_before(end)) and self.between.contained:
            return self.champion.predictor.score_many(cases.records), self.champion.version.version
        if self.between.same_recipe:
            return self._ours(end).score(cases.records), ""
        if end not in self.theirs:
            self.theirs[end] = self._former(self._before(end))
        return self.theirs[end].score(self._recipe.seen(cases).records), ""

    def _ours(self, end: int) -> FittedModel:
        if end not in self.ours:
            part = self._before(end)
            self.progress(f"the challenger's recipe: {len(part)} records to fit")
            self.ours[end] = fit(
                part, self.task, seed=self.seed, progress=_quiet, repeats=1,
                budget=Budget.of(self.task.training).part(0.5 / FOLDS), studies=self.studies,
                start=self.start, pool=self.pool,
            )  # fmt: skip
        return self.ours[end]

    def _former(self, part: TrainingSet) -> FittedModel:
        """The champion's family, settings, features and derived numbers, on these records."""
        self.progress(f"the champion's recipe: {len(part)} records to fit")
        return self._recipe.fit(part, seed=self.seed, progress=_quiet, pool=self.pool)

    @property
    def _recipe(self) -> FormerRecipe:
        return FormerRecipe(self.champion, self.task)

    def _enough(self, at: int) -> bool:
        cases, kind = self._in(at), kind_of(self.task)
        if len(cases) < self.task.promotion.min_labelled:
            return False
        if not kind.enough_positives(cases.outcome, self.task.promotion):
            return False
        try:
            for end in (at, at - self.between.lag):
                check_trainable(self._before(end), self.task)
        except NotEnoughData:
            return False
        return True

    def _in(self, at: int) -> TrainingSet:
        return self.data.take(np.asarray(self.data.periods == np.unique(self.data.periods)[at]))

    def _before(self, at: int) -> TrainingSet:
        return self.data.take(self._mask_before(at))

    def _mask_before(self, at: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return np.asarray(self.data.periods < np.unique(self.data.periods)[at])


def _cases(data: TrainingSet, task: TaskSpec) -> Cases:
    return Cases(
        data.outcome,
        data.students,
        data.periods,
        data.protected,
        rules={},
        new=new_cases(data.records, task),
    )


def _quiet(line: str) -> None:
    """The inside of a fit is nobody's progress."""


def told(origins: tuple[Origin, ...]) -> str:
    """The origins' gains in one line.

    >>> told((Origin("2023", 700, 0.012, 0.01, 0.01, 0.01),))
    '2023 +1.2 points'
    """
    return ", ".join(f"{one.period} {100 * one.gain:+.1f} points" for one in origins)
