"""Many notices as one message, in the school's words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from model.watch.notice import Notice, Severity
from preprocessing.task.spec import TaskSpec
from retraining.notices.table import NOTICES

SHOWN = 10
"""Notices of one kind that a message tells one by one; the rest is a number."""

ORDER = {rule.name: place for place, rule in enumerate(NOTICES)}
WEIGHT = {severity: -place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to an address."""

    title: str
    body: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all messages of a task have in common.

    Attributes:
        language: `pt` or `en`.
        task: the task's title in it.
        link: where to read more; empty for none.
        local: a moment by the school's clock.
    """

    language: str
    task: str
    link: str
    local: Callable[[datetime], datetime]


WORDS: Mapping[str, Mapping[str, str]] = {
    "several": {"pt": "{n} avisos", "en": "{n} notices"},
    "more": {"pt": "… e mais {n} como estes.", "en": "… and {n} more like these."},
    "over": {"pt": " Já passou ({at}).", "en": " It is over ({at})."},
    "link": {"pt": "Veja no painel: {link}", "en": "See the dashboard: {link}"},
    "foot": {
        "pt": "Mensagem do Farol. Nenhum aviso fala de um aluno.",
        "en": "A message of Farol. No notice speaks of a student.",
    },
    "trial_title": {"pt": "mensagem de teste", "en": "test message"},
    "trial": {
        "pt": "Se você lê isto, os avisos do Farol chegam a este endereço.",
        "en": "If you read this, the notices of Farol reach this address.",
    },
}


def letterhead(task: TaskSpec, dashboard_url: str | None) -> Letterhead:
    """What the messages of a task have in common."""
    language = task.told_in
    title = task.title_pt if language == "pt" and task.title_pt else task.title
    link = ""
    if dashboard_url:
        link = f"{dashboard_url.rstrip('/')}/history?task={task.name}&lang={language}"
    return Letterhead(language, title, link, task.notices.local)


def message_of(notices: Sequence[Notice], head: Letterhead) -> Message:
    """One message of several notices, what matters most first.

    Args:
        notices: at least one.
        head: language, title and link.
    """
    ordered = sorted(notices, key=_place)
    first = ordered[0]
    headline = (
        first.title[head.language]
        if len({one.kind for one in ordered}) == 1
        else _say("several", head, n=len(ordered))
    )
    parts = []
    for _, same in groupby(ordered, key=lambda one: one.kind):
        parts.append(_of_a_kind(list(same), head))
    return Message(f"Farol · {head.task}: {headline}", _body(parts, head), first.severity)


def trial_message(head: Letterhead) -> Message:
    """What the test command sends."""
    title = f"Farol · {head.task}: {_say('trial_title', head)}"
    return Message(title, _body([_say("trial", head)], head), Severity.INFO)


def _place(one: Notice) -> tuple[int, int, datetime, str]:
    return WEIGHT[one.severity], ORDER.get(one.kind, len(ORDER)), one.at, one.notice_id


def _of_a_kind(notices: Sequence[Notice], head: Letterhead) -> str:
    lines = [notices[0].title[head.language]]
    for one in notices[:SHOWN]:
        over = _say("over", head, at=_moment(one.over_at, head)) if one.over_at else ""
        lines.append(f"- {_moment(one.at, head)}: {one.text[head.language]}{over}")
    if len(notices) > SHOWN:
        lines.append(_say("more", head, n=len(notices) - SHOWN))
    return "\n".join(lines)


def _body(parts: Sequence[str], head: Letterhead) -> str:
    ends = [_say("link", head, link=head.link)] if head.link else []
    return "\n\n".join([*parts, *ends, _say("foot", head)])


def _moment(at: datetime, head: Letterhead) -> str:
    form = "%d/%m/%Y %H:%M" if head.language == "pt" else "%Y-%m-%d %H:%M"
    return head.local(at).strftime(form)


def _say(key: str, head: Letterhead, **values: object) -> str:
    return WORDS[key][head.language].format(**values)
