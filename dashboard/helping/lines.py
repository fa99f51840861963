"""What a report on the help's effect says, in sentences; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.texts import Texts
from model.helping.bounds import HelpedBounds
from model.helping.effect import (
    CutEffect,
    EffectReport,
    EffectSize,
    LotteryEffect,
    PlaceSide,
    PowerTable,
    Silence,
)

LEVEL = 0.05
"""A difference that chance makes less often than this is called one."""
LEAST_CHANCE = 0.001
ABOUT = 0.10
"""The effect that the sentence on power is about."""


def verdict_line(report: EffectReport, texts: Texts) -> str:
    """The answer in one sentence; the lots come first, for nothing else is as sure."""
    lot, cut = report.lottery[0], report.cut
    if lot.silent is None:
        return texts(f"verdict.{_outcome(lot.place, lot.p_value)}", how=texts("helping.by_lot"))
    if cut.silent is None:
        return texts(f"verdict.{_outcome(cut.listed, cut.p_value)}", how=texts("helping.at_cut"))
    return texts("helping.nothing_yet")


def lottery_lines(effect: LotteryEffect, texts: Texts) -> list[str]:
    """What the lots show: both sides, the place, the help given, what the help did."""
    if effect.silent is not None:
        return [silence_line(effect.silent, effect.won, effect.lost, texts)]
    chance = chance_of(effect.p_value, texts)
    found = [
        _sides("helping.lot_sides", effect.won, effect.lost, texts),
        texts(f"place.{_outcome(effect.place, effect.p_value)}", chance=chance,
              **_points(effect.place, texts)),
        _given(effect.won, effect.lost, texts),
    ]  # fmt: skip
    if effect.help.known:
        found.append(texts("helping.help_did", **_points(effect.help, texts)))
    else:
        found.append(texts("helping.help_unknown"))
    return found


def lottery_doubts(effect: LotteryEffect, texts: Texts) -> list[str]:
    """What keeps the lots' result from being final."""
    if effect.silent is not None:
        return []
    found = []
    if effect.provisional:
        asked = effect.won.students + effect.lost.students
        known = texts.share((effect.won.known + effect.lost.known) / asked)
        found.append(texts("helping.provisional", known=known))
    if effect.lacking_p is not None and effect.lacking_p < LEVEL:
        found.append(texts("helping.lacking"))
    return found


def cut_lines(effect: CutEffect, texts: Texts) -> list[str]:
    """What the lists show where nobody drew lots."""
    if effect.silent is not None:
        return [silence_line(effect.silent, effect.within, effect.beyond, texts)]
    chance = chance_of(effect.p_value, texts)
    found = [
        texts("helping.cut_near", within=effect.near_within, beyond=effect.near_beyond,
              lists=effect.lists),
        texts(f"listed.{_outcome(effect.listed, effect.p_value)}", chance=chance,
              **_points(effect.listed, texts)),
    ]  # fmt: skip
    if effect.help.known:
        found.append(texts("helping.cut_help", **_points(effect.help, texts)))
    else:
        found.append(texts("helping.cut_help_unknown"))
    if effect.density_p is not None and effect.density_p >= LEVEL:
        found.append(texts("helping.density_fine"))
    return found


def cut_doubts(effect: CutEffect, texts: Texts) -> list[str]:
    """What makes the jump at the cut doubtful."""
    if effect.density_p is None or effect.density_p >= LEVEL:
        return []
    return [texts("helping.density_odd", chance=chance_of(effect.density_p, texts))]


def silence_line(silent: Silence, one: PlaceSide, other: PlaceSide, texts: Texts) -> str:
    """Why nothing can be said, with how many outcomes are known where that is why."""
    known = one.known + other.known
    return texts(f"silence.{silent.value}", known=known, students=one.students + other.students)


def lane_rows(effects: Sequence[LotteryEffect], texts: Texts) -> list[dict[str, Any]]:
    """One table row a lane, where there are several."""
    return [
        {
            texts("helping.lane"): texts(f"draw.{one.group or 'all'}"),
            texts("helping.won"): _side_cell(one.won, texts),
            texts("helping.lost"): _side_cell(one.lost, texts),
            texts("helping.fewer"): _cell(one.place, texts),
            texts("helping.chance"): "" if one.silent else chance_of(one.p_value, texts),
        }
        for one in effects
    ]


