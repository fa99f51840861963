"""The families that can be tried, by the name a task gives them."""

from __future__ import annotations

from model.errors import ConfigurationError
from preprocessing.task.spec import TaskSpec, load_task
from training.families.adaboost import ADABOOST
from training.families.catboost import CATBOOST
from training.families.family import Family
from training.families.forests import DECISION_TREE, EXTRA_TREES, RANDOM_FOREST
from training.families.gradient_boosting import GRADIENT_BOOSTING
from training.families.lightgbm import LIGHTGBM, LIGHTGBM_CONTINUED
from training.families.linear import LASSO, LOGISTIC_REGRESSION, RIDGE
from training.families.neighbours import K_NEAREST_NEIGHBOURS
from training.families.online import ONLINE_LOGISTIC, ONLINE_LOGISTIC_CONTINUED
from training.families.vote import vote_of
from training.families.xgboost import XGBOOST, XGBOOST_CONTINUED

_TREES = (
    DECISION_TREE, RANDOM_FOREST, EXTRA_TREES, ADABOOST, GRADIENT_BOOSTING, XGBOOST, LIGHTGBM,
    CATBOOST,
)  # fmt: skip
_CONTINUED = (LIGHTGBM_CONTINUED, XGBOOST_CONTINUED, ONLINE_LOGISTIC_CONTINUED)
FAMILIES = (
    LOGISTIC_REGRESSION, RIDGE, LASSO, K_NEAREST_NEIGHBOURS, *_TREES, vote_of(_TREES),
    ONLINE_LOGISTIC, *_CONTINUED,
)  # fmt: skip


def candidate(name: str) -> Family:
    """The family of that name, with its library at hand.

    Raises:
        ConfigurationError: no such family; the known ones are named. Or its library is an extra
            that is not installed.
    """
    known = _known("training.candidates", name)
    if not known.installed:
        raise ConfigurationError(
            f"training.candidates: {name} needs an extra: make setup-{known.extra}"
        )
    return known


def places() -> dict[str, int]:
    """Each family's place among all: the usual one, then the others, simplest first."""
    return {family.name: family.place for family in FAMILIES}


def root_of(name: str) -> str:
    """The family by which a model of that one is grown at once; another's name is its own.

    >>> root_of("lightgbm_continued"), root_of("ridge")
    ('lightgbm', 'ridge')
    """
    return next((f.continues for f in FAMILIES if f.name == name and f.continues), name)


def families() -> tuple[str, ...]:
    """The names of all families."""
    return tuple(family.name for family in FAMILIES)


def load_task_to_train(name_or_path: str) -> TaskSpec:
    """Reads a task as `load_task` does, and checks what it says of families by their declarations.

    Raises:
        ConfigurationError: as `load_task`; or a family or setting that there is not, a value that
            a setting cannot have, or a continued family alone. The field and the fix are named.
    """
    task = load_task(name_or_path)
    try:
        for name in task.training.candidates:
            _begins(_known("training.candidates", name), task)
        for name, fixed in task.training.params.items():
            _known("training.params", name).check(fixed)
    except ConfigurationError as error:
        raise ConfigurationError(f"{name_or_path}: {error}") from error
    return task


def _begins(family: Family, task: TaskSpec) -> None:
    """A family that goes on from trees needs the one beside it that grows them.

    Raises:
        ConfigurationError: it is alone, so no first model could be trained.
    """
    if family.continues and family.continues not in task.training.candidates:
        raise ConfigurationError(
            f"training.candidates: {family.name} goes on from a {family.continues}, which has to "
            f"be a candidate too: [{family.continues}, {family.name}]"
        )


def _known(field: str, name: str) -> Family:
    for family in FAMILIES:
        if family.name == name:
            return family
    raise ConfigurationError(f"{field}: {name!r} is not one of {', '.join(families())}")
