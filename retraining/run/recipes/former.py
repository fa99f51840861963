"""The champion's recipe, trained anew on other records than the champion's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from model.computing.pool import HERE, Pool
from preprocessing.dataset import TrainingSet
from preprocessing.task.columns import Derived
from preprocessing.task.spec import TaskSpec
from retraining.run.champion import StoredChampion
from training.train import fit
from training.trained_model import FittedModel


@dataclass(frozen=True, slots=True)
class FormerRecipe:
    """The champion's family, settings, features and derived numbers.

    Attributes:
        champion: whose recipe it is.
        task: as it is now.
    """

    champion: StoredChampion
    task: TaskSpec

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
        version = self.champion.version
        return fit(
            self.seen(data), self.spec, seed=seed, progress=progress,
            family=version.family, params=version.params, repeats=1, pool=pool,
        )  # fmt: skip
