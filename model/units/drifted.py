"""What moved in each unit (school) of a drift check's cohort."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.units.named import UnitNames
from model.units.tested import UnitFigures


@dataclass(frozen=True, slots=True)
class UnitDrift:
    """One unit of the cohort.

    Attributes:
        unit: as schools write it.
        records: of the cohort; None is withheld.
        features: that drifted there; None where it has too few records to tell.
        outcomes: what the champion did on outcomes that came in; None where there are none, or too
            few to tell of.
    """

    unit: str
    records: int | None
    features: tuple[str, ...] | None = None
    outcomes: UnitFigures | None = None


@dataclass(frozen=True, slots=True)
class DriftByUnit:
    """A drift check by unit.

    Attributes:
        column: the task's unit column.
        needed: fewest records of a unit that is compared.
        compared: how many units were compared.
        units: most features that drifted first, then the largest.
        more: how many further ones there are.
        too_small: have fewer records than needed.
        unlabelled: units of the cohort without any label yet.
        unknown: records of no known unit; None is withheld.
    """

    column: str
    needed: int
    compared: int
    units: tuple[UnitDrift, ...]
    more: int = 0
    too_small: UnitNames = field(default_factory=UnitNames)
    unlabelled: UnitNames = field(default_factory=UnitNames)
    unknown: int | None = None

    @property
    def drifted(self) -> tuple[UnitDrift, ...]:
        """The listed units in which something drifted."""
        return tuple(one for one in self.units if one.features)
