"""A walk through everything a model family must have; what is missing is named."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.bundle import load_bundle
from model.errors import BundleError, ConfigurationError
from model.scorers import kinds
from model.scorers.scorer import Rows, Scorer
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from tests.training.test_card import facts_of
from training.card.render import to_markdown
from training.families.family import Family
from training.families.settings import Names
from training.sample import Sample
from training.train import fit

ROOT = Path(__file__).parents[2]
TOLERANCE = {"xgboost": 2e-6, "xgboost_continued": 2e-6}
"""XGBoost adds its trees in float32; ours is the more exact sum."""

QUICK = {"trees": 20, "learning_rate": 0.3, "members": ["decision_tree", "lightgbm"]}
"""Settings that make a small model; the usual ones are walked by `test_families.py`."""


def walk(family: Family, task: TaskSpec, folder: Path, page: str) -> None:
    """Accepts a family that is whole, and in the table of families.

    Args:
        family: the family, whose extra is installed.
        task: of the made-up students.
        folder: where a bundle is written.
        page: the documentation.
    """
    data = made_up(300)
    rows = FeatureEncoder.fit(task, data.records).encode_many(data.records)
    sample = Sample(rows, data.outcome, data.students)
    with part(family, "extra"):
        assert family.extra in {None, *extras()}, "pyproject.toml has no such extra"
    with part(family, "settings"):
        _usual_lies_where_tuning_looks(family, task)
    with part(family, "fit and settings"):
        read = _Read(quick(family))
        model = family.fit(sample, read, 0)
        assert set(family.settings) == read.names, "declared and never read"
    with part(family, "convert"):
        scorer = family.convert(model, sample)
        assert type(scorer) is family.scorer, f"made a {type(scorer).__name__}"
    with part(family, "library"):
        far = np.abs(scorer.margin(wild(rows)) - family.library(model, wild(rows))).max()
        assert far <= TOLERANCE.get(family.name, 1e-9), f"the scorer is off by {far:g}"
    _scorer(family, scorer, rows)
    with part(family, "seed"):
        again = family.convert(family.fit(sample, quick(family), 0), sample)
        assert again.dump() == scorer.dump(), "the same seed gives another model"
    with part(family, "weighs"):
        _weights(family, sample)
    with part(family, "bundle"):
        _bundle(family, task, data, folder)
    with part(family, "numeric"):
        _number(family, rows, data)
    with part(family, "docs/training.md"):
        assert documented(family) in page, f"the line is to be: {documented(family)}"


@contextmanager
def part(family: Family, name: str) -> Iterator[None]:
    """Names the part in whatever goes wrong."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{family.name}: {name}: {error!r}") from error


def quick(family: Family) -> dict[str, Any]:
    """The family's settings, for a small model."""
    return {**family.params, **{k: v for k, v in QUICK.items() if k in family.settings}}


