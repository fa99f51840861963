"""A drift report for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from drift.catalogue import label_of
from drift.naming.told import named_lines
from model.drift import DriftReport, LeftOut, Unjudged
from model.units.drifted import DriftByUnit

NARROWEST = 80
MOST_NAMED = 10
LEAST_SHOWN = 0.001
COUNTS = {"n", "positives", "new_positives"}


def render(report: DriftReport) -> Group:
    """The report as a heading, a table with the strongest shifts first, and sentences."""
    return Group(*_parts(report))


def write(report: DriftReport, console: Console) -> None:
    """Writes the report, on a narrower console as if it had 80 columns: no figure is cut off."""
    console.width = max(console.width, NARROWEST)
    console.print(render(report))


def verdict(report: DriftReport) -> str:
    """One sentence that says it all.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2025, 3, 1, tzinfo=UTC)
    >>> verdict(DriftReport("d", at, "v1", 765, ("2024",), (), False))
    'No drift: 765 records of 2024 look like what v1 was trained on.'
    """
    if not report.compared:
        return "Nothing to compare yet."
    about = f"{report.rows} records of {', '.join(report.periods)}"
    if not report.drifted:
        usual = report.against or f"what {report.model_version} was trained on"
        return f"No drift: {about} look like {usual}."
    names = ", ".join(report.drifted_features)
    former = report.against or f"the training data of {report.model_version}"
    return f"Drift in {names}: {about} against {former}."


def nothing_yet(report: DriftReport) -> str:
    """Why nothing was judged, and what to do about it.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2025, 3, 1, tzinfo=UTC)
    >>> few = (LeftOut("2025", 3, Unjudged.FEW, 231),)
    >>> nothing_yet(DriftReport("d", at, "v1", 0, (), (), False, compared=False, left_out=few))
    'nothing to compare yet (2025: 3 records are fewer than the 231 that make a cohort); read a ...
    """
    found = "; ".join(map(left_out, report.left_out)) or "no record is known"
    return (
        f"nothing to compare yet ({found}); read a school file (python -m preprocessing.ingest "
        "FILE), or lower drift.min_records or drift.min_share in the task"
    )


def left_out(records: LeftOut) -> str:
    """What was not compared, and why.

    >>> left_out(LeftOut("2031", 1, Unjudged.FUTURE))
    '2031: 1 record is of a future period'
    """
    plural = records.records != 1
    counted = f"{records.records} record{'s are' if plural else ' is'}"
    match records.reason:
        case Unjudged.FUTURE:
            why = "of a future period"
        case Unjudged.FEW:
            why = f"fewer than the {records.needed} that make a cohort"
        case Unjudged.UNFILED:
            why = "of students whom no school file of it holds"
    return f"{records.period}: {counted} {why}"


def by_unit_lines(found: DriftByUnit) -> Iterator[str]:
    """What drifted in which units, and which could not be told of."""
    yield f"By unit ({found.column}): {found.compared} compared, each with {found.needed} or more"
    for one in found.drifted[:MOST_NAMED]:
        yield f"  drift in {one.unit}: {', '.join(one.features or ())}"
    if len(found.drifted) > MOST_NAMED:
        yield f"  and in {len(found.drifted) - MOST_NAMED} more"
    for told, units in (("too small", found.too_small), ("no labels yet", found.unlabelled)):
        if units:
            yield f"  {told}: {_some(units.names)}" + (f", {units.more} more" if units.more else "")


def _parts(report: DriftReport) -> Iterator[RenderableType]:
    yield Text(verdict(report), style="bold red" if report.drifted else "bold green")
    yield _features(report)
    for title, figures in (("Measured", report.realised), ("Expected", report.estimated)):
        if figures:
            yield Text(f"{title}: {_figures(figures)}")
    if report.named is not None:
        yield from map(Text, named_lines(report.named))
    for row in report.features:
        if row.unseen:
            yield Text(f"Note: {row.feature} has values never seen before: {_some(row.unseen)}")
    if report.by_unit is not None:
        yield from map(Text, by_unit_lines(report.by_unit))
    for records in report.left_out:
        yield Text(f"Not compared: {left_out(records)}")
    for note in report.notes:
        yield Text(f"Note: {note}")


def _features(report: DriftReport) -> Table:
    """At 80 columns every figure is whole; a long feature name goes on in the next line."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("feature", overflow="fold")
    table.add_column("test", no_wrap=True)
    for column in ("effect", "limit", "q", "PSI", "missing", "was", "drifted"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in report.by_strength:
        table.add_row(
            row.feature,
            label_of(row.test, "en"),
            f"{row.effect:.3f}",
            f"{row.effect_limit:.2f}",
            _q_value(row.q_value),
            f"{row.psi:.3f}",
            f"{row.missing:.1%}",
            f"{row.reference_missing:.1%}",
            "yes" if row.drifted else "",
            style="red" if row.drifted else "",
        )
    return table


def _q_value(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if value >= LEAST_SHOWN else f"<{LEAST_SHOWN}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _figures(figures: Mapping[str, float]) -> str:
    return ", ".join(
        f"{name} {value:.0f}" if name in COUNTS else f"{name} {value:.3f}"
        for name, value in figures.items()
    )
