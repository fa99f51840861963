"""The columns that a task's `longitudinal` plan adds to those that schools report."""

from __future__ import annotations

from collections.abc import Mapping

from preprocessing.task.columns import Column, HistoryValue, Kind, Longitudinal

_DESCRIPTIONS: Mapping[HistoryValue, tuple[str, str]] = {
    "previous": ("Last earlier value known", "Último valor anterior conhecido"),
    "mean": ("Mean of the earlier values", "Média dos valores anteriores"),
    "spread": ("Standard deviation of the earlier values", "Desvio padrão dos valores anteriores"),
    "trend": ("Change a period over the earlier periods", "Variação por período nos anteriores"),
    "seen": ("Number of earlier periods with a value", "Número de períodos anteriores com valor"),
}


def added_columns(plan: Longitudinal, reported: Mapping[str, Column]) -> tuple[Column, ...]:
    """The columns a plan adds to those that schools report, in the plan's order.

    Raises:
        ValueError: the plan names what is no numeric feature.
    """
    unknown = [n for n in plan.features if n not in reported or reported[n].kind != Kind.NUMERIC]
    if unknown:
        raise ValueError(f"longitudinal.features: {', '.join(unknown)}: no numeric feature")
    return tuple(_column(reported[name], value) for name in plan.features for value in plan.values)


def _column(source: Column, value: HistoryValue) -> Column:
    """Values of the source keep its bounds and its constraint; the others have their own."""
    low, high = source.low, source.high
    width = None if low is None or high is None else high - low
    kept = value in {"previous", "mean"}
    if value == "seen":
        low, high = 0.0, None
    elif value == "spread":
        low, high = 0.0, None if width is None else width / 2
    elif value == "trend":
        low, high = (None, None) if width is None else (-width, width)
    english, portuguese = _DESCRIPTIONS[value]
    return Column(
        name=f"{source.name}_{value}",
        low=low,
        high=high,
        integer=value == "seen" or (value == "previous" and source.integer),
        monotone=source.monotone if kept else 0,
        label=f"{english}: {source.label or source.name}",
        label_pt=f"{portuguese}: {source.label_pt or source.name}",
        description=f"{english}: {source.name}. Filled in from the feature store where it can be.",
        description_pt=f"{portuguese}: {source.name}.",
    )
