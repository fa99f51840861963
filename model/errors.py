"""The errors Farol raises, one tree.

FarolError
├── ConfigurationError        a setting or a task file is wrong; names the key and the fix
│   └── NewerRegistry         a newer release has written the registry
├── DataError                 what somebody sent cannot be used
│   ├── NotThisTask           a file that is no table of this task
│   ├── InvalidRecord         one record, one field, one reason
│   │   ├── ErasedStudent     a record of a student who was erased
│   │   ├── ObjectingStudent  a record to score of a student who objects to that
│   │   └── UnknownUnit       a record of a unit that the caller may not see, or that there is not
│   ├── LeakageError          features that determine the outcome
│   └── NotEnoughData         too few labelled records to train or compare
├── RegistryError             the registry did not do what was asked
│   ├── RegistryUnavailable   no answer; the same call may succeed later
│   │   └── TaskRefused       the registry answers, and the task has no place in it as it is
│   ├── AccessDenied          the account may not do this on that database
│   ├── NotFound              no document under that key
│   ├── Conflict              somebody else was first (compare-and-set, unique key)
│   ├── LeaseHeld             another run holds the lease
│   ├── LeaseLost             this run held the lease and no longer does
│   └── CorruptArtifact       stored bytes do not match their digest
├── BundleError               a model bundle cannot be trusted or read
├── TrackingFailed            a tracking server does not answer, or refuses
├── ClusterFailed             a cluster's workers are gone, or run other code
│   └── WorkerLost            one of several that work together
└── Overloaded                accepting more would lose something; try again later
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class FarolError(Exception):
    """Anything Farol raises on purpose."""


class ConfigurationError(FarolError):
    """A setting or a task file is wrong; the message names the key and the fix."""


class NewerRegistry(ConfigurationError):
    """A newer release has written the registry; this one would lose what it does not know."""


class DataError(FarolError):
    """What somebody sent cannot be used."""


class NotThisTask(DataError):
    """A file that is no table of this task; the message says what is missing."""


class InvalidRecord(DataError):
    """One record that cannot be used.

    Args:
        field: the canonical name of the field that is wrong; of several, the first.
        reason: what is wrong with it, and what would be right.

    Attributes:
        others: what else is wrong with the record.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason
        self.others: tuple[InvalidRecord, ...] = ()

    @property
    def all(self) -> tuple[InvalidRecord, ...]:
        """Everything that is wrong with the record, each field by itself."""
        return (self, *self.others)

    def __str__(self) -> str:
        return "; ".join(f"{one.field}: {one.reason}" for one in self.all)


class Faults:
    """Gathers what is wrong with a record, so that all of it is told at once.

    >>> faults = Faults()
    >>> for field in ("ida", "mat"):
    ...     with faults.noted():
    ...         raise InvalidRecord(field, "must be a number")
    >>> faults.check()
    Traceback (most recent call last):
    model.errors.InvalidRecord: ida: must be a number; mat: must be a number
    """

    def __init__(self) -> None:
        self._found: list[InvalidRecord] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Reads a part of the record; what is wrong with it is noted, and the next part is read."""
        try:
            yield
        except InvalidRecord as error:
            self.note(error)

    def note(self, error: InvalidRecord) -> None:
        """Notes something that is wrong."""
        self._found.extend(error.all)

    def told(self) -> InvalidRecord:
        """The first thing that is wrong, which knows the others; for where something is."""
        first, *others = self._found
        first.others = tuple(others)
        return first

    def check(self) -> None:
        """Raises InvalidRecord: something is wrong."""
        if self._found:
            raise self.told()


class ErasedStudent(InvalidRecord):
    """A record of a student who was erased; the student is not named."""

    def __init__(self) -> None:
        super().__init__("student_id", ERASED)


class ObjectingStudent(InvalidRecord):
    """A record to score of a student who objects to being scored; the student is not named."""

    def __init__(self) -> None:
        super().__init__("student_id", OBJECTION)


class UnknownUnit(InvalidRecord):
    """A unit that there is not, or that the caller may not see; both are told alike."""

    def __init__(self, field: str) -> None:
        super().__init__(field, "no such unit is known")


ERASED = (
    "this student was erased; records are refused until an administrator readmits the student "
    "(POST /students/{student_id}/readmit)"
)


OBJECTION = (
    "there is an objection to scoring this student; nothing is scored until an administrator lifts "
    "it (DELETE /students/{student_id}/objection)"
)


class LeakageError(DataError):
    """Features that determine the outcome, named with their figures."""


class NotEnoughData(DataError):
    """Too few labelled records to train or to compare."""


class RegistryError(FarolError):
    """The registry did not do what was asked."""


class RegistryUnavailable(RegistryError):
    """The registry gave no answer; the same call may succeed later."""


class AccessDenied(RegistryError):
    """The account in MONGO_URI may not do this; the message names database and grant."""


class TaskRefused(RegistryUnavailable):
    """The registry answers, and refuses the task: retired, changed, or another one's database."""


class NotFound(RegistryError):
    """No document under that key."""


class Conflict(RegistryError):
    """Somebody else was first: a compare-and-set or a unique key refused the write."""


class LeaseHeld(RegistryError):
    """Another run holds the lease."""


class LeaseLost(RegistryError):
    """This run held the lease and no longer does; it must not write its result."""


class CorruptArtifact(RegistryError):
    """Stored bytes do not match their digest."""


class BundleError(FarolError):
    """A model bundle cannot be trusted or read: digest, signature, format or self-test."""


class TrackingFailed(FarolError):
    """A tracking server does not answer, or refuses; the registry keeps what it was to get."""


class ClusterFailed(FarolError):
    """A cluster cannot be reached, its workers are gone, or they run other code than this."""


class WorkerLost(ClusterFailed):
    """One of several workers that work together is gone; the same work may be begun again."""


class Overloaded(FarolError):
    """Accepting more would lose something; the caller may try again later."""
