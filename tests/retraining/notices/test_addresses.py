"""Real messages to a real webhook and a real mail server, and no word of an address anywhere."""

from __future__ import annotations

import logging

import pytest

from model.errors import ConfigurationError
from model.watch.notice import Severity
from retraining.notices.addresses import MOST, AppriseOutlet
from retraining.notices.message import Message
from tests.retraining.notices.receivers import Mailbox, Webhook
from tests.retraining.school import KEY

MESSAGE = Message(
    "Farol · Uma escola: 2 avisos", "Os dados <mudaram> & é isso.\n- ação", Severity.WARNING
)


def outlet(*urls: str, task: str = "school") -> AppriseOutlet:
    return AppriseOutlet(" ".join(urls), task, KEY)


def test_a_webhook_gets_title_text_and_weight(hook: Webhook) -> None:
    way = outlet(hook.url("/farol"))
    (address,) = way.addresses

    assert way.send(address, MESSAGE) == ""

    (received,) = hook.received
    assert (received["title"], received["message"]) == (MESSAGE.title, MESSAGE.body)
    assert received["type"] == "warning"


def test_a_mail_has_the_title_as_subject_and_the_text_as_it_is(mail: Mailbox) -> None:
    way = outlet(mail.url())
    (address,) = way.addresses

    assert way.send(address, MESSAGE) == ""

    (received,) = mail.received
    body = received.get_body(("plain",)) or received.get_body(("html",))  # type: ignore[attr-defined]
    assert received["Subject"] == MESSAGE.title
    assert mail.recipients == ["head@school.org"]
    assert "Os dados" in body.get_content() and "ação" in body.get_content()


def test_who_does_not_accept_is_told_with_what_it_answered(hook: Webhook, mail: Mailbox) -> None:
    hook.code, mail.answer = 404, "550 no such person"
    way = outlet(hook.url(), mail.url(), "json://127.0.0.1:9/nobody")

    answers = [way.send(address, MESSAGE) for address in way.addresses]

    assert answers == ["answered 404", "not reached, or it refused", "not reached, or it refused"]


def test_nothing_of_an_address_is_logged_printed_or_shown(
    hook: Webhook,
    mail: Mailbox,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    hook.code, mail.answer = 500, "550 head@school.org is unknown"
    caplog.set_level(logging.INFO)
    way = outlet(hook.url("/hushpath?-token=hushtoken"), mail.url("hushperson@school.org"))

    told = [f"{one} {one.told} {way.send(one, MESSAGE)}" for one in way.addresses]

    printed = capfd.readouterr()
    # The tests' mail server logs what it is given; and pytest listens where we have closed.
    assert not logging.getLogger("apprise").propagate
    heard = [one for one in caplog.records if one.name not in ("mail.log", "apprise")]
    logged = [one.getMessage() for one in heard]
    everything = "\n".join([*told, *logged, printed.out, printed.err])
    assert "hush" not in everything and "127.0.0.1" not in everything, everything
    assert [one.told for one in way.addresses] == ["address 1 (JSON)", "address 2 (E-Mail)"]


@pytest.mark.parametrize(
    "wrong", ["nosuch://hush@host", "mailto://", "json://", "http://hush.example/x"]
)
def test_an_address_of_no_known_kind_is_named_by_its_place_and_not_shown(
    wrong: str, hook: Webhook, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        ConfigurationError, match="FAROL_NOTICES: address 2 is of no kind"
    ) as raised:
        outlet(hook.url(), wrong)

    printed = capfd.readouterr()
    assert "hush" not in f"{raised.value}{printed.out}{printed.err}"


def test_an_address_may_be_of_one_task_alone_and_counts_once() -> None:
    setting = ("json://a.example/1", "school=json://b.example/2", "other=json://c.example/3")

    assert [one.place for one in outlet(*setting).addresses] == [1, 2]
    assert [one.place for one in outlet(*setting, task="other").addresses] == [1, 3]
    assert len(outlet("json://a.example/1", "json://a.example/1").addresses) == 1
    assert outlet().addresses == ()


def test_what_the_registry_knows_an_address_by_is_the_same_again_and_needs_the_key() -> None:
    url = "json://a.example/1"
    (one,), (again,) = outlet(url).addresses, outlet(url).addresses
    (other,) = AppriseOutlet(url, "school", b"another key").addresses

    assert one.key == again.key != other.key
    assert "a.example" not in one.key


def test_more_addresses_than_a_worker_can_serve_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=f"at most {MOST}"):
        outlet(*(f"json://a{n}.example/1" for n in range(MOST + 1)))
