"""How a column is to be read: as a number within bounds, as a category, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from preprocessing.proposing import words
from preprocessing.proposing.profiles import Profile, Text
from preprocessing.proposing.words import says, slug
from preprocessing.task.columns import ReaderName

NEARLY_ALL = 0.95
MOST = 0.8
MOST_CATEGORIES = 30
SCALES = (10.0, 20.0, 100.0, 1000.0)
"""Highest marks that schools give."""
FEWEST_NUMBERED = 20
"""Rows from which on numbers without a gap number them."""
NONE = "none"
FEW_ROWS = 50
"""In fewer rows a category that stands once may still be one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a column.

    Attributes:
        reader: where the kind's own does not do.
        low: bound, None for a category.
        high: the same.
        integer: the numbers are whole.
        categories: canonical name to its spellings; None for a number.
        values: what was read of numbers, sorted.
        doubts: what may be wrong about it.
    """

    reader: ReaderName | None = None
    low: float | None = None
    high: float | None = None
    integer: bool = False
    categories: dict[str, tuple[str, ...]] | None = None
    values: Sequence[float] = ()
    doubts: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether it is a number."""
        return self.categories is None


@dataclass(frozen=True, slots=True)
class UnreadColumn:
    """Why a column is not used; `leak`: because it tells the outcome."""

    reason: str
    doubts: tuple[str, ...] = ()
    leak: bool = False


def reading_of(header: str, profile: Profile, *, years: bool) -> Reading | UnreadColumn:
    """How to read a column.

    Args:
        header: as it stands.
        profile: of its cells.
        years: the periods are years, so that a year can be read as the years since then.
    """
    if not profile.filled:
        return UnreadColumn("empty in every row")
    if profile.called_none and not profile.numbers and not profile.dates:
        return _category(header, profile)
    if profile.distinct == 1 and profile.rows > 1:
        return UnreadColumn("the same value in every row that has one")
    if says(header, words.AGE) and profile.share(profile.ages) >= NEARLY_ALL:
        return _number(header, profile.ages, profile, reader=_unless_plain(profile, "age"))
    if profile.share(profile.dates) >= MOST or _is_year(profile):
        return _years_since(header, profile, years)
    if profile.share(profile.numbers) >= MOST:
        return _plain_number(header, profile)
    if says(header, words.PHASE) and profile.share(profile.phases) >= MOST:
        return _number(header, profile.phases, profile, reader="phase")
    return _category(header, profile)


def _unless_plain(profile: Profile, reader: ReaderName) -> ReaderName | None:
    return None if len(profile.numbers) == profile.filled else reader


def _is_year(profile: Profile) -> bool:
    numbers = profile.numbers
    if len(numbers) < profile.filled or not profile.whole:
        return False
    return numbers[0] >= 1900 and numbers[-1] <= 2200


def _years_since(header: str, profile: Profile, years: bool) -> Reading | UnreadColumn:
    if not years:
        return UnreadColumn("a date or year, and periods are no years to count from")
    since = profile.since
    if not since or since[0] < 0:
        return UnreadColumn(
            "a date or year after the period began",
            ("if it is known when predicting, say what of it is of use",),
        )
    low, high = bounds(header, since)
    doubt = "a date or year, read as the years from then to the period"
    return Reading("years_since", low, high, True, values=since, doubts=(doubt,))


def _plain_number(header: str, profile: Profile) -> Reading | UnreadColumn:
    if says(header, words.CODE) and profile.whole and profile.distinct > MOST_CATEGORIES:
        return UnreadColumn("looks like a code: its size says nothing")
    if _numbers_rows(profile):
        return UnreadColumn("numbers the rows")
    return _number(header, profile.numbers, profile, reader=None)


def _numbers_rows(profile: Profile) -> bool:
    """Whether every row has another whole number, and none is left out between them."""
    numbers = profile.numbers
    if not profile.unique or not profile.whole or len(numbers) < profile.rows:
        return False
    return len(numbers) >= FEWEST_NUMBERED and numbers[-1] - numbers[0] < profile.distinct


