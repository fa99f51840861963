"""Notices as tests want them: everything that does not matter has a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from model.watch.notice import Notice, Severity, Telling
from retraining.notices.addresses import Address
from retraining.notices.message import Message

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""A Monday, noon in São Paulo."""

PLAIN = Notice(
    notice_id="alarm:v1/ieg#1",
    topic="alarm:v1/ieg",
    kind="alarm",
    severity=Severity.WARNING,
    at=NOW,
    found_at=NOW,
    title={"pt": "Os dados mudaram", "en": "The data have changed"},
    text={"pt": "ieg: mudou.", "en": "ieg: changed."},
    state=Telling.DUE,
    next_at=NOW,
    standing=True,
)


def notice(number: int = 1, **changed: Any) -> Notice:
    """The notice of the feature of that number."""
    topic = f"alarm:v1/f{number:03}"
    said = {language: f"f{number:03}: {word}." for language, word in (("pt", "mudou"), ("en", "x"))}
    made = replace(PLAIN, notice_id=f"{topic}#1", topic=topic, text=said)
    return replace(made, **changed)


class Recorded:
    """An outlet that notes what it is given; `answers` are what the addresses say, "" accepts."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[int, Message]] = []
        places = range(1, len(answers) + 1)
        self._addresses = [Address(place, "JSON", f"key{place}") for place in places]

    @property
    def addresses(self) -> Sequence[Address]:
        return self._addresses

    def send(self, address: Address, message: Message) -> str:
        answer = self.answers[address.place - 1]
        if not answer:
            self.sent.append((address.place, message))
        return answer
