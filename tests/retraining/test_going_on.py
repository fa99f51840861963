"""A run whose challenger goes on from the champion's trees: what is told, listed and refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.erasing.erasure import erase_student
from database.erasing.guarded import ErasureGuard
from database.erasing.learned import LearnedErasedRepository
from database.rights.objections import ObjectionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.errors import Conflict
from model.options import RunOptions
from model.rights.objection import Objection
from model.trust.tombstone import TombstoneKey
from model.version import Alias, ModelVersion
from preprocessing.dataset import training_set
from preprocessing.task.spec import TaskSpec
from retraining.run import registration, training_labels
from retraining.run.champion import StoredChampion, load_predictor, training_ids
from retraining.run.execution import execute
from retraining.run.plan import RunResult
from retraining.run.recipes.former import FormerRecipe
from retraining.run.recipes.going_on import start_of
from tests.database.builders import model_version
from tests.database.drivers import MongomockRegistry
from tests.retraining import school
from training.continuing.able import able
from training.continuing.start import NOBODY, GrownStart, NoStart

KEY = TombstoneKey(b"a data key")
LATER = school.START + timedelta(days=402)
SMALL = {"trees": 20, "learning_rate": 0.3}
ALONE = ("lightgbm_continued",)
"""No task may say so; here it makes sure that the continued model is the challenger."""


@pytest.fixture
def registry() -> MongomockRegistry:
    return MongomockRegistry("farol", ErasureGuard(KEY))


def spec(*candidates: str, window: int = 5000) -> TaskSpec:
    task = school.task()
    params = {"lightgbm": SMALL, "lightgbm_continued": SMALL}
    changed = {"candidates": candidates, "params": params, "window": window}
    return task.model_copy(update={"training": task.training.model_copy(update=changed)})


def first(registry: SyncRegistry, home: Path) -> RunResult:
    """A first champion of 2022, trained where a continued candidate is named too."""
    school.teach(registry, "2022", school.READING, n=200)
    return school.run(registry, home, spec=spec("lightgbm", "lightgbm_continued"))


def second(registry: SyncRegistry, home: Path, **options: int) -> ModelVersion:
    """The challenger that the next year's outcomes make."""
    next_year = school.START + timedelta(days=1)
    school.teach(registry, "2023", school.READING, n=200, seed=1, now=next_year)
    done = school.run(
        registry, home, run_id="run-2", spec=spec(*ALONE, window=options.get("window", 5000)),
        now=LATER,
    )  # fmt: skip
    assert done.challenger == "v2"
    return registry.run(ModelVersionRepository().get("v2"))


def listed(registry: SyncRegistry, version: str) -> set[str]:
    digest = registry.run(ModelVersionRepository().get(version)).trained_on
    return set(registry.run(ArtifactRepository().get(digest)).decode().splitlines())


def trained_step(registry: SyncRegistry, run_id: str) -> str:
    run = registry.run(RunRepository().get(run_id))
    return next(step.detail for step in run.steps if step.name == "trained")


def erased(registry: SyncRegistry) -> None:
    registry.run(erase_student("S7", now=LATER, tombstone_key=KEY))


def objecting(registry: SyncRegistry) -> None:
    registry.run(ObjectionRepository().lay(Objection("S7", LATER, "test", "asked")))


def test_a_version_that_goes_on_lists_all_that_the_one_before_had_learned_from(
    registry: MongomockRegistry, tmp_path: Path
) -> None:
    assert first(registry, tmp_path).champion == "v1"
    assert trained_step(registry, "run-1").endswith(
        "left out: lightgbm_continued (no champion serves yet)"
    )

    after = second(registry, tmp_path, window=300)

    assert after.family == "lightgbm_continued"
    assert (after.lineage.continued_from, after.lineage.trees_kept) == ("v1", 20)
    assert after.window.rows == 300, "a hundred of the first year had no room"
    assert len(listed(registry, "v2")) == 400
    assert listed(registry, "v2") > listed(registry, "v1")
    assert after.window.periods == ("2022", "2023")
    card = registry.run(ArtifactRepository().get(after.card.markdown)).decode()  # type: ignore[union-attr]
    assert "v1 (20 trees)" in card

    forgotten = [
        f"S{i}"
        for i in range(200)
        if registry.run(erase_student(f"S{i}", now=LATER, tombstone_key=KEY)).model_versions
        != ("v1", "v2")
    ]
    assert forgotten == [], "whoever v1 learned from, the window of v2 or not, v2 learned from"
    for version in ("v1", "v2"):
        assert registry.run(LearnedErasedRepository().of_version(version)) == 200


