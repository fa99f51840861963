"""What a report on the help's effect says, in a sentence for the worker's table."""

from __future__ import annotations

from model.helping.effect import CutEffect, EffectReport, EffectSize, LotteryEffect, Silence

WHY: dict[Silence, str] = {
    Silence.NO_LIST: "no list was published",
    Silence.NO_DRAW: "nobody drew lots",
    Silence.NO_CUT: "no list without lots has students on both sides of its cut",
    Silence.NO_OUTCOMES: "no outcome is known yet",
    Silence.FEW: "too few outcomes are known",
    Silence.NOT_INSTALLED: "the extra effects is not installed (make setup-effects)",
    Silence.NO_FIT: "the records allow no estimate",
}


def summary(report: EffectReport) -> str:
    """Both findings, or why there are none.

    >>> from datetime import UTC, datetime
    >>> from model.helping.effect import PowerTable
    >>> power = PowerTable(0.5, False, 0.8, 0.1, 0.8, 0.05)
    >>> none = LotteryEffect("", silent=Silence.NO_DRAW)
    >>> cut = CutEffect(silent=Silence.NO_LIST)
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> summary(EffectReport("effects", at, 0, (), (none,), cut, power))
    'by lot: nobody drew lots; at the cut: no list was published'
    """
    by_lot, at_cut = _by_lot(report.lottery[0]), _at_cut(report.cut)
    return f"by lot: {by_lot}; at the cut: {at_cut}"


def _by_lot(effect: LotteryEffect) -> str:
    if effect.silent is not None:
        return WHY[effect.silent]
    return f"{_points(effect.place)}, p = {effect.p_value:.2g}"


def _at_cut(effect: CutEffect) -> str:
    if effect.silent is not None:
        return WHY[effect.silent]
    return f"{_points(effect.listed)}, p = {effect.p_value:.2g}"


def _points(found: EffectSize) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "not known"
    low, high = found.low * 100, found.high * 100
    return f"{found.value * 100:+.1f} points fewer at risk ({low:+.1f} to {high:+.1f})"
