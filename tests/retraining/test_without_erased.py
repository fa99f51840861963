"""A champion that learned from an erased student is replaced by a model that is no worse."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.erasing.erasure import erase_student
from database.erasing.guarded import ErasureGuard
from database.erasing.learned import LearnedErasedRepository
from database.looks import LookRepository
from database.repositories import REPOSITORIES
from database.versions import ModelVersionRepository
from model.archive import unpack
from model.erasing.record_ids import PLAIN, record_id
from model.options import RunOptions
from model.promotion import DecisionStatus
from model.trust.tombstone import TombstoneKey
from retraining.run.plan import RunResult
from tests.database.drivers import MongomockRegistry
from tests.retraining import school

KEY = TombstoneKey(b"a data key")
WHO = "S7"
ASKED = RunOptions(without_erased=True)


@pytest.fixture
def registry() -> MongomockRegistry:
    return MongomockRegistry("farol", ErasureGuard(KEY))


def without(registry: SyncRegistry, home: Path, run_id: str = "run-2") -> RunResult:
    return school.run(registry, home, run_id=run_id, options=ASKED)


def served_and_erased(registry: SyncRegistry, home: Path) -> None:
    """A first champion serves; then one of the students it learned from is erased."""
    school.teach(registry, "2022", school.READING, n=200)
    assert school.run(registry, home).champion == "v1"
    assert {"students", "labels"} <= set(places_that_name(WHO, registry, home / "before"))
    now = school.START + timedelta(days=401)
    receipt = registry.run(erase_student(WHO, now=now, tombstone_key=KEY))
    assert receipt.model_versions == ("v1",)


def listed(registry: SyncRegistry, version: str) -> set[str]:
    digest = registry.run(ModelVersionRepository().get(version)).trained_on
    return set(registry.run(ArtifactRepository().get(digest)).decode().splitlines())


def places_that_name(student: str, registry: SyncRegistry, home: Path) -> list[str]:
    """Collections, unpacked bundles and files of the home in which the student's id stands.

    Cards, kept lists and training lists are among the collections, as bytes.
    """
    id_alone = re.compile(rf"(?<![\w.-]){re.escape(student)}(?![\w.-])".encode())
    texts: dict[str, bytes] = {
        kind.collection: repr(registry.run(kind().documents())).encode() for kind in REPOSITORIES
    }
    for version in registry.run(ModelVersionRepository().newest(0)):
        folder = home / f"unpacked-{version.version}"
        unpack(registry.run(ArtifactRepository().get(version.artifact)), folder)
    texts |= {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert len(texts) > len(REPOSITORIES)
    return [place for place, content in texts.items() if id_alone.search(content)]


@pytest.mark.slow
def test_a_model_that_is_no_worse_replaces_one_that_learned_from_an_erased_student(
    registry: MongomockRegistry, tmp_path: Path
) -> None:
    served_and_erased(registry, tmp_path)
    assert registry.run(LearnedErasedRepository().of_version("v1")) == 1
    assert {len(one) for one in listed(registry, "v1")} == {2 * PLAIN}, "lists are keyed"
    assert record_id("S1", "2022") not in listed(registry, "v1")

    done = without(registry, tmp_path)

    assert (done.status, done.champion) == (DecisionStatus.PROMOTED, "v2")
    assert done.reasons[0] == "v1 learned from 1 students who were erased since"
    assert {guard.name for guard in done.guards} >= {"no_worse", "max_auc_loss"}
    assert {guard.name for guard in done.guards}.isdisjoint({"min_recall_gain", "confidence"})
    assert registry.run(ModelVersionRepository().get("v2")).lineage.without_erased == 1
    assert listed(registry, "v1") - listed(registry, "v2") == {KEY.of_record(WHO, "2022")}
    assert registry.run(LearnedErasedRepository().of_version("v2")) == 0
    assert registry.run(LookRepository().find("2022")) is None, "no gain is claimed, none is spent"

    assert places_that_name(WHO, registry, tmp_path) == []

    again = without(registry, tmp_path, run_id="run-3")

    assert (again.status, again.challenger) == (DecisionStatus.KEPT, None), "no way round the rule"
    assert again.reasons == ("v2 learned from no student who was erased since",)


@pytest.mark.slow
def test_with_records_that_are_new_to_the_champion_it_answers_itself(
    registry: MongomockRegistry, tmp_path: Path
) -> None:
    served_and_erased(registry, tmp_path)
    school.teach(registry, "2023", school.READING, seed=1, now=school.START + timedelta(days=1))

    done = without(registry, tmp_path)

    assert done.evidence["rows"] == 299, "whoever was erased does not come back with the next year"
    assert done.evidence["champion"]["version"] == "v1"
    assert done.status is DecisionStatus.PROMOTED
