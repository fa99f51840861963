"""What one check found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

LONGEST = 500
"""Of a line: what answers may be anything."""


class SmokeVerdict(StrEnum):
    """How a check ended; a note is no failure, and somebody should read it."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SmokeFinding:
    """What one check found.

    Attributes:
        check: its name.
        detail: what was seen, for a person; holds no key and nothing of a student.
        seconds: how long the answer took; None where none was asked for or none came.
    """

    check: str
    verdict: SmokeVerdict
    detail: str
    seconds: float | None = None

    @property
    def line(self) -> str:
        """The finding in a line, whatever it was that answered.

        >>> SmokeFinding("ready", SmokeVerdict.OK, "v3 serves", 0.0123).line
        'ok      ready                  v3 serves (12 ms)'
        >>> SmokeFinding("ready", SmokeVerdict.FAILED, "503 \\x1b[2J\\nok").line
        'failed  ready                  503  [2J ok'
        """
        took = "" if self.seconds is None else f" ({self.seconds * 1000:.0f} ms)"
        line = f"{self.verdict:<7} {self.check:<22} {self.detail}{took}"
        return "".join(one if one.isprintable() else " " for one in line[:LONGEST])

    def document(self) -> dict[str, Any]:
        """The same for a machine."""
        return asdict(self)


def ok(check: str, detail: str, seconds: float | None = None) -> SmokeFinding:
    """A check that is passed."""
    return SmokeFinding(check, SmokeVerdict.OK, detail, seconds)


def note(check: str, detail: str, seconds: float | None = None) -> SmokeFinding:
    """A check that is passed with something to look at."""
    return SmokeFinding(check, SmokeVerdict.NOTE, detail, seconds)


def fault(check: str, detail: str, seconds: float | None = None) -> SmokeFinding:
    """A check that is not passed."""
    return SmokeFinding(check, SmokeVerdict.FAILED, detail, seconds)
