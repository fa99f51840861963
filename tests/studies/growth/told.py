"""The costs as a table and a picture, with the exponents of their growth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from tests.studies.growth import parquet, steps
from tests.studies.growth.measured import Cost

ALL_STEPS = (*steps.STEPS, *parquet.STEPS)

COLUMNS = 9
"""Of the first table."""

Figures = Mapping[tuple[str, int], Cost]


def table(costs: Sequence[Cost]) -> str:
    """One row a step and size, and the exponent of each step's seconds."""
    found = by_step(costs)
    lines = [
        "| step | rows | seconds | rows/s | processor, command | server | memory, command | server "
        "| registry after it |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for step in ALL_STEPS:
        for rows in sizes(costs):
            if (one := found.get((step.name, rows))) is not None:
                lines.append(_row(one))
    lines += ["", "| step | seconds grow as rows to the | memory | registry's bytes a row |"]
    lines += ["|---|--:|--:|--:|", *_exponents(costs)]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class ToldCost:
    """What the table says of a step at one size.

    Attributes:
        per_second: rows.
        megabytes: of the registry after it.
    """

    per_second: float
    megabytes: float


def read_table(told: str) -> Mapping[tuple[str, int], ToldCost]:
    """The rows of `table` by step and size, without steps that failed.

    >>> row = "| ingest | 1,000 | 20.0 | 50 | 1.0 s | 0.5 s | 100 MB | 50 MB | 1 MB |"
    >>> read_table(row)[("ingest", 1_000)]
    ToldCost(per_second=50.0, megabytes=1.0)
    """
    rows = [line.strip("| ").split(" | ") for line in told.splitlines()]
    return {
        (row[0], int(_number(row[1]))): ToldCost(_number(row[3]), _number(row[8]))
        for row in rows
        if len(row) == COLUMNS and row[1] != "rows"
    }


def _number(cell: str) -> float:
    return float(cell.removesuffix(" MB").replace(",", "") or 0)


def by_step(costs: Sequence[Cost]) -> Figures:
    """The last measurement of each step and size."""
    return {(one.step, one.rows): one for one in costs}


def sizes(costs: Sequence[Cost]) -> list[int]:
    """Every size that was measured, the least first."""
    return sorted({one.rows for one in costs})


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of a straight line through the logarithms: 1 where twice as much costs twice.

    >>> round(exponent([10, 100, 1000], [1, 10, 100]), 6)
    1.0
    >>> round(exponent([10, 100, 1000], [1, 100, 10_000]), 6)
    2.0
    """
    x, y = ([math.log(value) for value in values] for values in (sizes, costs))
    across, along = sum(x) / len(x), sum(y) / len(y)
    up = sum((one - across) * (other - along) for one, other in zip(x, y, strict=True))
    return up / sum((one - across) ** 2 for one in x)


def _row(one: Cost) -> str:
    if one.failed:
        return f"| {one.step} | {one.rows:,} | {one.seconds:,.1f} | {one.failed} | | | | | |"
    kept = f"{one.registry_bytes / 1e6:,.0f} MB" if one.registry_bytes else ""
    return (
        f"| {one.step} | {one.rows:,} | {_seconds(one)} | {one.done / one.seconds:,.0f} "
        f"| {one.cpu:,.1f} s | {one.server_cpu:,.1f} s | {one.megabytes:,.0f} MB "
        f"| {one.server_megabytes:,.0f} MB | {kept} |"
    )


def _seconds(one: Cost) -> str:
    taken = f"{one.seconds:,.1f}" if one.seconds >= 1 else f"{one.seconds:.3f}"
    return taken if not one.logged else f"{taken}; logged after {one.logged:,.0f}"


def _exponents(costs: Sequence[Cost]) -> list[str]:
    found = by_step(costs)
    lines = []
    for step in ALL_STEPS:
        taken = [
            one
            for rows in sizes(costs)
            if (one := found.get((step.name, rows))) is not None and not one.failed
        ]
        if len(taken) > 1:
            rows = [float(one.rows) for one in taken]
            seconds, memory = (
                " (".join(
                    (f"{exponent(rows, values):.2f}", f"{exponent(rows[-2:], values[-2:]):.2f})")
                )
                for values in (
                    [one.seconds for one in taken],
                    [one.megabytes + one.server_megabytes for one in taken],
                )
            )
            last = taken[-1].registry_bytes / taken[-1].rows
            kept = f"{last:,.0f}" if last else ""
            lines.append(f"| {step.name} | {seconds} | {memory} | {kept} |")
    return lines


def plot(costs: Sequence[Cost], path: Path) -> None:
    """Draws seconds and memory against rows, one line a step, both axes logarithmic."""
    figure = Figure(figsize=(10.5, 4.6), layout="constrained")
    seconds, memory = figure.subplots(1, 2)
    drawn: list[tuple[object, str, Callable[[Cost], float]]] = [
        (seconds, "seconds", lambda one: one.seconds),
        (memory, "MB at the peak, command and server", lambda one: one.megabytes
         + one.server_megabytes),
    ]  # fmt: skip
    for axes, label, figure_of in drawn:
        _draw(axes, costs, label, figure_of)
    figure.legend(*seconds.get_legend_handles_labels(), loc="outside right upper", fontsize="small")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw(axes: object, costs: Sequence[Cost], label: str, of: Callable[[Cost], float]) -> None:
    from matplotlib.axes import Axes

    assert isinstance(axes, Axes)
    for step in ALL_STEPS:
        ours = sorted(
            (one for one in by_step(costs).values() if one.step == step.name and not one.failed),
            key=lambda one: one.rows,
        )
        axes.plot([one.rows for one in ours], [of(one) for one in ours], "o-", label=step.name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("students of a school year")
    axes.set_ylabel(label)
    axes.grid(visible=True, color="0.9")
