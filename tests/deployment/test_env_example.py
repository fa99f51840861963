"""`.env.example` holds every setting with what it means, and Farol starts with it."""

from __future__ import annotations

import io
from pathlib import Path

from dotenv import dotenv_values

from deployment.settings import KEYS, load_settings
from tests.deployment.env_example import COMPOSE, EXAMPLE, example, of_compose, of_the_page


def test_the_example_is_what_the_page_and_the_compose_file_say() -> None:
    # Otherwise: python -m tests.deployment.env_example
    assert EXAMPLE.read_text("utf-8") == example()


def test_every_setting_is_in_the_example() -> None:
    named = {one.name for one in of_the_page()}

    assert {*KEYS.values()} - named == set(), "no row in the table of docs/operations.md"
    assert named - {*KEYS.values()} == {"DATA"}


def test_the_example_as_it_is_sets_nothing() -> None:
    assert dotenv_values(EXAMPLE) == {}


def test_every_value_of_the_example_is_one_that_is_taken(tmp_path: Path) -> None:
    given = "\n".join(
        line.removeprefix("#")
        for line in EXAMPLE.read_text("utf-8").splitlines()
        if line.startswith("#") and line.partition("=")[0].removeprefix("#") in KEYS.values()
    )
    values = {k: v for k, v in dotenv_values(stream=io.StringIO(given)).items() if v is not None}

    settings = load_settings({**values, "FAROL_HOME": str(tmp_path)})

    assert set(values) == {*KEYS.values()}
    assert settings.rate_calls == "60000/10 minutes"


def test_containers_are_given_every_setting_that_is_not_theirs_to_say() -> None:
    theirs = {"FAROL_HOME", "DASHBOARD_PORT", "PORT"}
    text = COMPOSE.read_text("utf-8")

    assert {name for name in KEYS.values() if f"      {name}:" not in text
            and f"    {name}:" not in text} == theirs  # fmt: skip
    assert {"MONGO_PASSWORD", "MONGO_REPLICA_KEY"} <= {one.name for one in of_compose()}
