"""How a model did in each unit (school) that it was tested for, and for which it never was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from model.units.named import UnitNames, listed, name_of

MOST_SHOWN = 100
"""Units whose figures a version keeps; a hundred take about 30 KB."""


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """One unit; figures that would tell of fewer than ten records are not in it.

    Attributes:
        unit: as schools write it.
        records: how many were judged there.
        positives: how many of them were at risk; None is withheld, or no such outcome.
        figures: name to value: `recall`, `precision`, `flagged`, or `mae` and `bias`, each interval
            under the name with `_low` and `_high`.
    """

    unit: str
    records: int
    positives: int | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VersionByUnit:
    """A version by unit. Units are read to tell of it, and no guard looks at them.

    Attributes:
        column: the task's unit column.
        units: the largest first, at most `MOST_SHOWN`.
        more: how many further ones could be shown.
        withheld: tested, on too few records to tell of; some are withheld so that those of others
            do not follow from the total.
        untested: have labels, of which none was judged.
        unlabelled: are known and have no labels yet.
        unknown: judged records of no known unit; None is withheld.
    """

    column: str
    units: tuple[UnitFigures, ...]
    more: int = 0
    withheld: UnitNames = field(default_factory=UnitNames)
    untested: UnitNames = field(default_factory=UnitNames)
    unlabelled: UnitNames = field(default_factory=UnitNames)
    unknown: int | None = None

    @property
    def never_tested(self) -> UnitNames:
        """Every unit that is known and of which no record was judged."""
        names = listed((*self.untested.names, *self.unlabelled.names))
        more = self.untested.more + self.unlabelled.more
        return replace(names, more=names.more + more)


@dataclass(frozen=True, slots=True)
class KnownUnits:
    """What is known of units beside the judged records.

    Attributes:
        column: the task's first unit column.
        names: each known unit (folded) as schools write it.
        labelled: those that have a label, in the training window or not.
    """

    column: str
    names: Mapping[str, str]
    labelled: frozenset[str]


@dataclass(frozen=True, slots=True)
class JudgedUnits:
    """What was found of the judged records of each unit (folded; "" is unknown).

    Attributes:
        records: how many each unit has, small ones too.
        shown: those that may be shown.
    """

    records: Mapping[str, int]
    shown: Mapping[str, UnitFigures]


def version_by_unit(judged: JudgedUnits, known: KnownUnits) -> VersionByUnit:
    """What a version keeps by unit.

    Args:
        judged: of the records that the version was judged on.
        known: of all units.

    >>> known = KnownUnits("escola", {"a": "A", "b": "B", "c": "C"}, frozenset({"a", "b"}))
    >>> found = version_by_unit(JudgedUnits({"a": 40, "": 0}, {"a": UnitFigures("a", 40)}), known)
    >>> found.units[0].unit, found.untested.names, found.unlabelled.names
    ('A', ('B',), ('C',))
    """
    named = [
        replace(figures, unit=name_of(unit, known.names))
        for unit, figures in judged.shown.items()
        if unit
    ]
    ordered = sorted(named, key=lambda one: (-one.records, one.unit))
    tested = {unit for unit, n in judged.records.items() if unit and n}
    unknown = judged.shown.get("")
    return VersionByUnit(
        column=known.column,
        units=tuple(ordered[:MOST_SHOWN]),
        more=max(0, len(ordered) - MOST_SHOWN),
        withheld=_names(tested - judged.shown.keys(), known),
        untested=_names(known.labelled - tested, known),
        unlabelled=_names(known.names.keys() - known.labelled - tested, known),
        unknown=unknown.records if unknown else 0 if not judged.records.get("") else None,
    )


def _names(units: Iterable[str], known: KnownUnits) -> UnitNames:
    return listed(name_of(unit, known.names) for unit in units)