def documented(family: Family) -> str:
    """The family's line in the documentation."""
    settings = []
    for name, setting in family.settings.items():
        if isinstance(setting, Names):
            settings.append(f"`{name}` {', '.join(setting.usual)}")
        else:
            tried = f" ({setting.low:g}–{setting.high:g})" if setting.tried else ""
            settings.append(f"`{name}` {setting.usual:g}{tried}")
    cells = [
        f"`{family.name}`", f"`{family.scorer.FILE}`", "; ".join(settings),
        "yes" if family.numeric else "no", family.extra or "",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def extras() -> set[str]:
    """Names of Farol's extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return set(project["optional-dependencies"])


def wild(rows: Rows) -> Rows:
    """The rows, and rows far outside them, all exact in float32."""
    random = np.random.default_rng(1).normal(size=(500, rows.shape[1])) * 20
    return np.vstack([rows, random.astype(np.float32).astype(np.float64)])


class _Read(dict[str, Any]):
    """Settings that remember which of them were asked for."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)


def _usual_lies_where_tuning_looks(family: Family, task: TaskSpec) -> None:
    family.check(family.params)
    for name, setting in family.settings.items():
        if not isinstance(setting, Names) and setting.tried:
            assert setting.low <= setting.usual <= setting.high, name
    assert set(family.space(task.training, numeric=True)) <= set(family.settings)


def _scorer(family: Family, scorer: Scorer, rows: Rows) -> None:
    kind = family.scorer
    with part(family, "scorer"):
        assert kind in kinds.SCORERS, f"model/scorers/kinds.py does not name {kind.__name__}"
        assert [k for k in kinds.SCORERS if k.FILE == kind.FILE] == [kind], kind.FILE
    with part(family, "scorer: width and no rows"):
        assert (scorer.width, scorer.margin(rows[:0]).shape) == (rows.shape[1], (0,))
    with part(family, "dump and load"):
        again = kinds.scorer_of(kind.FILE).load(scorer.dump())
        assert again.dump() == scorer.dump()
        assert np.array_equal(again.margin(rows), scorer.margin(rows))
        one_by_one = [again.margin_one(row) for row in rows[:50]]
        assert np.allclose(one_by_one, again.margin(rows[:50]), atol=1e-12)
        for damaged in (b"", b"{}", scorer.dump()[: len(scorer.dump()) // 2]):
            assert _refused(kind, damaged), f"no BundleError for {damaged[:20]!r}"
    with part(family, "explain"):
        parts, base = scorer.contributions(rows[0])
        assert np.abs(parts).sum() > 0, "no column contributes"
        assert base + parts.sum() == pytest.approx(scorer.margin_one(rows[0]), abs=1e-9)
        assert kind.EXPLAINED > 0


def _refused(kind: type[Scorer], data: bytes) -> bool:
    try:
        kind.load(data)
    except BundleError:
        return True
    return False


def _weights(family: Family, sample: Sample) -> None:
    """Of a rare outcome, `class_weight: balanced` moves margins, or none, as is declared."""
    rare = sample.take(np.flatnonzero((sample.outcome == 0) | (np.arange(len(sample)) % 5 == 0)))
    plain, balanced = (
        family.convert(family.fit(rare, params, 0), rare).margin(rare.rows).mean()
        for params in (quick(family), {**quick(family), "class_weight": "balanced"})
    )
    assert balanced != plain or not family.weighs, "fit leaves out sample.weights"
    assert balanced == plain or family.weighs, "fit minds sample.weights: leave out weighs=False"


def _bundle(family: Family, task: TaskSpec, data: TrainingSet, folder: Path) -> None:
    """Trained, written, loaded, tried on its own records, explained, and told in a card."""
    model = fit(
        data, task, seed=0, progress=lambda _: None, family=family.name, params=quick(family),
        repeats=1,
    )  # fmt: skip
    digest = model.write(folder)
    predictor = Predictor(load_bundle(folder, digest))
    predictor.self_test()
    assert predictor.bundle.family == family.name
    assert np.array_equal(predictor.score_many(data.records), model.score(data.records))
    told = predictor.explain(data.records[0])
    score = predictor.score_one(data.records[0])
    total = told.base_value + sum(reason.contribution for reason in told.reasons)
    assert total == pytest.approx(np.log(score / (1 - score)), abs=1e-8)
    importance = predictor.bundle.importance
    assert sum(importance.values()) == pytest.approx(1.0)
    assert set(importance) <= set(task.feature_names)
    card = to_markdown(facts_of((model, task), data))
    assert family.name.replace("_", " ") in card.replace("_", " ")
    written = model.scorer.dump()
    kept = any(row.tobytes() in written for row in model.encoder.encode_many(data.records))
    assert ("holds its training records" in card) is kept, (
        f"KEEPS_RECORDS: its file holds training records: {kept}; the card says else"
    )


def _number(family: Family, rows: Rows, data: TrainingSet) -> None:
    target = np.array([float(r["grade"]) * 10 for r in data.records])
    sample = Sample(rows, target, data.students, numeric=True)
    if not family.numeric:
        with pytest.raises(ConfigurationError, match=f"{family.name} predicts no numeric outcome"):
            family.train(sample, quick(family), 0)
        return
    model = family.fit(sample, quick(family), 0)
    scorer = family.convert(model, sample)
    error = np.abs(scorer.margin(rows) - target).mean()
    assert error < 0.6 * np.abs(target - target.mean()).mean()
    far = np.abs(scorer.margin(wild(rows)) - family.library(model, wild(rows))).max()
    assert far <= 100 * TOLERANCE.get(family.name, 1e-9), f"the scorer is off by {far:g}"


def renamed(family: Family, **changes: Any) -> Family:
    """The family under a name of its own, with parts changed."""
    return replace(family, name="halfway", **changes)
