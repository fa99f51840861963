"""The contract of a model family: everything Farol must know of it, declared once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from model.errors import ConfigurationError
from model.scorers.scorer import Rows, Scorer
from preprocessing.task.policies import TrainingPolicy
from training.families.settings import Choice, Names, Settings, Space
from training.sample import Sample

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family. `tests/training/test_every_family.py` walks all of them.

    Attributes:
        fit: (sample, params, seed) to the library's own model; same input, same model.
        convert: that model, and the sample it was fitted on, to what serves.
        library: (model, rows) to the library's own margins, shape (n,), which the scorer must give.
        scorer: what `convert` makes; it says how it is written, read and explained.
        place: in the order in which one is taken of those that do as well, within one standard
            error: the usual family, then the others, simplest first. No two have the same.
        settings: each with its usual value, chosen by cross-validation inside PEDE's first pair of
            years; see `docs/model.md`.
        weighs: whether some records can count more than others (`class_weight`).
        numeric: whether it predicts a numeric outcome too.
        extra: the library beyond Farol's own that it needs, also the name of Farol's extra.
        continues: the family whose trees it goes on from (`Sample.start`); empty if it learns
            everything anew.
    """

    name: str
    fit: Callable[[Sample, Params, int], Any]
    convert: Callable[[Any, Sample], Scorer]
    library: Callable[[Any, Rows], Rows]
    scorer: type[Scorer]
    place: int
    settings: Settings
    weighs: bool = True
    numeric: bool = True
    extra: str | None = None
    continues: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """Its usual settings."""
        return {name: setting.usual for name, setting in self.settings.items()}

    @property
    def installed(self) -> bool:
        """Whether it needs no extra, or has it."""
        return self.extra is None or find_spec(self.extra) is not None

    def train(self, sample: Sample, params: Params, seed: int) -> Scorer:
        """A scorer that is ready to be served.

        Raises:
            ConfigurationError: the outcome is numeric, which the family cannot predict.
        """
        if sample.numeric and not self.numeric:
            raise ConfigurationError(
                f"training.candidates: {self.name} predicts no numeric outcome; leave it out"
            )
        return self.convert(self.fit(sample, params, seed), sample)

    def params_under(self, policy: TrainingPolicy) -> dict[str, Any]:
        """Its settings under a task's policy; a class weight of `none` is left unsaid."""
        weight = policy.class_weight
        weighed = {} if weight == "none" else {"class_weight": weight}
        return {**self.params, **policy.params.get(self.name, {}), **weighed}

    def space(self, policy: TrainingPolicy, *, numeric: bool) -> Space:
        """The settings that tuning may change; what the task fixes it leaves.

        >>> from training.candidates import candidate
        >>> sorted(candidate("ridge").space(TrainingPolicy(), numeric=True))
        ['c']
        """
        fixed = policy.params.get(self.name, {})
        space: Space = {
            name: setting
            for name, setting in self.settings.items()
            if not isinstance(setting, Names) and setting.tried and name not in fixed
        }
        if not space or numeric or not self.weighs:
            return space
        return {**space, "class_weight": Choice(("none", "balanced"))}

    def check(self, fixed: Params) -> None:
        """Accepts what a task fixes, or raises.

        Raises:
            ConfigurationError: no such setting, or a value that it cannot have; the fix is told.
        """
        for name, value in fixed.items():
            where = f"training.params.{self.name}.{name}"
            setting = self.settings.get(name)
            if setting is None:
                raise ConfigurationError(
                    f"{where}: not a setting of {self.name}; it has {', '.join(self.settings)}"
                )
            if not setting.allows(value):
                raise ConfigurationError(f"{where}: {value!r} is not {setting.wanted}")


def sklearn_margins(model: Any, rows: Rows) -> Rows:
    """A scikit-learn model's own margins: log-odds, else shares at risk, else the values."""
    if hasattr(model, "decision_function"):
        return np.asarray(model.decision_function(rows))
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(rows)[:, 1])
    return np.asarray(model.predict(rows))
