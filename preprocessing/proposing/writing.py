"""A proposal as the task's YAML file, with remarks and doubts beside the lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf

import yaml

from preprocessing.proposing.proposal import ExcludedColumn, Proposal, ProposedPart

TOP = """\
# Proposed by `python -m preprocessing.new_task` from {sources}.
# Nobody has looked at it yet: read what stands behind `unsure:`, and say in the schools' own words
# what people read (title, label, description). docs/another_school.md explains it, docs/data.md
# every key.
"""
LONGEST = 300
"""Characters of a comment."""


def as_yaml(proposal: Proposal) -> str:
    """The file of a proposal; `preprocessing.task.spec.parse_task` takes it."""
    p = proposal
    lines = [TOP.format(sources=_plain(", ".join(p.sources))).rstrip()]
    lines += _keys({"name": p.name, "title": p.title})
    lines += _keys({"title_pt": p.title} if p.portuguese else {})
    lines += ["", _line("id: ", p.id)]
    lines += ["number_rows: true  # ids are made of period and row"] if p.number_rows else []
    if p.period is not None:
        lines.append(_line("period: ", p.period))
    lines += _keys({"periods": p.periods} if p.periods else {})
    lines += _section("unit", p.unit, "where a student is; no model sees it")
    lines += _section("features", p.features, _known(p.horizon))
    lines += _section("derived", p.derived, "worked out for the model from the features")
    lines += _section("protected", p.protected, "for the check of fairness; no model sees it")
    lines += _excluded(p.excluded)
    lines += _outcome(p)
    if p.accepted:
        lines += ["", "leakage:", "  accepted:"]
        lines += [f"    {_flow(name)}: {_flow(why)}" for name, why in p.accepted.items()]
    if p.min_positives is not None:
        few = f"only {p.positives} outcomes to warn of; the default of 50 may never be met"
        lines += ["", f"promotion: {{min_positives: {p.min_positives}}}  # unsure: {few}"]
    return "\n".join(lines) + "\n"


def _known(horizon: int) -> str:
    if horizon:
        return f"known by the end of a period, {horizon} before the outcome's"
    return "must be known when predicting: before the outcome of the same period"


def _section(key: str, parts: Iterable[ProposedPart], remark: str) -> list[str]:
    lines = [_line("  - ", part) for part in parts]
    return ["", f"{key}:  # {remark}", *lines] if lines else []


def _excluded(columns: Iterable[ExcludedColumn]) -> list[str]:
    lines = [
        f"  {_flow(one.header)}: {_flow(one.reason)}{_comment('', one.doubts)}" for one in columns
    ]
    return ["", "excluded:  # columns that are not used, and why", *lines] if lines else []


def _outcome(p: Proposal) -> list[str]:
    lines = ["", "outcome:", _line("  column: ", p.outcome), f"  horizon: {p.horizon}"]
    rule, doubts = p.rule, _comment("", p.rule.doubts)
    if rule.cutoffs is not None:
        lines.append("  kind: numeric")
    elif rule.positive:
        lines.append(f"  positive: {_flow(list(rule.positive))}{doubts}")
    elif rule.below is not None:
        lines.append(f"  below: {_flow(rule.below)}{doubts}")
    else:
        lines.append(f"  at_least: {_flow(rule.at_least)}{doubts}")
    lines += [f"  persistence: {_flow(p.persistence)}"] if p.persistence else []
    lines.append(f"  description: {_flow(p.title)}")
    if rule.cutoffs is not None:
        concern, alert, critical = rule.cutoffs
        status = {"concern": concern, "alert": alert, "critical": critical}
        lines += ["", f"status: {_flow(status)}{doubts}"]
    return lines


def _keys(keys: Mapping[str, object]) -> list[str]:
    return [f"{key}: {_flow(value)}" for key, value in keys.items()]


def _line(before: str, part: ProposedPart) -> str:
    return f"{before}{_flow(part.keys)}{_comment(part.remark, part.doubts)}"


def _comment(remark: str, doubts: Iterable[str]) -> str:
    told = [*([remark] if remark else []), *(f"unsure: {doubt}" for doubt in doubts)]
    return f"  # {_plain('; '.join(told))}" if told else ""


def _plain(text: str) -> str:
    """On one line: a header may hold line breaks and characters that no file takes."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:LONGEST]


def _flow(value: object) -> str:
    """A value on one line of YAML, whole numbers without their `.0`."""
    text = yaml.safe_dump(
        [_tidy(value)], default_flow_style=True, allow_unicode=True, width=inf, sort_keys=False
    )
    return text.strip().removeprefix("[").removesuffix("]")


def _tidy(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _tidy(one) for key, one in value.items()}
    return [_tidy(one) for one in value] if isinstance(value, list | tuple) else value
