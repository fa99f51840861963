"""The page to hand out has words and a place for every part of a dossier, in both languages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from api.answers.dossiers import TaskDossier
from api.lists.words import Language
from api.rights.page import ROOM, pieces
from api.students.reading import StudentReader
from database.dossier import Dossier
from model.helping.action import ActionKind
from model.label import Label, OrphanLabel
from model.prediction import RiskStatus
from model.rights.seen import Seer
from preprocessing.task.spec import load_task
from tests.database.builders import observation
from tests.database.helping.builders import action, assignment, intervention
from tests.database.lists.builders import listed
from tests.database.rights.builders import objection, rectification

AT = datetime(2025, 3, 2, 12, tzinfo=UTC)
WORDS = yaml.safe_load((files(ROOM) / "words.yaml").read_text("utf-8"))
TEMPLATE = (files(ROOM) / "templates" / "student.html.jinja").read_text("utf-8")
FIELDS: Any = {
    "student_id": "RA-1", "unit": None, "at": AT, "not_reached": ["scores"], "erased": ["old"],
}  # fmt: skip


class Reader(StudentReader):
    """A student known by everything, without a registry."""

    async def every_prediction(self, size: int) -> AsyncIterator[list[Any]]:
        yield [{
            "created_at": AT, "period": "2024", "risk_score": 0.25, "client": None,
            "status": RiskStatus.ALERT, "model_version": "v1",
        }]  # fmt: skip

    async def every_outcome(self, size: int) -> AsyncIterator[list[Any]]:
        yield [{
            "period": None, "value": 1.0, "observed_at": AT, "arrived_at": AT, "source": "city",
        }]  # fmt: skip


def reader() -> StudentReader:
    everything = Dossier(
        records=(replace(observation(), features={"ida": 7.25}, protected={"genero": "feminino"}),),
        labels=(Label("RA-1", "2024", {}, 1.0, AT, AT),),
        orphans=(OrphanLabel("RA-1", "2021", 1.0, AT, AT),),
        actions=(action(kind=ActionKind.SEEN, note="a <note>"),),
        interventions=(intervention(),),
        assigned=(assignment(), assignment(person="Bia")),
        listed=(listed("l1", "RA-1"),),
        corrections=(rectification(),),
        objection=objection(),
    )
    here = SimpleNamespace(task=load_task("pede_lag"))
    return Reader(cast(Any, here), "RA-1", None, everything)


async def page(language: Language) -> str:
    seen = [Seer("maria", "person", "student opened", 3, AT, AT)]
    return b"".join([p async for p in pieces(FIELDS, {"x": reader()}, seen, language)]).decode()


@pytest.mark.parametrize("part", [*TaskDossier.__annotations__, "seen_by"])
def test_every_part_of_a_dossier_has_a_section_of_the_page(part: str) -> None:
    for word in (f"section.{part}", f"about.{part}"):
        assert word in WORDS, f"api/rights/words.yaml lacks {word}"
    named = rf"section\(\"{part}\"\)|said\(\"section\.{part}\"\)"
    assert re.search(named, TEMPLATE), f"student.html.jinja has no section {part}"


def test_every_word_is_in_both_languages() -> None:
    assert [key for key, both in WORDS.items() if {*both} != {"pt", "en"}] == []


@pytest.mark.parametrize("language", ["pt", "en"])
def test_a_student_known_by_everything_is_told_whole(language: Language) -> None:
    text = asyncio.run(page(language))

    for part in (*TaskDossier.__annotations__, "seen_by"):
        assert WORDS[f"section.{part}"][language] in text
    assert ("7,25" if language == "pt" else "7.25") in text
    assert "25 %" in text
    assert "maria" in text
    assert "a &lt;note&gt;" in text
    assert "read from another row" in text
    assert "Bia" in text
