from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from model.trust.key_seal import digest_of
from tests.api.bundles import KEY
from tests.api.conftest import World
from tests.api.keys import keys
from tests.api.server import ROOT, Server, served, until

T = TypeVar("T")
RECORD = {"inde": 7.5}


def program(home: Path, *arguments: str) -> str:
    """`python -m api.keys` as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "api.keys", *arguments],
        cwd=ROOT,
        env=os.environ | {"FAROL_HOME": str(home), "FAROL_SIGNING_KEY": KEY.decode()},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def guarded(world: World) -> Iterator[Server]:
    with served(world.home, workers=2, auth="keys") as running:
        yield running


def test_without_a_key_nothing_but_health_and_metrics_is_answered(guarded: Server) -> None:
    closed = [guarded.post("/predict", RECORD), guarded.get("/models"), guarded.get("/schema")]
    opened = [guarded.get("/health/live"), guarded.get("/metrics"), guarded.get("/openapi.json")]

    assert [a.status_code for a in closed] == [401] * 3
    assert closed[0].headers["content-type"] == "application/problem+json"
    assert closed[0].headers["www-authenticate"] == "Bearer"
    assert [a.status_code for a in opened] == [200] * 3


def test_a_key_opens_what_its_scopes_say_and_its_name_is_kept(
    guarded: Server, world: World
) -> None:
    secret = program(world.home, "create", "--name", "school", "--scope", "predict,label")

    bearer = guarded.post("/predict", RECORD, Authorization=f"Bearer {secret}")
    header = guarded.post("/predict", RECORD, **{"X-API-Key": secret})
    beyond = guarded.post("/model/rollback", None, Authorization=f"Bearer {secret}")

    assert (bearer.status_code, header.status_code, beyond.status_code) == (200, 200, 403)
    assert secret not in (world.home / "server.log").read_text()
    assert secret not in keys(world.home, "list")


@pytest.mark.slow
def test_a_revoked_key_stops_working(guarded: Server, world: World) -> None:
    secret = keys(world.home, "create", "--name", "leaver", "--scope", "predict")
    assert guarded.post("/predict", RECORD, Authorization=f"Bearer {secret}").status_code == 200
    line = next(x for x in keys(world.home, "list").splitlines() if "leaver" in x)

    keys(world.home, "revoke", line.split()[0])

    def refused() -> bool:
        answers = [
            guarded.post("/predict", RECORD, Authorization=f"Bearer {secret}") for _ in range(4)
        ]
        return {a.status_code for a in answers} == {401}

    assert until(refused, 10) < 6


def test_a_wrong_scope_is_a_usage_error(world: World) -> None:
    with pytest.raises(subprocess.CalledProcessError) as error:
        keys(world.home, "create", "--name", "x", "--scope", "everything")

    assert error.value.returncode == 2
    assert "predict" in error.value.stderr


def test_without_the_installations_key_the_command_says_the_remedy(
    guarded: Server, world: World
) -> None:
    keys(world.home, "create", "--name", "first", "--scope", "read")

    with pytest.raises(subprocess.CalledProcessError) as error:
        keys(world.home, "create", "--name", "x", "--scope", "read", signing_key="another")

    assert error.value.returncode == 2
    assert "FAROL_SIGNING_KEY" in error.value.stderr
    assert "adopt" in error.value.stderr
    listed = keys(world.home, "list", signing_key="another")
    assert "not signed by this installation" in listed
    assert " x " not in listed


def test_a_digest_is_all_that_is_stored() -> None:
    assert digest_of("secret") != "secret"
    assert digest_of("secret") == digest_of("secret")
