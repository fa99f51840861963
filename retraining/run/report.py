"""A decision as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from model.decisions.gain_sentences import gain_told
from model.decisions.looks import Look
from model.helping.evidence import helped_told
from model.promotion import DecisionStatus
from retraining.run.judged_kinds import JUDGED
from retraining.run.plan import RunResult
from retraining.run.window import told_left_out

TITLES: Mapping[str, str] = {
    "recall_at_budget": "recall, same number flagged",
    "recall_around_budget": "recall, a fifth fewer to a fifth more flagged",
    "precision_at_budget": "precision, same number flagged",
    "auc": "AUC",
    "average_precision": "average precision",
    "brier": "Brier score (less is better)",
    "calibration_error": "calibration error (less is better)",
    "log_loss": "log loss (less is better)",
}


def render(result: RunResult) -> RenderableType:
    """The decision, its guards and its evidence."""
    parts: list[RenderableType] = [
        Text(headline(result), style="bold"),
        Text(f"Trigger: {result.cause.trigger.value} ({result.cause.en})"),
        _guards(result),
    ]
    if left_out := told_left_out(result.left_out):
        parts.append(Text(f"\n{left_out}; a larger --window, or training.window, takes them in"))
    if result.look is not None:
        parts.append(Text(f"\n{look_told(result.look)}"))
    evidence = result.evidence
    if evidence and JUDGED[evidence.get("kind", "binary")].finds_cases:
        parts.append(_sample(evidence))
        parts += [Text(told) for told in (*gain_told(evidence), *helped_told(evidence))]
        parts.append(_gains(evidence) if evidence["gains"] else _baselines(evidence))
        parts.append(Text(told_new_cases(evidence)))
        parts.append(Text(told_environment(evidence)))
        if evidence["groups"]:
            parts.append(_groups(evidence))
    return Group(*parts)


def look_told(look: Look) -> str:
    """What the look cost of the period's error budget, and what is spent of it."""
    cost = (
        f"Look {look.number} at {look.period}, with {look.information:.0%} of the labels expected, "
        f"tested at an error of {look.alpha:.2%}"
        if look.alpha
        else f"No look at {look.period} was taken"
    )
    return f"{cost}; {look.spent:.2%} of the period's error budget of {look.budget:.1%} are spent"


def headline(result: RunResult) -> str:
    """The decision in one line."""
    challenger = result.challenger or "the challenger (dry run, not registered)"
    if result.status is DecisionStatus.PROMOTED:
        instead = f", instead of {result.before}" if result.before else ""
        would = "would serve" if result.dry_run else "serves now"
        if result.evidence.get("recalibration"):
            return (
                f"Recalibrated: {challenger} {would}{instead}: the same ranking, with scores that "
                "mean more."
            )
        if result.provisional:
            return (
                f"Promoted provisionally: {challenger} {would}{instead}, because it is better "
                "than no model; the next version that meets every condition replaces it."
            )
        return f"Promoted: {challenger} {would}{instead}."
    if result.status is DecisionStatus.STAGED:
        serving = f"{result.champion} serves" if result.champion else "nobody serves"
        if result.dry_run:
            return f"Staged: {challenger} would wait for approval; {serving} meanwhile."
        return (
            f"Staged: {challenger} waits for approval; {serving} meanwhile. "
            f"python -m retraining.approval approve {challenger} --reason ..., or refuse."
        )
    if result.status is DecisionStatus.SHADOW:
        is_tried = "would be tried" if result.dry_run else "is tried"
        return (
            f"Shadow: {challenger} {is_tried} beside {result.champion}, which serves meanwhile; "
            "GET /shadow and the dashboard tell how far it is."
        )
    serving = f"{result.champion} serves on" if result.champion else "nobody serves yet"
    if result.challenger is None and not result.evidence:
        return f"Kept: {serving}; nothing was trained: {result.reasons[0]}."
    return f"Kept: {serving}; {challenger} was not promoted."


