"""What an entry of `DUTIES` lacks is named here."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from deployment.exit_codes import ExitCode
from retraining.worker import outcome
from retraining.worker.duties import DUTIES, Duty, planned
from tests.retraining.school import task

ROOT = Path(__file__).parents[2]
TEXTS = yaml.safe_load((files("dashboard") / "texts.yaml").read_text("utf-8"))
PAGE = (ROOT / "docs" / "worker.md").read_text("utf-8")


def test_no_two_duties_have_one_name() -> None:
    assert [name for name, n in Counter(duty.name for duty in DUTIES).items() if n > 1] == []


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty.name)
def test_a_duty_is_named_in_both_languages_and_in_the_documents(duty: Duty) -> None:
    assert f"job.{duty.name}" in TEXTS, f"dashboard/texts.yaml lacks job.{duty.name}"
    assert f"\n| `{duty.name}` |" in PAGE, f"the table of docs/worker.md lacks {duty.name}"


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty.name)
def test_a_duty_has_times_that_do_not_depend_on_when_the_worker_started(duty: Duty) -> None:
    """A trigger that counts from its own making would begin anew with every start."""
    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

    first, again = (planned(task())[duty.name].get_next_fire_time(None, now) for _ in range(2))

    assert first is not None and first == again
    assert first.second == 0


def test_the_texts_name_no_duty_that_is_gone() -> None:
    named = {key.removeprefix("job.") for key in TEXTS if key.startswith("job.")}

    assert named == {duty.name for duty in DUTIES}


def test_the_exit_codes_are_those_of_the_commands() -> None:
    known = (outcome.USAGE, outcome.NOT_ENOUGH_DATA, outcome.LEASE_HELD)

    assert known == (ExitCode.USAGE, ExitCode.NOT_ENOUGH_DATA, ExitCode.LEASE_HELD)
