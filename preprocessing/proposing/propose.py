"""From tables to a proposal: pure, and the same for the same tables and choices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.errors import ConfigurationError, NotThisTask
from preprocessing.proposing import words
from preprocessing.proposing.columns import SourceColumn, merged_columns
from preprocessing.proposing.identity import (
    YEARS,
    Identity,
    Timing,
    identity_of,
    steps_met,
    timing_of,
)
from preprocessing.proposing.lags import differences, lag_told
from preprocessing.proposing.outcomes import (
    Chosen,
    Rule,
    at_risk,
    outcome_of,
    rule_of,
    series_of,
    stated_rule,
)
from preprocessing.proposing.parts import (
    feature_part,
    id_part,
    left_out,
    outcome_part,
    period_part,
    protected_part,
    unit_parts,
)
from preprocessing.proposing.profiles import Profile, profile
from preprocessing.proposing.proposal import Choices, Proposal, ProposedPart
from preprocessing.proposing.reading import Reading, UnreadColumn
from preprocessing.proposing.roles import features_of, read_columns, set_apart
from preprocessing.proposing.tables import RawTable, of_one_kind
from preprocessing.proposing.words import says, slug
from preprocessing.task.mistakes import nearest

FEWEST = 100
"""Known outcomes below which nothing is trained (`promotion.min_labelled`)."""


@dataclass(frozen=True, slots=True)
class SeenFiles:
    """What the files hold, whatever becomes of it.

    Attributes:
        tables: of one kind.
        other: tables that look like another kind.
        columns: of all tables.
        profiles: their cells, by canonical name.
        timing: the periods.
    """

    tables: tuple[RawTable, ...]
    other: tuple[str, ...]
    columns: tuple[SourceColumn, ...]
    profiles: Mapping[str, Profile]
    timing: Timing


def see(tables: Sequence[RawTable]) -> SeenFiles:
    """Looks at every cell, once."""
    kept, other = of_one_kind(tables)
    columns = merged_columns(kept)
    profiles = {column.name: profile(column.cells(kept)) for column in columns}
    timing = timing_of(columns, profiles, kept)
    return SeenFiles(tuple(kept), tuple(other), tuple(columns), profiles, timing)


def propose(seen: SeenFiles, choices: Choices | None = None) -> Proposal:
    """A task for these tables.

    Args:
        seen: what the files hold.
        choices: what somebody has decided already.

    Raises:
        NotThisTask: no column can be the outcome, or none is left to tell it.
        ConfigurationError: a choice names no column, or a rule that does not fit.
    """
    wanted = _resolved(choices or Choices(), seen.columns)
    timing, tables = seen.timing, seen.tables
    identity = identity_of(seen.columns, seen.profiles, tables, timing, wanted.id)
    free = [c for c in seen.columns if c not in (identity.column, timing.column)]
    units, protected, left = set_apart(free, seen.profiles, wanted.outcome)
    apart = {*map(_name, (*units, *protected, *identity.others)), *left}
    able = [c for c in free if c.name not in apart or c.name == wanted.outcome]
    years = timing.years and bool(timing.told)
    readings, unread = read_columns(able, seen.profiles, years=years)
    chosen = _outcome(able, readings, wanted.outcome)
    column, reading = chosen.column, readings[chosen.column.name]
    horizon, doubts = _horizon(identity, seen, wanted.horizon)
    series = series_of(able, readings)
    rule = _rule(column, reading, series, wanted.at_risk)
    features, leaks = features_of(able, readings, column, horizon, wanted.known)
    if not features:
        raise NotThisTask("no column is left to tell the outcome by")
    lags = differences(features, readings)
    left |= unread | leaks
    left |= {c.name: UnreadColumn("tells rows apart, as the id does") for c in identity.others}
    portuguese = sum(says(c.header, words.PORTUGUESE) or not c.header.isascii() for c in free) > 1
    run = series.get(column.name, [])
    return Proposal(
        sources=tuple(table.source for table in tables),
        name=wanted.name or _task_name(tables),
        title=f"{column.header}: {rule}",
        portuguese=portuguese,
        id=id_part(identity),
        number_rows=identity.column is None,
        period=period_part(timing.column),
        periods=None if timing.pattern == YEARS else timing.pattern,
        unit=unit_parts(units),
        features=tuple(
            feature_part(
                c, readings[c.name], portuguese, horizon=horizon,
                before=column.header if c.name in run else "",
            )
            for c in features
        ),
        derived=tuple(ProposedPart(one.name, one.keys, doubts=one.doubts) for one in lags),
        protected=tuple(map(protected_part, protected)),
        excluded=tuple(
            left_out(c, left[c.name])
            for c in seen.columns
            if c.name in left and c is not column
        ),
        outcome=outcome_part(
            chosen, reading, portuguese, lag_told(column, reading, lags, readings, tables)
        ),
        rivals=tuple(c.name for c in chosen.rivals),
        rule=rule,
        horizon=horizon,
        positives=_positives(rule, reading, seen.profiles[column.name]),
        persistence=column.name if horizon and column in features else None,
        accepted={
            one.name: "said to be known when predicting"
            for one in features
            if one.name in wanted.known
        },
        undated=not timing.told,
        doubts=(*doubts, *_of_the_whole(seen, len(reading.values))),
    )  # fmt: skip


def _name(column: SourceColumn) -> str:
    return column.name


def _resolved(choices: Choices, columns: Sequence[SourceColumn]) -> Choices:
    """The choices with canonical names, however somebody wrote them."""
    return Choices(
        name=choices.name,
        outcome=choices.outcome and named(columns, choices.outcome).name,
        at_risk=choices.at_risk,
        id=choices.id and named(columns, choices.id).name,
        horizon=choices.horizon,
        known=tuple(named(columns, one).name for one in choices.known),
    )


def named(columns: Sequence[SourceColumn], text: str) -> SourceColumn:
    """The column that somebody names by its canonical name or its header.

    Raises:
        ConfigurationError: there is none.
    """
    found = next((c for c in columns if slug(text) in {c.name, *map(slug, c.aliases)}), None)
    if found is None:
        known = [c.name for c in columns]
        close = nearest(slug(text), known)
        hint = f"did you mean {close}?" if close else f"there are {', '.join(known)}"
        raise ConfigurationError(f"{text!r} is no column; {hint}")
    return found


def _outcome(
    columns: Sequence[SourceColumn], readings: Mapping[str, Reading], wanted: str | None
) -> Chosen:
    chosen = outcome_of(columns, readings, wanted)
    if chosen is None:
        raise NotThisTask(
            "no column can be the outcome, which is a number or one of a few texts; name it "
            "with --outcome"
        )
    return chosen


def _rule(
    column: SourceColumn, reading: Reading, series: Mapping[str, list[str]], stated: str | None
) -> Rule:
    if stated is not None:
        return stated_rule(stated, reading)
    return rule_of(
        column, reading, graded=says(column.header, words.GRADE) or column.name in series
    )


def _horizon(identity: Identity, seen: SeenFiles, wanted: int | None) -> tuple[int, list[str]]:
    if wanted is not None:
        return wanted, []
    steps = steps_met(identity, seen.tables, seen.timing)
    if not steps:
        return 0, []
    apart = "a period" if steps[0] == 1 else f"{steps[0]} periods"
    met = f"students are met again {apart} later, so the outcome is that of then"
    return steps[0], [f"outcome.horizon: {met}; write 0 to predict within a period"]


def _positives(rule: Rule, reading: Reading, found: Profile) -> int | None:
    share = at_risk(rule, reading)
    if share is not None:
        return round(share * len(reading.values))
    if not rule.positive or reading.categories is None:
        return None
    spelled = {s for name in rule.positive for s in (name, *reading.categories[name])}
    return sum(text.count for text in found.texts if spelled & {*text.spellings})


def _of_the_whole(seen: SeenFiles, numbers: int) -> list[str]:
    doubts = [f"{source}: has other columns than the rest; not looked at" for source in seen.other]
    if not seen.timing.told:
        doubts.append("no file, sheet or column names a period: ingest with --period")
    if 0 < numbers < FEWEST:
        doubts.append(f"{numbers} known outcomes; nothing is trained with fewer than {FEWEST}")
    return doubts


def _task_name(tables: Sequence[RawTable]) -> str:
    stem = re.sub(r"\.\w+(:.*)?$", "", tables[0].source)
    name = re.sub(r"_*\d{4,}_*", "_", slug(stem)).strip("_")
    return name[:31].strip("_") or "my_school"
