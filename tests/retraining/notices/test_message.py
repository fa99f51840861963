"""Many notices are one message, in the school's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from model.watch.notice import Severity
from preprocessing.task.spec import parse_task
from retraining.notices.message import letterhead, message_of, trial_message
from tests.retraining.notices.builders import NOW, notice
from tests.retraining.school import TASK

SCHOOL = parse_task(
    f"{TASK}title_pt: Uma escola\nnotices: {{zone: America/Sao_Paulo}}\n", source="test"
)
HEAD = letterhead(SCHOOL, "https://farol.school.org/")
PLAIN = replace(HEAD, link="")


def test_one_notice_is_told_with_its_time_by_the_schools_clock_and_a_link() -> None:
    message = message_of([notice(1)], HEAD)

    assert message.title == "Farol · Uma escola: Os dados mudaram"
    assert message.body == (
        "Os dados mudaram\n"
        "- 02/03/2026 12:00: f001: mudou.\n\n"
        "Veja no painel: https://farol.school.org/history?task=school&lang=pt\n\n"
        "Mensagem do Farol. Nenhum aviso fala de um aluno."
    )


def test_two_hundred_alarms_are_one_message_with_ten_of_them() -> None:
    message = message_of([notice(n) for n in range(200)], PLAIN)

    assert message.title.endswith("Os dados mudaram")
    assert message.body.count("mudou.") == 10
    assert "… e mais 190 como estes." in message.body


def test_what_matters_most_comes_first_and_gives_the_message_its_weight() -> None:
    down = notice(
        7, kind="serving_degraded", severity=Severity.CRITICAL, title={"pt": "Urgente", "en": "!"}
    )

    message = message_of([notice(1), down], PLAIN)

    assert message.severity is Severity.CRITICAL
    assert message.title == "Farol · Uma escola: 2 avisos"
    assert message.body.startswith("Urgente\n")


def test_what_is_over_by_now_is_said_to_be() -> None:
    over = notice(1, standing=False, over_at=NOW + timedelta(hours=3))

    assert "mudou. Já passou (02/03/2026 15:00)." in message_of([over], PLAIN).body


def test_the_order_of_finding_does_not_change_the_message() -> None:
    notices = [notice(n) for n in range(5)]

    assert message_of(notices, PLAIN) == message_of(notices[::-1], PLAIN)


def test_the_other_language_says_it_in_its_words() -> None:
    english = letterhead(parse_task(TASK, source="test"), None)

    assert (
        message_of([notice(1)], english).title == "Farol · A made-up school: The data have changed"
    )
    assert "A message of Farol." in message_of([notice(1)], english).body
    assert "test message" in trial_message(english).title
    assert "mensagem de teste" in trial_message(HEAD).title
