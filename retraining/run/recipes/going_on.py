"""The champion as something that a challenger may go on from, or the reason why not."""

from __future__ import annotations

from database.driver.client import SyncRegistry
from database.erasing.learned import LearnedErasedRepository
from database.rights.objections import ObjectionRepository
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from retraining.run.champion import StoredChampion
from retraining.run.recipes.former import FormerRecipe
from training.candidates import candidate
from training.continuing.start import NOBODY, GrownStart, NoStart, RegrownStart

ERASED = "learned from students who were erased since, and what goes on from it would too"
OBJECTING = "learned from students who object since, and what goes on from it would too"


def wanted(task: TaskSpec) -> bool:
    """Whether any candidate of a task goes on from trees."""
    return any(candidate(name).continues for name in task.training.candidates)


def start_of(
    registry: SyncRegistry, champion: StoredChampion | None, data: TrainingSet, task: TaskSpec
) -> GrownStart | NoStart:
    """What a challenger may go on from.

    Args:
        registry: of the task.
        champion: who serves.
        data: the window.
        task: names the candidates.

    Raises:
        RegistryError: the registry fails.
    """
    if champion is None or not wanted(task):
        return NOBODY
    version = champion.version
    former = FormerRecipe(champion, task)
    root = former.family
    if root not in {candidate(name).continues for name in task.training.candidates}:
        return NoStart(f"{version.version} is a {root}")
    if why := forbidden(registry, champion, data):
        return NoStart(why)
    encoder = champion.predictor.encoder
    recipe = RegrownStart(
        version=version.version,
        family=root,
        params=former.params,
        features=champion.predictor.bundle.feature_names,
        derived={name: formula.text for name, formula in encoder.formulas.items()},
        learned=champion.trained_on,
    )
    return GrownStart(recipe, encoder, champion.predictor.bundle.scorer.dump())


def forbidden(registry: SyncRegistry, champion: StoredChampion, data: TrainingSet) -> str:
    """Whose record forbids going on from the champion, in words; empty if nobody's.

    Args:
        registry: of the task.
        champion: who serves.
        data: the window.

    Raises:
        RegistryError: the registry fails.
    """
    version = champion.version
    if registry.run(LearnedErasedRepository().of_version(version.version)):
        return f"{version.version} {ERASED}"
    periods = {*version.window.periods, *data.periods.tolist()}
    for student in registry.run(ObjectionRepository().students()):
        if any(champion.trained_on.holds(student, period) for period in periods):
            return f"{version.version} {OBJECTING}"
    return ""
