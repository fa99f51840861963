"""Every family is whole, and one that is added by half fails with the name of what is missing."""

from __future__ import annotations

import dataclasses
import pkgutil
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import orjson
import pytest

from model.errors import BundleError
from model.scorers import kinds
from model.scorers.linear import LinearScorer
from model.scorers.neighbours import NeighbourScorer
from model.scorers.scorer import Rows
from preprocessing.task.spec import TaskSpec
from tests.training.family_walk import ROOT, documented, renamed, walk
from training import candidates, families
from training.candidates import FAMILIES
from training.families.family import Family
from training.families.linear import RIDGE
from training.families.neighbours import K_NEAREST_NEIGHBOURS
from training.families.settings import Real
from training.sample import Sample

PAGE = (ROOT / "docs" / "training.md").read_text("utf-8")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_family_is_fitted_written_loaded_explained_and_told_as_its_library_scores(
    family: Family, task: TaskSpec, tmp_path: Path
) -> None:
    if not family.installed:
        pytest.skip(f"the extra {family.extra} is not installed")

    walk(family, task, tmp_path / "bundle", PAGE)


def test_every_family_that_is_declared_can_be_named_by_a_task() -> None:
    modules = [f"{families.__name__}.{m.name}" for m in pkgutil.iter_modules(families.__path__)]
    declared = [v for m in modules for v in vars(import_module(m)).values() if type(v) is Family]

    assert {f.name for f in declared} <= {f.name for f in FAMILIES}
    names = [f.name for f in FAMILIES]
    assert [name for name in names if names.count(name) > 1] == []


def test_the_page_names_no_family_that_there_is_not() -> None:
    _, table = PAGE.split("| family | file |")
    lines = table.split("\n\n")[0].splitlines()[2:]

    assert lines == [documented(family) for family in FAMILIES]


class Unknown(LinearScorer):
    FILE: ClassVar[str] = "unknown.json"


class Speechless(Unknown):
    def contributions(self, row: Rows) -> tuple[Rows, float]:
        return np.zeros_like(row), self.intercept


class Unwritten(Unknown):
    def dump(self) -> bytes:
        return b""


class Unread(Unknown):
    @classmethod
    def load(cls, data: bytes) -> Self:
        raise BundleError("not written yet")


class Narrow(Unknown):
    @property
    def width(self) -> int:
        return 1


class Trusting(Unknown):
    @classmethod
    def load(cls, data: bytes) -> Self:
        raw = orjson.loads(data)
        return cls(np.array(raw["weights"]), raw["intercept"])


def becomes(kind: type[LinearScorer]) -> dict[str, Any]:
    """Ridge's parts, with another scorer."""

    def convert(model: Any, sample: Sample) -> LinearScorer:
        made = RIDGE.convert(model, sample)
        assert isinstance(made, LinearScorer)
        return kind(made.weights, made.intercept)

    return {"scorer": kind, "convert": convert}


def no_number(sample: Sample, params: Any, seed: int) -> Any:
    if sample.numeric:
        raise TypeError("classes only")
    return RIDGE.fit(sample, params, seed)


def no_weight(sample: Sample, params: Any, seed: int) -> Any:
    return RIDGE.fit(sample, {"c": params["c"]}, seed)


TIMES = count(1)


def no_seed(sample: Sample, params: Any, seed: int) -> Any:
    return RIDGE.fit(sample, {**params, "c": params["c"] / next(TIMES)}, seed)


HALVES: dict[str, tuple[dict[str, Any], str]] = {
    "a setting that is not declared": ({"settings": {}}, "fit and settings: KeyError.'c'"),
    "a setting that is never read": (
        {"settings": {**RIDGE.settings, "l2": Real(1.0, 0.0, 9.0)}},
        "fit and settings: .*never read",
    ),
    "usual settings outside those tried": ({"settings": {"c": Real(0.05, 1.0, 9.0)}}, "settings"),
    "a fit that gives nothing": ({"fit": lambda sample, params, seed: params["c"]}, "convert"),
    "another scorer than is said": ({"scorer": Unknown}, "convert: .*made a LinearScorer"),
    "other scores than the library's": (
        {"library": lambda model, rows: np.zeros(len(rows))}, "library: .*off by",
    ),
    "no explanation": (becomes(Speechless), "explain: .*no column contributes"),
    "a scorer that is not written": (becomes(Unwritten), "dump and load"),
    "a scorer that is not read": (becomes(Unread), "dump and load: .*not written yet"),
    "a scorer that is wider than it says": (becomes(Narrow), "scorer: width"),
    "a scorer that trusts its bytes": (becomes(Trusting), "dump and load: JSONDecodeError"),
    "a fit that minds no seed": ({"fit": no_seed}, "seed: .*another model"),
    "a fit that minds no class weight": ({"fit": no_weight}, "weighs: .*leaves out sample.weights"),
    "class weights that are denied": ({"weighs": False}, "weighs: .*leave out weighs=False"),
    "no numeric outcome, and no word of it": ({"fit": no_number}, "numeric: .*classes only"),
    "an extra that nobody can install": ({"extra": "halfway"}, "extra: .*pyproject"),
}  # fmt: skip


@pytest.mark.parametrize("half", HALVES)
def test_a_family_that_lacks_a_part_fails_with_the_name_of_the_part(
    half: str, task: TaskSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, named = HALVES[half]
    family = renamed(RIDGE, **changes)
    monkeypatch.setattr(candidates, "FAMILIES", (*FAMILIES, family))
    monkeypatch.setattr(kinds, "SCORERS", (*kinds.SCORERS, changes.get("scorer", Unknown)))

    with pytest.raises(AssertionError, match=f"^halfway: {named}"):
        walk(family, task, tmp_path / "bundle", documented(family))


def test_a_family_in_no_table_without_its_line_or_with_a_scorer_of_no_bundle_is_named(
    task: TaskSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, strange = renamed(RIDGE), renamed(RIDGE, **becomes(Unknown))

    with pytest.raises(AssertionError, match=r"halfway: scorer: .*kinds\.py does not name Unknown"):
        walk(strange, task, tmp_path / "a", documented(strange))
    with pytest.raises(AssertionError, match=r"halfway: bundle: .*'halfway' is not one of"):
        walk(family, task, tmp_path / "b", documented(family))
    monkeypatch.setattr(candidates, "FAMILIES", (*FAMILIES, family))
    with pytest.raises(AssertionError, match=r"halfway: docs/training\.md: .*`halfway`"):
        walk(family, task, tmp_path / "c", PAGE)
    walk(family, task, tmp_path / "d", documented(family))


def test_a_family_that_keeps_records_without_a_word_of_it_in_the_card_is_named(
    task: TaskSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NeighbourScorer, "KEEPS_RECORDS", False)
    family = K_NEAREST_NEIGHBOURS

    with pytest.raises(AssertionError, match=r"bundle: .*KEEPS_RECORDS: .*: True; the card"):
        walk(family, task, tmp_path / "bundle", documented(family))


REQUIRED = [f.name for f in dataclasses.fields(Family) if f.default is dataclasses.MISSING]


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_declaration_without_a_part_cannot_be_made(missing: str) -> None:
    given = {name: getattr(RIDGE, name) for name in REQUIRED if name != missing}

    with pytest.raises(TypeError, match=f"'{missing}'"):
        Family(**given)
