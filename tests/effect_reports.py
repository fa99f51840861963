"""A report on the help's effect, as tests of repository, API and dashboard want it."""

from __future__ import annotations

from datetime import UTC, datetime

from model.helping.effect import (
    SUBJECT,
    BandOutlook,
    CutEffect,
    EffectReport,
    EffectSize,
    LotteryEffect,
    NeededChildren,
    PlaceSide,
    PowerTable,
    Silence,
)

AT = datetime(2026, 3, 2, 4, 20, tzinfo=UTC)
WON, LOST = PlaceSide(50, 48, 12, 40), PlaceSide(52, 50, 24, 5)
LOT = LotteryEffect(
    "", 4, WON, LOST, EffectSize(0.23, 0.04, 0.4), 0.021, EffectSize(0.73, 0.57, 0.85),
    EffectSize(0.31, 0.05, 0.6), 0.9,
)  # fmt: skip
CUT = CutEffect(
    2, PlaceSide(300, 290, 80, 200), PlaceSide(500, 480, 90, 40), 120, 150,
    EffectSize(0.1, -0.05, 0.25), 0.2, EffectSize(0.6, 0.4, 0.8), EffectSize(0.17, -0.1, 0.4), 0.6,
)  # fmt: skip
POWER = PowerTable(
    0.4, True, 0.8, 0.1, 0.8, 0.05,
    (NeededChildren(0.1, 712, 1468, 4037), NeededChildren(0.5, None, None, None)),
    (BandOutlook(0.5, 120, 60, 0.34), BandOutlook(0.1, 8, 4, None)),
)  # fmt: skip
LANES = (
    LotteryEffect("known", 2, WON, LOST, EffectSize(0.2, 0.0, 0.4), 0.06, lacking_p=1.0),
    LotteryEffect("new", 2, PlaceSide(12, 4), PlaceSide(9, 3), silent=Silence.FEW),
)
REPORT = EffectReport(SUBJECT, AT, 3, ("2024", "2025"), (LOT, *LANES), CUT, POWER, "seen")
SILENT = EffectReport(
    SUBJECT, AT, 0, (), (LotteryEffect("", silent=Silence.NO_DRAW),),
    CutEffect(silent=Silence.NO_LIST), PowerTable(0.5, False, 0.8, 0.1, 0.8, 0.05, POWER.needed),
)  # fmt: skip
