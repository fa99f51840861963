"""How good a version is, and on whom that was seen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model.prediction import Scale
from model.version import FEWEST_SHOWN
from training.card import plots
from training.card.document import Block, Section, Table, Text
from training.card.facts import CardFacts
from training.card.words import between, figure, share
from training.fairness import share_of

SHARES = frozenset({"recall", "precision", "flagged", "recall_at_budget", "recall_at_prevalence"})
TITLES = {
    "recall": "recall at the operating threshold",
    "precision": "precision at the operating threshold",
    "flagged": "students flagged at the operating threshold",
    "recall_at_budget": "recall at the alert budget (none set: as many flagged as are at risk)",
    "precision_at_budget": "precision at the alert budget (none set: as many as are at risk)",
    "recall_at_prevalence": "recall, as many flagged as are at risk",
    "auc": "AUC",
    "average_precision": "average precision",
    "brier": "Brier score (less is better)",
    "calibration_error": "calibration error (less is better)",
    "mae": "mean absolute error",
    "rmse": "root mean square error",
    "r2": "R²",
}
RULES = {
    "dummy": "everybody the same",
    "persistence": "what is now will be",
}


def performance(facts: CardFacts) -> Section:
    """Metrics with their intervals, baselines and curves."""
    metrics = facts.version.metrics
    rows = tuple(
        (title, _told(key, metrics[key]), between(facts.intervals.get(key), as_share=key in SHARES))
        for key, title in _shown(facts).items()
    )
    blocks: list[Block] = [
        Text(
            f"On {facts.version.metrics_on}. No score comes from a model that had learned from the "
            f"record. Intervals: 95%, {_intervals(facts)}."
        ),
        Table("Metrics", ("metric", "figure", "95% interval"), rows),
        *_baselines(facts),
    ]
    blocks += [plots.numeric_figure(facts)] if facts.numeric else plots.curve_figures(facts)
    if facts.importance:
        blocks.append(plots.importance(facts))
    return Section("Performance", tuple(blocks))


def _intervals(facts: CardFacts) -> str:
    if facts.numeric:
        return "bootstrap over students"
    return (
        "Wilson for recall, precision and share flagged at the threshold, bootstrap over students "
        "for the others"
    )


def operating_point(facts: CardFacts) -> Section:
    """Where the lines are drawn, and what was measured at each."""
    cuts, task = facts.version.thresholds, facts.task
    budget = task.promotion.alert_budget
    wanted = "as many as are at risk" if budget is None else f"{share(budget)} of the students"
    return Section(
        "Operating point and statuses",
        (
            Text(
                f"The operating threshold has the most recall among those that flag at most "
                f"{wanted} with a precision of at least {share(task.promotion.precision_floor)}. "
                f"The status critical begins where precision reached "
                f"{share(task.status.critical_precision)}. All were chosen on held-out scores of "
                "the training window; where the records judged on are part of it, the figures "
                "below flatter a little."
            ),
            Table(
                "Cut-offs on the calibrated score",
                ("", "from", "students", "at risk among them", "95% Wilson interval"),
                (
                    _cut(facts, "flagged (high)", cuts.operating, 2.0),
                    _cut(facts, "status critical", cuts.critical, 2.0),
                    _cut(facts, "status alert", cuts.alert, cuts.critical),
                    _cut(facts, "status expected", 0.0, cuts.alert),
                ),
            ),
        ),
    )


def value_statuses(facts: CardFacts) -> Section:
    """Where the school draws the lines on a predicted value, and who lies beyond them."""
    cuts, level = facts.version.thresholds, facts.task.status.interval
    reached = np.vectorize(cuts.scale.reached)
    critical = reached(facts.scores, cuts.critical)
    alert = reached(facts.scores, cuts.alert) & ~critical
    side = "below" if cuts.scale is Scale.VALUE_LOW else "from"
    return Section(
        "Statuses",
        (
            Text(
                f"The cut-offs are the school's. Every answer gives an interval around the "
                f"predicted value that is to hold {share(level)} of outcomes (split conformal, on "
                "predictions for students the model had not seen)."
            ),
            Table(
                "Cut-offs on the predicted value",
                ("", "predicted", "students", "their mean outcome"),
                (
                    _of_value(facts, "status critical", f"{side} {cuts.critical:g}", critical),
                    _of_value(facts, "status alert", f"{side} {cuts.alert:g}", alert),
                    _of_value(facts, "status expected", "otherwise", ~(critical | alert)),
                ),
            ),
        ),
    )


def _of_value(
    facts: CardFacts, title: str, where: str, inside: NDArray[np.bool_]
) -> tuple[str, ...]:
    count = int(inside.sum())
    mean = f"{float(facts.outcome[inside].mean()):.2f}" if count >= FEWEST_SHOWN else ""
    return title, where, f"{count:,}", mean


def _cut(facts: CardFacts, title: str, low: float, high: float) -> tuple[str, ...]:
    inside = (facts.scores >= low) & (facts.scores < high)
    measured = share_of(float(facts.outcome[inside].sum()), float(inside.sum()))
    interval = None if measured.low is None or measured.high is None else (
        measured.low, measured.high
    )  # fmt: skip
    return (
        title,
        f"{low:.3f}",
        f"{int(inside.sum()):,}",
        share(measured.value),
        between(interval, as_share=True),
    )


def _baselines(facts: CardFacts) -> list[Block]:
    if not facts.baselines:
        return []
    at_threshold = {"recall", "precision", "flagged"}  # Rules have no threshold of their own.
    columns = [key for key in _shown(facts) if key not in at_threshold]
    rows = [("this version", *(_told(k, facts.version.metrics[k]) for k in columns))]
    rows += [
        (f"{rule}: {RULES[rule]}" if rule in RULES else rule, *_figures(found, columns))
        for rule, found in facts.baselines.items()
    ]
    header = ("", *(TITLES[k] for k in columns))
    return [Table("Rules that need no model, on the same records", header, tuple(rows))]


def _shown(facts: CardFacts) -> dict[str, str]:
    """The metrics the version has, with their titles, each once."""
    same = facts.task.promotion.alert_budget is None
    return {
        key: title
        for key, title in TITLES.items()
        if key in facts.version.metrics and not (same and key == "recall_at_prevalence")
    }


def _figures(found: Mapping[str, float], columns: list[str]) -> tuple[str, ...]:
    return tuple(_told(k, found[k]) if k in found else "" for k in columns)


def _told(key: str, value: float) -> str:
    return share(value) if key in SHARES else figure(value)