def power_line(power: PowerTable, texts: Texts) -> str:
    """How many children are needed until an effect of ten in a hundred can be seen."""
    row = next(one for one in power.needed if abs(one.effect - ABOUT) < 1e-9)
    assumed = "helping.power_measured" if power.measured else "helping.power_assumed"
    told = texts(assumed, share=texts.share(power.at_risk))
    if row.children is None or row.partly is None:
        impossible = texts("helping.power_impossible")
        return f"{told} {impossible}"
    needed = texts(
        "helping.power_line",
        effect=round(ABOUT * 100), children=row.children, partly=row.partly,
        won=round(power.helped_won * 100), lost=round(power.helped_lost * 100),
    )  # fmt: skip
    return f"{told} {needed}"


def power_rows(power: PowerTable, texts: Texts) -> list[dict[str, Any]]:
    """One table row an effect."""
    never = texts("helping.never")
    return [
        {
            texts("helping.effect"): round(one.effect * 100),
            texts("helping.children"): _or(one.children, never),
            texts("helping.partly"): _or(one.partly, never),
            texts("helping.no_lot"): _or(one.at_cut, never),
        }
        for one in power.needed
    ]


def outlook_rows(power: PowerTable, texts: Texts) -> list[dict[str, Any]]:
    """One table row a band: what a lottery on the newest list would show."""
    return [
        {
            texts("helping.band"): texts.share(one.band),
            texts("helping.would_draw"): one.children,
            texts("helping.places"): one.won,
            texts("helping.smallest"): texts("helping.never")
            if one.effect is None
            else texts.number(one.effect * 100, 0),
        }
        for one in power.outlook
    ]


def recall_line(helped: int, bounds: HelpedBounds, texts: Texts) -> str | None:
    """What the model finds with and without the helped; None where a figure is not defined."""
    figures = (bounds.recorded, bounds.without, bounds.low, bounds.high)
    shown = [texts.share(figure) for figure in figures if figure is not None]
    if len(shown) < len(figures):
        return None
    recorded, without, low, high = shown
    return texts(
        "helping.recall", helped=helped, recorded=recorded, without=without, low=low, high=high
    )


def chance_of(p_value: float | None, texts: Texts) -> str:
    """How often chance alone does that, of a hundred times.

    >>> from dashboard.texts import Language
    >>> chance_of(0.034, Texts(Language.PT, {}))
    '3,4'
    """
    if p_value is None:
        return ""
    least = "< " if p_value < LEAST_CHANCE else ""
    return least + texts.number(max(p_value, LEAST_CHANCE) * 100, 1)


def _outcome(found: EffectSize, p_value: float | None) -> str:
    if p_value is None or p_value > LEVEL or found.value is None:
        return "none"
    return "helps" if found.value > 0 else "harms"


def _points(found: EffectSize, texts: Texts) -> dict[str, str]:
    ends = {"points": found.value, "low": found.low, "high": found.high}
    return {name: _signed(value, texts) for name, value in ends.items()}


def _signed(value: float | None, texts: Texts) -> str:
    return "-" if value is None else f"{'+' if value > 0 else ''}{texts.number(value * 100, 0)}"


def _cell(found: EffectSize, texts: Texts) -> str:
    if not found.known:
        return ""
    figures = _points(found, texts)
    between = texts("promise.between", low=figures["low"], high=figures["high"])
    return f"{figures['points']} ({between})"


def _side_cell(side: PlaceSide, texts: Texts) -> str:
    if side.at_risk is None or not side.known:
        return texts("helping.known_only", known=side.known)
    share = texts.share(side.at_risk / side.known)
    return texts("helping.side", share=share, known=side.known)


def _sides(key: str, won: PlaceSide, lost: PlaceSide, texts: Texts) -> str:
    return texts(
        key, won=won.known, lost=lost.known,
        won_risk=_of(won.at_risk, won.known, texts), lost_risk=_of(lost.at_risk, lost.known, texts),
    )  # fmt: skip


def _given(won: PlaceSide, lost: PlaceSide, texts: Texts) -> str:
    return texts(
        "helping.given",
        won=_of(won.helped, won.known, texts), lost=_of(lost.helped, lost.known, texts),
    )  # fmt: skip


def _of(part: int | None, whole: int, texts: Texts) -> str:
    return "-" if part is None or not whole else texts.share(part / whole)


def _or(number: int | None, otherwise: str) -> str:
    return otherwise if number is None else str(number)