def _number(
    header: str, values: Sequence[float], profile: Profile, *, reader: ReaderName | None
) -> Reading:
    low, high = bounds(header, values)
    whole = all(value == int(value) for value in values)
    lost = profile.filled - len(values)
    doubt = f"{lost} of {profile.filled} cells hold no number and will be taken as missing"
    return Reading(reader, low, high, whole, values=values, doubts=(doubt,) if lost else ())


def _category(header: str, profile: Profile) -> Reading | UnreadColumn:
    if profile.distinct > MOST_CATEGORIES or (
        profile.filled > 10 and profile.distinct >= 0.9 * profile.filled
    ):
        if profile.distinct >= 0.5 * profile.filled:
            return UnreadColumn("a text of its own in nearly every row, as a name or a note is")
        return UnreadColumn(
            f"{profile.distinct} different texts are no category",
            ("if it says where a student is, put it under `unit`",),
        )
    rare = [text for text in profile.texts if text.count == 1] if profile.rows >= FEW_ROWS else []
    kept = [text for text in profile.texts if text not in rare]
    doubts = []
    if profile.called_none:
        kept.append(Text((NONE,), profile.called_none))
        doubts.append(f"`{NONE}` was taken for a category, not for a missing value")
    if len(kept) < 2:
        return UnreadColumn("hardly any text stands twice")
    if rare:
        doubts.append(f"{len(rare)} texts that stand once are left out, and taken as missing")
    if profile.share(profile.numbers) > 0.2:
        doubts.append("numbers and texts mixed: read as a category")
    return Reading(categories=categories(kept), doubts=tuple(doubts))


def categories(texts: Sequence[Text]) -> dict[str, tuple[str, ...]]:
    """Canonical categories with their spellings, names apart.

    >>> categories([Text(("Menina", "MENINA"), 3), Text(("Não",), 2), Text(("?",), 1)])
    {'menina': ('Menina', 'MENINA'), 'nao': ('Não',), 'category_3': ('?',)}
    """
    made: dict[str, tuple[str, ...]] = {}
    for number, text in enumerate(texts, start=1):
        name = slug(text.spellings[0]) or f"category_{number}"
        while name in made:
            name += f"_{number}"
        made[name] = tuple(spelling for spelling in text.spellings if spelling != name)
    return made


def bounds(header: str, values: Sequence[float]) -> tuple[float, float]:
    """Bounds for a number: a scale where the name or the values show one, else generous.

    >>> bounds("Nota", [2.0, 9.5]), bounds("freetime", [1.0, 5.0]), bounds("visits", [0.0, 75.0])
    ((0.0, 10.0), (1.0, 5.0), (0.0, 120.0))
    """
    low, high = values[0], values[-1]
    if says(header, words.PERCENT) and low >= 0 and high <= 100:
        return 0.0, 1.0 if high <= 1 else 100.0
    if says(header, words.GRADE) and low >= 0 and high <= SCALES[-1]:
        return 0.0, scale_of(high)
    whole = all(value == int(value) for value in values)
    if whole and low >= 1 and high <= 10:
        return low, high
    slack = (high - low or abs(high) or 1.0) / 2
    below = 0.0 if low >= 0 and low - slack < 0 else _round(low - slack, down=True)
    above = _round(high + slack, down=False)
    return (float(floor(below)), float(ceil(above))) if whole else (below, above)


def scale_of(high: float) -> float:
    """The highest mark of the scale that a highest value belongs to.

    >>> scale_of(9.5), scale_of(20), scale_of(97)
    (10.0, 20.0, 100.0)
    """
    return next(scale for scale in SCALES if high <= scale)


def _round(value: float, *, down: bool) -> float:
    """Outwards, to two digits."""
    if not value:
        return 0.0
    step = 10.0 ** (floor(log10(abs(value))) - 1)
    steps = floor(value / step) if down else -floor(-value / step)
    return float(f"{steps * step:.6g}")
