"""Which families can go on from the champion, and why the others cannot."""

from __future__ import annotations

from collections.abc import Sequence

from model.scorers.trees import TreeScorer
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from training.candidates import candidate
from training.continuing.monotone import first_broken
from training.continuing.start import GrownStart, NoStart, RegrownStart, Start, without_trees
from training.families.family import Family
from training.kinds import kind_of
from training.lightgbm_text import parse_text
from training.split import FOLDS

KNOWN = 0.5
"""Share of the champion's records that the window must hold, for evidence to be of its like."""
ROOM = 2
"""So many times as much as a fold needs is asked of the window, so that none of its folds lacks."""


def able(
    names: Sequence[str], data: TrainingSet, task: TaskSpec, start: Start
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The candidates that can be tried, and of the others the reason.

    Args:
        names: of families.
        data: the records to be learned from.
        task: names the features.
        start: what may be gone on from.
    """
    reasons = {
        name: unable(candidate(name), data, task, start)
        for name in names
        if candidate(name).continues
    }
    left_out = {name: why for name, why in reasons.items() if why}
    return tuple(name for name in names if name not in left_out), left_out


def unable(family: Family, data: TrainingSet, task: TaskSpec, start: Start) -> str:
    """Why a family cannot go on from the champion; empty if it can."""
    recipe = without_trees(start)
    if isinstance(recipe, NoStart):
        return recipe.why
    name = recipe.version
    if recipe.family != family.continues:
        return f"{name} is a {recipe.family}, not a {family.continues}"
    if changed := recipe.changed(task):
        return f"the features are no longer those of {name} ({changed})"
    if family.scorer is TreeScorer and (why := _trees_refused(family, recipe, start, task)):
        return why
    if isinstance(start, GrownStart):
        return _too_few(recipe, data, task, share=KNOWN, times=ROOM)
    return _too_few(recipe, data, task)


def _trees_refused(family: Family, recipe: RegrownStart, start: Start, task: TaskSpec) -> str:
    params, trees = family.params_under(task.training), recipe.params["trees"]
    if trees + params["trees"] > params["most_trees"]:
        return (
            f"{recipe.version} has {trees} trees, and with {params['trees']} more they would "
            f"exceed most_trees ({params['most_trees']}); one that is grown anew may take over"
        )
    if isinstance(start, GrownStart) and (feature := _not_held(start, task)):
        return f"{recipe.version} was grown without holding {feature} monotone"
    return ""


def _not_held(start: GrownStart, task: TaskSpec) -> str:
    columns = start.encoder.numeric
    held = [task.monotone.get(column.feature, 0) for column in columns]
    broken = first_broken(parse_text(start.text), held) if any(held) else None
    return "" if broken is None else columns[broken].feature


def _too_few(
    recipe: RegrownStart, data: TrainingSet, task: TaskSpec, share: float = 0.0, times: int = 1
) -> str:
    """Evidence needs a start that is grown anew, from records that a fold has enough of."""
    known, learned = recipe.known(data), len(recipe.learned)
    found = int(known.sum())
    students = len(set(data.students[known].tolist()))
    rarest = kind_of(task).rarest(data.outcome[known]) if found else 0
    if found >= share * learned and min(students, rarest) >= times * FOLDS:
        return ""
    return (
        f"only {found:,} of the {learned:,} records that {recipe.version} learned from are here, "
        "too few to judge what goes on from it"
    )
