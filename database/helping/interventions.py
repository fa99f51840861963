"""The help that students get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any

from database.driver.commands import Op
from database.repository import Repository
from model.errors import Conflict, NotFound
from model.helping.intervention import Intervention


class InterventionRepository(Repository[Intervention]):
    """Interventions by id, each as it was said last."""

    collection = "interventions"
    indexes = (
        [("at", -1)],  # newest
        [("student_id", 1)],  # of_students, erasure
        [("start", 1)],  # all_since
    )
    record = Intervention
    key = "intervention_id"
    missing = "intervention {}"

    def add(self, intervention: Intervention) -> Op[None]:
        """Keeps the help that a student gets.

        Raises:
            Conflict: there is an intervention of that id.
        """
        if not (yield from self._swap(self._document(intervention), read=0)):
            raise Conflict(f"intervention {intervention.intervention_id} is there already")

    def change(
        self, intervention_id: str, change: Callable[[Intervention], Intervention]
    ) -> Op[Intervention]:
        """Puts what is said of an intervention now in the place of what was said; gives it.

        Args:
            intervention_id: of the intervention.
            change: pure; called again where somebody else was faster.

        Raises:
            NotFound: there is none of that id.
            RegistryError: what is kept cannot be read.
        """
        while True:
            document = yield from self.stored(intervention_id)
            if document is None:
                raise NotFound(self.missing.format(intervention_id))
            after = change(self.read(document))
            if (yield from self._swap(self._document(after), read=document["revision"])):
                return after

    def remove(self, intervention_id: str) -> Op[bool]:
        """Removes what was never given; False if there is none of that id.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return bool((yield from self._delete({"_id": intervention_id})))

    def of_students(self, student_ids: Iterable[str]) -> Op[dict[str, list[Intervention]]]:
        """Student to the help given, by the first day of it; without those who get none.

        Raises:
            RegistryError: an intervention cannot be read.
        """
        found = yield from self._stored_by("student_id", student_ids)
        by_student: dict[str, list[Intervention]] = defaultdict(list)
        for document in sorted(found.values(), key=lambda one: (one["start"], one["_id"])):
            by_student[document["student_id"]].append(self.read(document))
        return dict(by_student)

    def all_since(
        self,
        first: date,
        last: date | None = None,
        units: Collection[str] | None = None,
    ) -> Op[list[Intervention]]:
        """The help that began on that day or later, by its first day.

        Args:
            first: the first day of the help, the earliest one.
            last: the latest one; None is any.
            units: only in these (folded) units; None is all.

        Raises:
            RegistryError: an intervention cannot be read.
        """
        begun = {"$gte": first.isoformat()}
        if last is not None:
            begun["$lte"] = last.isoformat()
        where: dict[str, Any] = {"start": begun}
        if units is not None:
            where["unit"] = {"$in": sorted(units)}
        return (yield from self._matching(where, sort=[("start", 1), ("_id", 1)]))
