"""What became of a table, in lines of text for whoever ran the command."""

from __future__ import annotations

from model.batch import Batch
from preprocessing.files.account import UNKNOWN
from preprocessing.files.idle import absent_features
from preprocessing.ingesting.tables import Ingested
from preprocessing.plausibility import told
from preprocessing.task.spec import TaskSpec

SHOWN_REJECTS = 20


def describe(result: Ingested, task: TaskSpec) -> list[str]:
    """An account in lines of text; names fields and rows, never a student or a value.

    Args:
        result: what became of the table.
        task: says why columns are not used.
    """
    batch = result.batch
    rejected = batch.rows_read - batch.rows_kept
    head = f"{batch.source}: period {batch.period}, {batch.rows_read} rows read"
    lines = [f"{head}, {batch.rows_kept} kept, {rejected} rejected ({batch.kind.value})"]
    lines += [
        f"  row {r.row} rejected: {r.field}: {r.reason}" for r in batch.rejects[:SHOWN_REJECTS]
    ]
    if rejected > SHOWN_REJECTS:
        lines.append(
            f"  and {rejected - SHOWN_REJECTS} rows more; the batch in the registry tells them"
        )
    if batch.cells_ignored:
        cells = ", ".join(f"{name} {n}" for name, n in sorted(batch.cells_ignored.items()))
        lines.append(f"  cells that hold no usable value, taken as missing: {cells}")
    lines += _absent(result)
    lines += _ignored_columns(batch, task)
    lines += [f"  column {one.header} fed nothing: {one.reason}" for one in result.idle]
    lines += [f"  implausible: {told(one)}" for one in batch.implausible]
    if result.known:
        return [*lines, "  the same content is here already: nothing changed"]
    counts = ", ".join(f"{n} {status.value}" for status, n in sorted(result.outcomes.items()))
    if counts:
        lines.append(f"  outcomes of period {task.feature_period(batch.period)}: {counts}")
    lines += [f"  {n} outcomes rejected: {why}" for why, n in result.objections.items()]
    if result.erased:
        lines.append(f"  {result.erased} rows refused: their students were erased")
    if result.objecting:
        lines.append(f"  {result.objecting} students object: kept, not scored, not learned from")
    if result.held:
        lines.append(f"  {result.held} rows repeat what was put right by hand: right values kept")
    if result.orphans_joined:
        lines.append(f"  {result.orphans_joined} earlier outcomes joined to these features")
    return lines


def _absent(result: Ingested) -> list[str]:
    """The features that found no column, and the columns that may have been meant."""
    absent = absent_features(result.columns, result.batch.columns_ignored)
    named = [f"{name} (is it {meant}?)" if meant else name for name, meant in absent.items()]
    return [f"  features that found no column: {', '.join(named)}"] if named else []


def _ignored_columns(batch: Batch, task: TaskSpec) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for header in batch.columns_ignored:
        reason = task.excluded_because(header) or UNKNOWN
        by_reason.setdefault(reason, []).append(header)
    return [f"  column {', '.join(hs)} ignored: {why}" for why, hs in by_reason.items()]
