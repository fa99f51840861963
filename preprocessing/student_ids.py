"""What may be a student's id: one rule for files, requests and erasure."""

from __future__ import annotations

from collections.abc import Iterable

from model.anonymous import MARK, prediction_of
from model.errors import InvalidRecord
from model.pseudonyms.pseudonyms import Pseudonyms
from model.student import Units
from preprocessing.task.spec import TaskSpec

LONGEST_ID = 128
LONGEST_EVER = 200
"""Characters that an earlier release took from files; such a student can still be erased."""
ROUTES = frozenset({"at-risk", "at-risk/file", "batch", "bulk"})
"""Words of the API's paths, where a student's id may stand too."""


def read_student_id(value: object, *, field: str = "student_id", longest: int = LONGEST_ID) -> str:
    """A student's id; whole numbers are taken as their digits.

    Args:
        value: as it was sent, or read from a file.
        field: what the id is called there, for the message.
        longest: in characters.

    >>> read_student_id(17)
    '17'
    >>> read_student_id("")
    Traceback (most recent call last):
    model.errors.InvalidRecord: student_id: must be 1 to 128 printable characters

    Raises:
        InvalidRecord: empty, too long, with characters that no id has, or reserved.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise InvalidRecord(field, "must be text")
    if not 0 < len(text) <= longest or not text.isprintable() or text != text.strip():
        raise InvalidRecord(field, f"must be 1 to {longest} printable characters")
    if text.startswith(MARK):
        raise InvalidRecord(
            field, f"must not begin with {MARK}, which marks predictions without one"
        )
    if text in ROUTES:
        raise InvalidRecord(field, f"must not be one of {', '.join(sorted(ROUTES))}")
    return text


def key_of(
    task: TaskSpec,
    student_id: str,
    units: Units,
    *,
    field: str = "",
    pseudonyms: Pseudonyms | None = None,
) -> str:
    """What Farol knows a student by: the id, or unit and id where a unit numbers its own.

    Every id that comes in passes here before anything else sees it.

    Args:
        task: says which.
        student_id: as it was sent, read by `read_student_id`.
        units: of the same record.
        field: what the unit is called there, for the message; by default the column's name.
        pseudonyms: the installation's, where ids are not kept in the clear.

    Raises:
        InvalidRecord: the record tells no unit, and without one the id may be anybody's.
    """
    if pseudonyms is not None:
        if pseudonyms.made(student_id):
            return student_id
        return pseudonyms.of(key_of(task, student_id, units, field=field))
    if task.id.unique_within is None:
        return student_id
    unit = task.unit_of(units)
    if not unit:
        reason = f"is missing; {task.id.name} is unique within it only"
        raise InvalidRecord(field or task.unit[0].name, reason)
    return qualify(student_id, unit)


def sent_id(task: TaskSpec, key: str) -> str:
    """The id as it was sent, of what `key_of` gave.

    The key of no student stays as it is, and so does a pseudonym: nothing here can turn it back.
    """
    if task.id.unique_within is None or prediction_of(key) is not None or ":" not in key:
        return key
    return split(key)[1]


def keys_searched(
    task: TaskSpec, search: str, units: Iterable[str], pseudonyms: Pseudonyms | None
) -> frozenset[str]:
    """The keys that an id typed whole may have; a pseudonym is not found by a part of the id.

    Args:
        task: whether each unit numbers its own students.
        search: as it was typed.
        units: the (folded) units that are looked through.
        pseudonyms: the installation's; without them a key is found by what is written in it.
    """
    typed = search.strip()
    if pseudonyms is None or not typed:
        return frozenset()
    if task.id.unique_within is None:
        return frozenset({pseudonyms.of(typed)})
    return frozenset(pseudonyms.of(qualify(typed, unit)) for unit in set(units) if unit)


def qualify(student_id: str, unit: str) -> str:
    """One printable text for a unit and an id; no two pairs have the same.

    >>> qualify("17", "escola a"), qualify("a:17", "b"), qualify("17", "b:a")
    ('escola a:17', 'b:a:17', 'b%3Aa:17')
    """
    return f"{_escaped(unit)}:{student_id}"


def split(key: str) -> tuple[str, str]:
    """Unit and id of what `qualify` gave.

    >>> split(qualify("a:17", "~100% b:a"))
    ('~100% b:a', 'a:17')
    """
    unit, _, student_id = key.partition(":")
    for plain, escaped in reversed(_ESCAPES):
        unit = unit.replace(escaped, plain)
    return unit, student_id


_ESCAPES = (("%", "%25"), (":", "%3A"), (MARK, "%7E"))
"""Of a unit: what ends it, and what marks the key of no student."""


def _escaped(unit: str) -> str:
    for plain, escaped in _ESCAPES:
        unit = unit.replace(plain, escaped)
    return unit
