"""What goes wrong between a client and Farol.

ApiFault
├── NoAnswer      nobody answers, or the connection breaks, as often as it was tried
└── ApiRefusal    Farol answers with a problem document
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class ApiFault(Exception):
    """Anything that a call may raise."""


class NoAnswer(ApiFault):
    """Nobody answers; whether the call was done is not known, unless it may be sent again."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field."""

    field: str
    detail: str


class ApiRefusal(ApiFault):
    """Farol refuses a call, by a problem document (RFC 9457).

    Args:
        status: HTTP status.
        document: the problem.
        retry_after: seconds after which the call may succeed; None where that is not told.

    Attributes:
        title: of the status.
        detail: what went wrong, for a person.
        faults: the fields at fault, all of them.
    """

    def __init__(
        self, status: int, document: Mapping[str, Any], retry_after: float | None = None
    ) -> None:
        self.status = status
        self.title = str(document.get("title", ""))
        self.detail = str(document.get("detail", "")) or self.title
        self.faults = tuple(
            FieldFault(str(one.get("field", "")), str(one.get("detail", "")))
            for one in document.get("errors") or ()
        )
        self.retry_after = retry_after
        super().__init__(f"{status} {self.detail}")

    @classmethod
    def of(cls, status: int, body: bytes, retry_after: float | None) -> ApiRefusal:
        """The refusal that an answer is; one of a proxy is no problem document.

        >>> ApiRefusal.of(502, b"<html>", None).detail
        'The answer is no problem document.'
        """
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if not _is_problem(document):
            document = {"detail": "The answer is no problem document."}
        return cls(status, document, retry_after)


def _is_problem(document: Any) -> bool:
    """Whether its fields at fault are told as Farol tells them; proxies have forms of their own."""
    faults = document.get("errors") or () if isinstance(document, dict) else None
    return isinstance(faults, list | tuple) and all(isinstance(one, dict) for one in faults)