def _guards(result: RunResult) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 1))
    for guard in result.guards:
        table.add_row("yes" if guard.passed else "NO", guard.name, guard.reason)
    return table


def _sample(evidence: Mapping[str, Any]) -> Text:
    return Text(
        f"\nCompared on {evidence['rows']} labelled records of {evidence['students']} students "
        f"({', '.join(evidence['periods'])}), {evidence['positives']} at risk, "
        f"{evidence['flagged']} flagged; challenger scored {evidence['challenger_scored']}; "
        f"{evidence['resamples']} resamples, seed {evidence['seed']}{_early(evidence)}"
    )


def _early(evidence: Mapping[str, Any]) -> str:
    early = evidence.get("early")
    told = "outcomes were observed before their period began and may still change"
    return f"; {early} {told}" if early else ""


def _gains(evidence: Mapping[str, Any]) -> Table:
    table = Table("", evidence["champion"]["version"], "challenger", "gain", "95 % interval")
    for gain in evidence["gains"]:
        table.add_row(
            TITLES[gain["metric"]],
            f"{gain['champion']:.3f}",
            f"{gain['challenger']:.3f}",
            f"{gain['gain']:+.3f}",
            f"{gain['low']:+.3f} to {gain['high']:+.3f}",
        )
    return table


def told_new_cases(evidence: Mapping[str, Any]) -> str:
    """What is found of those not at risk now, with as many flagged; or that no one can tell."""
    ours, theirs = evidence["challenger"], evidence.get("champion") or {}
    positives, recall = ours.get("new_positives"), ours.get("new_recall_at_budget")
    if positives is None:
        return "New cases: not told apart, the task names no outcome.persistence"
    if recall is None:
        return "New cases: nobody at risk later was not at risk before"
    before = theirs.get("new_recall_at_budget")
    former = "" if before is None else f"{theirs['version']} {before:.1%}, "
    return (
        f"New cases: {positives} at risk were not before; with as many flagged {former}challenger "
        f"{recall:.1%} of them"
    )


def told_environment(evidence: Mapping[str, Any]) -> str:
    """What a score per student adds to going by school, class or phase alone."""
    rules = (rule for rule in evidence["baselines"] if rule["name"] == "environment")
    rule = next(rules, None)
    if rule is None:
        return "Environment: no column of the task says where students are"
    added = f"{(rule['challenger'] - rule['recall']) * 100:+.1f} points of recall"
    new, by_place = rule.get("new_challenger"), rule.get("new_recall")
    if new is not None and by_place is not None:
        added += f", {(new - by_place) * 100:+.1f} of new cases"
    return (
        f"Environment: flagging as many by school, class or phase alone finds {rule['recall']:.1%};"
        f" the challenger adds {added}"
    )


def _baselines(evidence: Mapping[str, Any]) -> Table:
    card = evidence["challenger"]
    table = Table("", "flagged", "recall", "challenger with as many")
    for rule in evidence["baselines"]:
        table.add_row(
            rule["name"],
            f"{rule['flagged']:.1%}",
            f"{rule['recall']:.1%}",
            f"{rule['challenger']:.1%}",
        )
    table.caption = (
        f"AUC {card['auc']:.3f}, average precision {card['average_precision']:.3f}, "
        f"recall {card['recall_at_budget']:.3f} with {evidence['flagged']} flagged"
    )
    return table


def _groups(evidence: Mapping[str, Any]) -> Table:
    table = Table("group", "at risk", "recall before", "recall", "95 % interval", "flagged")
    for group in evidence["groups"]:
        name = f"{group['attribute']}: {group['group']}" + (" (small)" if group["small"] else "")
        interval = "" if group["low"] is None else f"{group['low']:.1%} to {group['high']:.1%}"
        table.add_row(
            name,
            str(group["positives"]),
            _share(group["champion"]),
            _share(group["challenger"]),
            interval,
            _share(group["flagged"]),
        )
    return table


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def show(result: RunResult, console: Console) -> None:
    """Prints the decision."""
    console.print(render(result))
