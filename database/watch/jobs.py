"""The jobs of the retraining worker, as they were left."""

from __future__ import annotations

from collections.abc import Sequence

from database.driver.commands import Op
from database.repository import Repository
from model.watch.job import JobState


class JobRepository(Repository[JobState]):
    """The jobs of a task by name, a dozen documents."""

    collection = "jobs"
    record = JobState
    key = "name"
    order = (("_id", 1),)
    missing = "job {}"

    def all(self) -> Op[list[JobState]]:
        """Every job, by name.

        Raises:
            RegistryError: a job cannot be read.
        """
        return (yield from self._matching({}))

    def put(self, state: JobState) -> Op[bool]:
        """Stores a job in the place of the revision that was read.

        Args:
            state: with the revision that was read; 0 where nothing was stored.

        Returns:
            False where somebody else has written it meanwhile; then nothing is stored.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._swap(self._document(state), read=state.revision))

    def forget(self, names: Sequence[str]) -> Op[int]:
        """Removes jobs that nobody has any more; gives how many there were.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._delete({"_id": {"$in": list(names)}}))
