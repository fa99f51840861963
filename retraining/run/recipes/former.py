"""The champion's recipe, trained anew on other records than the champion's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from model.computing.pool import HERE, Pool
from preprocessing.dataset import TrainingSet
from preprocessing.task.columns import Derived
from preprocessing.task.spec import TaskSpec
from retraining.run.champion import StoredChampion
from training.candidates import candidate, root_of
from training.families.trees import tree_count
from training.train import fit
from training.trained_model import FittedModel


@dataclass(frozen=True, slots=True)
class FormerRecipe:
    """The champion's family, settings, features and derived numbers.

    One whose trees grew in several versions, each going on from the one before, is grown at once:
    by the family that began it, with as many trees.

    Attributes:
        champion: whose recipe it is.
        task: as it is now.
    """

    champion: StoredChampion
    task: TaskSpec

    @property
    def family(self) -> str:
        """That it is trained by."""
        return root_of(self.champion.version.family)

    @property
    def params(self) -> Mapping[str, Any]:
        """The settings that it is trained with."""
        version = self.champion.version
        if self.family == version.family:
            return version.params
        own = candidate(version.family).settings.keys() - candidate(self.family).settings.keys()
        kept = {name: value for name, value in version.params.items() if name not in own}
        trees = tree_count(self.champion.predictor.bundle.scorer)
        return {**kept, "trees": trees} if trees else kept

    @property
    def spec(self) -> TaskSpec:
        """The task with the champion's derived numbers."""
        formulas = self.champion.predictor.encoder.formulas
        derived = tuple(Derived(name=n, formula=f.text) for n, f in formulas.items())
        return self.task.model_copy(update={"derived": derived})

    def seen(self, data: TrainingSet) -> TrainingSet:
        """The records with the champion's features alone; to an encoder the others hold nothing."""
        features = frozenset(self.champion.version.features)
        kept = tuple({k: v for k, v in record.items() if k in features} for record in data.records)
        return replace(data, records=kept)

    def fit(
        self,
        data: TrainingSet,
        *,
        seed: int,
        progress: Callable[[str], None],
        pool: Pool = HERE,
    ) -> FittedModel:
        """A model of the recipe on these records."""
        return fit(
            self.seen(data), self.spec, seed=seed, progress=progress,
            family=self.family, params=self.params, repeats=1, pool=pool,
        )  # fmt: skip
