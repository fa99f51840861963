"""What the page asks of the API for the rights of a student."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.api_client import FarolApi
from dashboard.students.calls import Subject

Json = Mapping[str, Any]
SHOWN = 50


@dataclass(frozen=True, slots=True)
class RightsCalls:
    """The calls; each raises ApiFailure where the API does not do what was asked."""

    api: FarolApi

    def object_to_scoring(self, who: Subject, reason: str) -> None:
        """Keeps that a student objects."""
        self.api.send("POST", f"{who.path}/objection", {"reason": reason}, who.asked)

    def lift(self, who: Subject, reason: str) -> None:
        """Lifts an objection."""
        self.api.send("DELETE", f"{who.path}/objection", {"reason": reason}, who.asked)

    def correct(self, who: Subject, period: str, values: Json, reason: str) -> Json:
        """Puts values right, and gives what was put right."""
        said = {"period": period, "values": dict(values), "reason": reason}
        return self.api.send("POST", f"{who.path}/corrections", said, who.asked)

    def seen_by(self, who: Subject) -> Json:
        """Who has seen a student."""
        return self.api.get(f"{who.path}/seen-by", {**who.asked, "limit": SHOWN})

    def export(self, who: Subject, form: str, lang: str) -> bytes:
        """All that is known of a student as a file."""
        asked = {**who.asked, "format": form, "lang": lang}
        return self.api.download(f"{who.path}/export", asked)
