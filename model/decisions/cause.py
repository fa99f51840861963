"""What a retraining run was started by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from model.errors import InvalidRecord


class TriggerKind(StrEnum):
    """What can start a run."""

    SCHEDULE = "schedule"
    RECALL = "recall"
    """The champion finds fewer than it promised."""

    DRIFT = "drift"
    LABELS = "labels"
    REQUEST = "request"
    """Somebody asked through the API."""

    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class RunCause:
    """Which trigger started a run, in a sentence of each language. No personal data.

    Attributes:
        en: English.
        pt: the same in Portuguese.
    """

    trigger: TriggerKind
    en: str
    pt: str

    @classmethod
    def from_json(cls, text: str) -> RunCause:
        """The cause of a JSON object with the keys `trigger`, `en` and `pt`.

        Raises:
            InvalidRecord: it is no such object.
        """
        try:
            given = json.loads(text)
            return cls(TriggerKind(given["trigger"]), str(given["en"]), str(given["pt"]))
        except (ValueError, KeyError, TypeError) as error:
            known = ", ".join(TriggerKind)
            raise InvalidRecord(
                "cause", f"must be a JSON object of trigger (one of {known}), en and pt"
            ) from error


def requested_by(client: str) -> RunCause:
    """The cause of a run that somebody asked for through the API.

    >>> requested_by("city").en
    'city asked for it'
    """
    return RunCause(TriggerKind.REQUEST, f"{client} asked for it", f"{client} pediu")