def test_nothing_goes_on_from_a_version_that_learned_from_an_erased_student(
    registry: MongomockRegistry, tmp_path: Path
) -> None:
    first(registry, tmp_path)
    erased(registry)
    next_year = school.START + timedelta(days=1)
    school.teach(registry, "2023", school.READING, n=200, seed=1, now=next_year)
    both = spec("lightgbm", "lightgbm_continued")

    school.run(registry, tmp_path, run_id="run-2", spec=both, now=LATER)
    school.run(
        registry, tmp_path, run_id="run-3", spec=both, now=LATER,
        options=RunOptions(without_erased=True),
    )  # fmt: skip

    assert "v1 learned from students who were erased since" in trained_step(registry, "run-2")
    assert "learned from whom it is to forget" in trained_step(registry, "run-3")
    for version in ("v2", "v3"):
        assert registry.run(ModelVersionRepository().get(version)).lineage.continued_from == ""
        assert KEY.of_record("S7", "2022") not in listed(registry, version)


def test_nothing_goes_on_from_a_version_that_learned_from_whoever_objects_since(
    registry: MongomockRegistry, tmp_path: Path
) -> None:
    first(registry, tmp_path)
    objecting(registry)
    next_year = school.START + timedelta(days=1)
    school.teach(registry, "2023", school.READING, n=200, seed=1, now=next_year)

    school.run(
        registry, tmp_path, run_id="run-2", spec=spec("lightgbm", "lightgbm_continued"), now=LATER
    )

    assert "v1 learned from students who object since" in trained_step(registry, "run-2")
    assert KEY.of_record("S7", "2022") not in listed(registry, "v2")


@pytest.mark.parametrize(("leaves", "why"), [(erased, "were erased"), (objecting, "object")])
def test_a_student_who_leaves_while_the_challenger_is_trained_leaves_no_version_behind(
    registry: MongomockRegistry, tmp_path: Path, leaves: Callable[[SyncRegistry], None], why: str
) -> None:
    first(registry, tmp_path)
    next_year = school.START + timedelta(days=1)
    school.teach(registry, "2023", school.READING, n=200, seed=1, now=next_year)

    def stepped(name: str) -> None:
        if name == "trained":
            leaves(registry)

    with pytest.raises(Conflict, match=f"v1 learned from students who {why} since"):
        execute(
            registry, school.plan(tmp_path, spec(*ALONE), run_id="run-2"),
            clock=lambda: LATER, say=lambda _: None, stepped=stepped,
        )  # fmt: skip

    assert [v.version for v in registry.run(ModelVersionRepository().newest())] == ["v1"]


def test_a_continued_champion_is_grown_at_once_and_gone_on_from_with_all_it_learned_from(
    registry: MongomockRegistry, tmp_path: Path
) -> None:
    first(registry, tmp_path)
    version = second(registry, tmp_path)
    champion = StoredChampion(
        Alias("champion", "v2", 2, LATER),
        version,
        load_predictor(registry, version, tmp_path / "bundle", school.KEY),
        training_ids(registry, version, school.KEY),
    )
    task = spec("lightgbm", "lightgbm_continued")
    window = registry.run(training_labels.window(task, arrived_until=LATER, limit=5000))
    data = training_set(window, [])

    recipe = FormerRecipe(champion, task)
    start = start_of(registry, champion, data, task)

    assert recipe.family == "lightgbm"
    assert recipe.params["trees"] == 40
    assert "most_trees" not in recipe.params
    assert isinstance(start, GrownStart)
    assert start.recipe.learned.ids == listed(registry, "v2") > listed(registry, "v1")
    assert able(("lightgbm_continued",), data, task, start) == (("lightgbm_continued",), {})
    other = start_of(registry, champion, data, spec("ridge", "xgboost", "xgboost_continued"))
    assert other == NoStart("v2 is a lightgbm")
    assert start_of(registry, champion, data, spec("ridge")) == NOBODY


def test_a_recalibration_of_a_continued_version_says_what_that_one_went_on_from() -> None:
    draft = model_version(1)
    lineage = replace(draft.lineage, continued_from="v1", trees_kept=20)
    origin = replace(draft, lineage=lineage, trained_on="f" * 64)

    kept = registration._kept_scorer(draft, origin)

    assert (kept.lineage.continued_from, kept.lineage.trees_kept) == ("v1", 20)
    assert (kept.trained_on, kept.calibrated_on) == (origin.trained_on, draft.trained_on)
