"""A run that replaces a champion which learned from students who were erased since.

Their records are gone, so whatever is trained now has not seen them. Two things differ from other
runs: the challenger need be no better, and no part of a period's error budget is taken, since no
gain is claimed. So that this is no way around the rule, nothing is trained where the champion
learned from nobody who was erased.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from database.driver.client import SyncRegistry
from database.erasing.learned import LearnedErasedRepository
from model.promotion import DecisionStatus, PromotionDecision
from preprocessing.dataset import TrainingSet
from retraining.promotion.ranking import Floats
from retraining.run.challenge import ScoredChallenger, successor_trial
from retraining.run.champion import StoredChampion
from retraining.run.deliberation import Deliberated, prepared, studies_of
from retraining.run.gathering import Gathered
from retraining.run.journal import Journal
from retraining.run.plan import RunPlan
from retraining.run.recipes.former import FormerRecipe
from retraining.run.verdict import Verdict, comparable, judge
from retraining.run.window import Mask, fresh_mask
from training.continuing.start import NoStart
from training.crossfit import out_of_fold
from training.holdout import held_students

ERASED_START = "what goes on from the champion learned from whom it is to forget"


def replacement(
    registry: SyncRegistry, gathered: Gathered, plan: RunPlan, folder: Path, journal: Journal
) -> Deliberated | Verdict:
    """A challenger without the erased students, with its verdict; or why none was trained.

    Args:
        registry: of the task.
        gathered: what the run read.
        plan: of the run.
        folder: a temporary one, for the bundle.
        journal: where the steps are told.

    Raises:
        LeakageError: the features determine the outcome.
        RegistryError: the registry fails.
    """
    champion = gathered.champion
    if champion is None:
        return _nothing("no version serves that could have learned from anybody", journal)
    name = champion.version.version
    erased = registry.run(LearnedErasedRepository().of_version(name))
    if not erased:
        return _nothing(f"{name} learned from no student who was erased since", journal)
    fresh = _fresh(gathered, plan)
    make = partial(_trial, gathered, fresh, plan, journal)
    trained = prepared(gathered, make, plan, folder, journal)
    rival = gathered.rival
    instead = None
    if rival is not None and fresh is None:
        # It has learned from what it would be judged on: its recipe answers, on equal terms.
        instead = _recipe_says(rival, gathered.data, trained.trial, plan, journal)
    verdict = judge(
        trained.trial, rival, plan.task,
        seed=plan.options.seed, same_bundle=False, instead=instead, without_erased=True,
        pool=plan.pool,
    )  # fmt: skip
    verdict = verdict.because(f"{name} learned from {erased} students who were erased since")
    verdict = verdict.gated(plan.task.promotion, serving=not gathered.misfit)
    journal.step("decided", verdict.decision.status.value)
    return Deliberated(
        trained.trial, trained.packed, trained.leakage, verdict, without_erased=erased
    )


def _nothing(why: str, journal: Journal) -> Verdict:
    journal.step("decided", f"kept; {why}; nothing was trained")
    return Verdict(PromotionDecision(DecisionStatus.KEPT, (why,), ()), None)


def _fresh(gathered: Gathered, plan: RunPlan) -> Mask | None:
    """The records that the champion did not learn from; None where they are too few."""
    if gathered.rival is None:
        return None
    fresh = fresh_mask(gathered.data, gathered.rival.trained_on)
    return None if comparable(gathered.data.take(fresh), plan.task) else fresh


def _trial(
    gathered: Gathered, fresh: Mask | None, plan: RunPlan, journal: Journal
) -> ScoredChallenger:
    return successor_trial(
        gathered.data, fresh, plan.task,
        seed=plan.options.seed, progress=journal.say, studies=studies_of(plan),
        start=NoStart(ERASED_START), pool=plan.pool,
    )  # fmt: skip


def _recipe_says(
    champion: StoredChampion,
    data: TrainingSet,
    trial: ScoredChallenger,
    plan: RunPlan,
    journal: Journal,
) -> Floats:
    """The champion's recipe on the trial's cases, each by a model that did not see the student.

    Args:
        champion: whose recipe it is.
        data: the window, all of which the trial was judged on or held out of.
        trial: the challenger's.
        plan: of the run.
        journal: told of the fits.
    """
    recipe, seed = FormerRecipe(champion, plan.task), plan.options.seed
    journal.say(f"the recipe of {champion.version.version} on the same students")
    if trial.how == "out_of_fold":
        return out_of_fold(
            recipe.seen(data), recipe.spec, seed=seed, progress=journal.say,
            family=recipe.family, params=recipe.params, pool=plan.pool,
        )  # fmt: skip
    everybody = np.ones(len(data), dtype=np.bool_)
    held = held_students(data, everybody, task=plan.task.name, seed=seed)
    model = recipe.fit(data.take(~held), seed=seed, progress=journal.say, pool=plan.pool)
    return model.score(recipe.seen(data.take(held)).records)
