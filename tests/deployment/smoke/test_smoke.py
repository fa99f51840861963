"""`python -m deployment.smoke` against a served installation, broken ones, and what is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from database.driver.client import SyncRegistry
from database.predictions import PredictionRepository
from deployment.smoke.__main__ import main
from deployment.smoke.reply import MOST_BYTES
from model.prediction import PredictionSource
from tests.api.conftest import world_in
from tests.api.keys import make_key
from tests.api.server import free_port, served, until
from tests.deployment.smoke.impostors import ALIVE, Impostor, answering, self_signed

CHECKS = (
    "alive", "encrypted", "ready", "health", "without a key", "with a wrong key", "headers",
    "metrics", "docs", "tasks", "pede_lag: schema", "pede_lag: model", "pede_lag: prediction",
    "pede_lag: wrong record",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Installation:
    url: str
    key: str
    registry: SyncRegistry
    uri: str


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with world_in(tmp_path_factory.mktemp("home")) as world:
        key = make_key(world.home, "--scope", "predict,read")
        with served(world.home, workers=1, auth="keys") as server:
            until(lambda: server.get("/health/ready").status_code == 200)
            yield Installation(server.url, key, world.registry, world.uri)


def asked(capsys: pytest.CaptureFixture[str], *given: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and each check's finding by its name."""
    code = main([*given, "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is (code == 0)
    return code, {one["check"]: one for one in document["checks"]}


def test_every_check_of_a_served_installation_is_passed(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = asked(capsys, installation.url, "--key", installation.key)

    assert (code, tuple(found)) == (0, CHECKS)
    # No worker runs here, and the server says what it is: something to read, and no failure.
    assert {name for name, one in found.items() if one["verdict"] != "ok"} == {"health", "headers"}
    assert found["health"]["detail"] == "no retraining worker is up"
    assert "--no-server-header" in found["headers"]["detail"]


def test_what_it_asks_for_is_kept_as_tried_and_names_nobody(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(capsys, installation.url, "--key", installation.key)

    until(lambda: len(kept(installation.registry)) > 0)
    predictions = kept(installation.registry)
    assert {one.source for one in predictions} == {PredictionSource.DASHBOARD}
    assert {one.student_id for one in predictions} == {None}


def kept(registry: SyncRegistry) -> list[Any]:
    return list(registry.run(PredictionRepository().newest(10)))


def test_a_line_a_check_is_printed_and_no_key(
    installation: Installation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAROL_API_KEY", installation.key)

    assert main([installation.url]) == 0

    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line[8:31].strip() for line in lines[:-1]] == list(CHECKS)
    assert lines[-1] == f"{len(CHECKS)} checks, 0 failed"
    assert installation.key not in out + err


@pytest.mark.parametrize("key", ["", "not-one-of-ours"])
def test_a_key_that_nobody_knows_fails_what_needs_one(
    installation: Installation, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = asked(capsys, installation.url, "--key", key)

    assert code == 1
    assert {name for name, one in found.items() if one["verdict"] == "failed"} == {"tasks"}
    assert "401" in found["tasks"]["detail"]


def test_a_task_that_is_not_served_fails(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = asked(
        capsys, installation.url, "--key", installation.key, "--task", "night_school"
    )

    assert code == 1
    assert "404" in found["night_school: schema"]["detail"]


def test_an_installation_without_a_champion_fails_and_says_so(
    installation: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env = {"MONGO_URI": installation.uri, "MONGO_DB": "nobody_serves"}
    with served(tmp_path, workers=1, env=env) as server:
        code, found = asked(capsys, server.url, "--wait", "0.1")

    failed = {name for name, one in found.items() if one["verdict"] == "failed"}
    assert code == 1
    assert {"ready", "tasks", "pede_lag: prediction"} <= failed
    assert "503" in found["ready"]["detail"]
    assert found["tasks"]["detail"] == "without a champion: pede_lag"
    # Asked on this machine without a key, where authentication is off.
    assert found["without a key"]["verdict"] == "note"


def test_what_is_not_farol_fails_at_the_first_check_and_is_asked_nothing_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(Impostor()) as port:
        code, found = asked(capsys, f"http://127.0.0.1:{port}")

    assert (code, list(found)) == (1, ["alive"])
    assert "not as Farol does" in found["alive"]["detail"]


def test_what_only_looks_alive_fails_every_check_that_matters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(Impostor(body=ALIVE)) as port:
        code, found = asked(capsys, f"http://127.0.0.1:{port}", "--key", "k")

    failed = {name for name, one in found.items() if one["verdict"] == "failed"}
    assert code == 1
    assert failed == set(found) - {"alive", "encrypted"}


def test_an_address_that_sends_on_is_told_with_where_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(Impostor(location="https://farol.school.example/")) as port:
        code, found = asked(capsys, f"http://127.0.0.1:{port}")

    assert code == 1
    assert "308, sent on to https://farol.school.example/" in found["alive"]["detail"]


@pytest.mark.parametrize(
    ("impostor", "told"),
    [
        (Impostor(waits=2), "no answer within 0.3 s"),
        (Impostor(ALIVE * 20, drips=0.05), "no whole answer within 0.3 s"),
        (Impostor(b" " * (MOST_BYTES + 1)), "an answer of more than 8 MB"),
    ],
    ids=["waits", "drips", "never ends"],
)
def test_an_answer_that_is_slow_or_endless_is_not_waited_for(
    impostor: Impostor, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    limit = "0.3" if impostor.waits or impostor.drips else "20"
    with answering(impostor) as port:
        code, found = asked(capsys, f"http://127.0.0.1:{port}", "--timeout", limit)

    assert (code, found["alive"]["detail"]) == (1, told)


def test_where_nobody_listens_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = asked(capsys, f"http://127.0.0.1:{free_port()}")

    assert code == 1
    assert found["alive"]["detail"].startswith("nobody answers")


def test_a_certificate_of_another_name_is_not_trusted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path / "other.pem", "other.example", days=90)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with answering(Impostor(body=ALIVE), certificate) as port:
        code, found = asked(capsys, f"https://localhost:{port}")

    assert code == 1
    assert found["alive"]["detail"].startswith("the certificate is not trusted: Hostname mismatch")


@pytest.mark.parametrize(("days", "verdict"), [(90, "ok"), (13, "note")])
def test_a_certificate_that_ends_soon_is_noted(
    days: int,
    verdict: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate = self_signed(tmp_path / "own.pem", "localhost", days)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with answering(Impostor(body=ALIVE), certificate) as port:
        _, found = asked(capsys, f"https://localhost:{port}")

    told = f"TLS, the certificate ends in {days} days"
    assert (found["encrypted"]["verdict"], found["encrypted"]["detail"]) == (verdict, told)


def test_local_is_told_where_tls_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(Impostor(body=ALIVE)) as port:
        code, found = asked(capsys, f"https://127.0.0.1:{port}", "--timeout", "5")

    assert code == 1
    assert found["alive"]["detail"].startswith("no TLS is spoken there")


@pytest.mark.parametrize(
    "url",
    ["farol.example", "ftp://farol.example", "https://me:hush@farol.example", "http://x/?k=1"],
)
def test_what_is_no_address_of_an_api_is_wrong_usage(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([url])

    assert ended.value.code == 2
    assert "hush" not in capsys.readouterr().err
