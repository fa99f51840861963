"""The leakage guard, before anything is trained: what tells the outcome is left out by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from model.errors import NotThisTask
from preprocessing.dataset import training_set
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.leakage import Culprits, LeakageReport, measure_leakage
from preprocessing.pairing import paired
from preprocessing.proposing.parts import excluded_header
from preprocessing.proposing.proposal import ExcludedColumn, Proposal, ProposedPart
from preprocessing.proposing.writing import as_yaml
from preprocessing.task.formula import Formula
from preprocessing.task.spec import TaskSpec, parse_task

ANY_YEAR = "2000"
"""The period of files that name none; nothing is kept of it."""
MOST_ROUNDS = 5
"""What is left after one group of culprits went may tell the outcome too."""
STILL = "tells the outcome, and nothing would be left without it: the leakage guard will refuse it"


def without_leaks(
    proposal: Proposal, paths: Sequence[Path], *, now: datetime, period: str | None = None
) -> Proposal:
    """The proposal without the features that the leakage guard would refuse.

    It reads the files as ingest will, so what it says holds of the records to come.

    Args:
        proposal: as the names and cells have it.
        paths: the files.
        now: aware UTC.
        period: of files that name none.
    """
    for _ in range(MOST_ROUNDS):
        task = parse_task(as_yaml(proposal), source="the proposal")
        # A period that is given stands before the one in a file's name.
        tables = _read(paths, task, now, period or (ANY_YEAR if proposal.undated else None))
        labels = paired(tables, task.longitudinal)
        if not labels:
            return _doubting(proposal, "no row has both features and an outcome: nothing to learn")
        report = measure_leakage(training_set(labels, ()), task)
        if report.skipped:
            return _doubting(proposal, f"leaks were not measured: {report.skipped}")
        if not report.culprits:
            return proposal
        smaller = _without(proposal, report)
        if smaller is proposal:
            return proposal
        proposal = smaller
    return proposal


def _read(
    paths: Sequence[Path], task: TaskSpec, now: datetime, period: str | None
) -> list[CleanTable]:
    tables: list[CleanTable] = []
    for path in paths:
        try:
            tables += read_tables(path, task, now=now, period=period)
        except NotThisTask:
            # Two periods in one name, or another table among the files: ingest says so.
            continue
    return tables


def _without(proposal: Proposal, report: LeakageReport) -> Proposal:
    """One round: every culprit goes, but for the outcome of the record's own period."""
    for culprits in report.culprits:
        if culprits.features == (proposal.persistence,):
            why = "this period's outcome, known before the next one's"
            accepted = {**proposal.accepted, culprits.features[0]: why}
            proposal = replace(proposal, accepted=accepted)
            continue
        named = {part.name for part in proposal.features} & {*culprits.features}
        if named == {part.name for part in proposal.features}:
            return _kept_with_doubt(proposal, named)
        for name in sorted(named - {proposal.persistence}):
            proposal = _left_out(proposal, name, _reason(culprits, name, report.metric))
    return proposal


def _reason(culprits: Culprits, name: str, metric: str) -> str:
    figure = f"{'AUC' if metric == 'auc' else 'R²'} {culprits.figure:.3f} of students held back"
    others = ", ".join(one for one in culprits.features if one != name)
    return f"tells the outcome {f'together with {others}' if others else 'alone'}: {figure}"


def _left_out(proposal: Proposal, name: str, reason: str) -> Proposal:
    part = next(part for part in proposal.features if part.name == name)
    aliases = part.keys.get("aliases")
    header = aliases[0] if isinstance(aliases, list | tuple) and aliases else name
    pattern = excluded_header(str(header))
    doubt = f"known when predicting? Then propose again with --known {name}"
    return replace(
        proposal,
        features=tuple(one for one in proposal.features if one.name != name),
        derived=tuple(
            d for d in proposal.derived if name not in Formula(str(d.keys["formula"])).names
        ),
        excluded=(*proposal.excluded, ExcludedColumn(name, pattern, reason, True, (doubt,))),
    )


def _kept_with_doubt(proposal: Proposal, names: set[str]) -> Proposal:
    features = tuple(
        ProposedPart(p.name, p.keys, p.remark, (*p.doubts, STILL)) if p.name in names else p
        for p in proposal.features
    )
    changed = any(STILL not in p.doubts for p in proposal.features if p.name in names)
    return replace(proposal, features=features) if changed else proposal


def _doubting(proposal: Proposal, doubt: str) -> Proposal:
    return replace(proposal, doubts=(*proposal.doubts, doubt))
