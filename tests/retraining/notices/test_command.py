"""`python -m retraining.notices`: tries the addresses, shows what was and would be told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from database.driver.client import open_registry
from database.watch.notices import NoticeRepository
from retraining.notices.__main__ import main
from tests.retraining.notices.receivers import Mailbox, Webhook
from tests.retraining.notices.test_telling import failing_run
from tests.retraining.school import TASK

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    embedded_uri: str,
    db: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    yaml = tmp_path / "school.yaml"
    yaml.write_text(f"{TASK}title_pt: Uma escola\nnotices: {{quiet: '00:00-23:59'}}\n", "utf-8")
    told = {"MONGO_URI": embedded_uri, "MONGO_DB": db, "FAROL_HOME": tmp_path, "FAROL_TASK": yaml}

    def run(*words: str, **env: str) -> tuple[int, str, str]:
        for name, value in {**told, **env}.items():
            monkeypatch.setenv(name, str(value))
        code = main(words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_a_trial_goes_out_at_any_hour_and_each_address_is_told_of_without_being_shown(
    command: Command, hook: Webhook, mail: Mailbox
) -> None:
    addresses = f"{hook.url('/hush')} {mail.url('hush@school.org')}"

    code, out, err = command("test", FAROL_NOTICES=addresses)

    assert (code, err) == (0, "")
    assert out == "address 1 (JSON): accepted\naddress 2 (E-Mail): accepted\n"
    assert "mensagem de teste" in hook.received[0]["title"]
    assert len(mail.received) == 1


def test_an_address_that_does_not_accept_makes_the_trial_fail(
    command: Command, hook: Webhook
) -> None:
    hook.code = 403

    code, out, _ = command("test", FAROL_NOTICES=hook.url())

    assert (code, out) == (1, "address 1 (JSON): answered 403\n")


def test_without_an_address_or_with_a_wrong_one_the_setting_is_named(command: Command) -> None:
    assert command("test", FAROL_NOTICES="")[::2] == (
        2, "notices: no address is set (FAROL_NOTICES): notices are shown on the dashboard only\n"
    )  # fmt: skip
    for wrong in ("hush", "nosuch://hush"):
        code, out, err = command("list", FAROL_NOTICES=wrong)
        assert (code, out) == (2, "") and "FAROL_NOTICES" in err and "hush" not in err


def test_the_list_shows_what_would_be_told_and_what_was(
    command: Command, embedded_uri: str, db: str
) -> None:
    with open_registry(embedded_uri, db) as opened:
        now = datetime.now(UTC).replace(microsecond=0)
        command("list")  # The task's registry is made.
        failing_run(opened, now=now - timedelta(minutes=5))

        code, out, _ = command("list", FAROL_NOTICES="json://hush.example/1")

        assert opened.run(NoticeRepository().count()) == 0
    assert code == 0 and "hush" not in out
    assert "address 1 (JSON)\nthe next look would add 1\n" in out
    assert "warning  due     Um treino falhou: O treino run-8 não passou" in out
    assert out.endswith("found before: 0 (the newest 50 at most)\n")
