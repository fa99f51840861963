"""What the pages about students ask of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dashboard.api_client import FarolApi

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """A student as the pages name one.

    Attributes:
        student_id: the school's identifier.
        unit: whose id it is, where each school numbers its own; "" is not told.
    """

    student_id: str
    unit: str = ""

    @property
    def path(self) -> str:
        """Below which the API tells of the student."""
        return f"/students/{quote(self.student_id, safe='')}"

    @property
    def asked(self) -> dict[str, str]:
        """The parameter that says whose id it is."""
        return {"unit": self.unit} if self.unit else {}

    @property
    def key(self) -> str:
        """What Farol knows the student by, as the audit trail and what a page remembers name it.

        >>> Subject("17").key, Subject("17", "b:a").key
        ('17', 'b%3Aa:17')
        """
        if not self.unit:
            return self.student_id
        unit = self.unit.replace("%", "%25").replace(":", "%3A").replace("~", "%7E")
        return f"{unit}:{self.student_id}"


@dataclass(frozen=True, slots=True)
class StudentCalls:
    """The calls; each raises ApiFailure where the API does not do what was asked."""

    api: FarolApi

    def at_risk(self, **asked: Any) -> Json:
        """A page of the list."""
        return self.api.get("/students/at-risk", asked)

    def file(self, form: str, **asked: Any) -> bytes:
        """The whole list as a file."""
        return self.api.download("/students/at-risk/file", {"format": form, **asked})

    def budgets(self) -> Json:
        """How many students each lane and unit has room for."""
        return self.api.get("/budgets")

    def set_budgets(self, budgets: list[dict[str, Any]]) -> None:
        """Says how many they have room for."""
        self.api.send("PUT", "/budgets", {"budgets": budgets})

    def assessment(self, who: Subject, period: str | None = None) -> Json:
        """What the version in service says of a student."""
        return self.api.get(f"{who.path}/assessment", {**who.asked, "period": period})

    def dossier(self, who: Subject) -> Json:
        """All that is known of a student."""
        return self.api.get(who.path, who.asked)

    def cohort(self) -> list[Json]:
        """Whom a student is compared with, by period."""
        return list(self.api.get("/cohort")["periods"])

    def interventions(self, who: Subject) -> list[Json]:
        """The help that a student gets, or got, with the indicators before it and since."""
        asked = {"student_id": who.student_id, **who.asked}
        return list(self.api.get("/interventions", asked)["interventions"])

    def act(self, who: Subject, **said: Any) -> None:
        """Keeps what was done for a student."""
        self.api.send("POST", "/actions", self._about(who) | said)

    def help(self, who: Subject, **said: Any) -> None:
        """Keeps the help that a student gets; with an `intervention_id` it changes that one."""
        self.api.send("POST", "/interventions", self._about(who) | said)

    def assign(self, who: Subject, person: str) -> None:
        """Says who looks after a student; "" is nobody."""
        self.api.send("PUT", f"{who.path}/assigned", {"person": person}, who.asked)

    def todo(self, person: str | None = None) -> Json:
        """What somebody has to do; by default whoever asks."""
        return self.api.get("/todo", {"person": person})

    def schema(self) -> Json:
        """The task's features with their words."""
        return self.api.schema()

    def _about(self, who: Subject) -> dict[str, Any]:
        """The fields of a body that say who it is about."""
        if not who.unit:
            return {"student_id": who.student_id}
        return {"student_id": who.student_id, self.schema()["units"][0]["name"]: who.unit}
