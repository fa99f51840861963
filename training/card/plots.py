"""The pictures of a model card."""

from __future__ import annotations

import numpy as np

from model.version import FEWEST_SHOWN
from training.card import curves, svg
from training.card.document import Figure
from training.card.facts import CardFacts
from training.card.svg import Axis, Bar, Line
from training.card.words import group_interval, name, share

MOST_FEATURES = 15
DIAGONAL = Line("", ((0.0, 0.0), (1.0, 1.0)), svg.GREY, dashed=True)


def curve_figures(facts: CardFacts) -> tuple[Figure, ...]:
    """ROC, precision-recall, calibration and gains; those that the outcomes allow."""
    if 0 < facts.outcome.sum() < len(facts.outcome):
        return roc(facts), precision_recall(facts), calibration(facts), gains(facts)
    return (calibration(facts),)


def roc(facts: CardFacts) -> Figure:
    """Recall against false alarms."""
    caption = "ROC: how many at risk are found for how many false alarms."
    flagged = facts.scores >= facts.version.thresholds.operating
    false = float(flagged[facts.outcome == 0].mean())
    found = float(flagged[facts.outcome == 1].mean())
    alt = (
        f"The area under the curve is {facts.version.metrics['auc']:.3f}; chance has 0.5, the "
        f"diagonal. At the operating threshold {share(found)} of those "
        f"at risk are found with {share(false)} of the others flagged."
    )
    lines = (
        DIAGONAL,
        Line("this version", curves.roc(facts.outcome, facts.scores)),
        Line("operating threshold", ((false, found),), svg.RED, marks=True),
    )
    axes = Axis("share of those not at risk who are flagged"), Axis("recall")
    return Figure("roc", caption, alt, svg.line_chart("ROC curve", alt, *axes, lines))


def precision_recall(facts: CardFacts) -> Figure:
    """Precision against recall."""
    caption = "Precision and recall at every threshold."
    metrics = facts.version.metrics
    rate = float(facts.outcome.mean())
    point = (metrics["recall"], metrics.get("precision", 0.0))
    alt = (
        f"Average precision {metrics['average_precision']:.3f}; flagging at random would have "
        f"{share(rate)} at every recall. At the operating threshold recall is {share(point[0])} "
        f"and precision {share(point[1])}."
    )
    lines = (
        Line("at random", ((0.0, rate), (1.0, rate)), svg.GREY, dashed=True),
        Line("this version", curves.precision_recall(facts.outcome, facts.scores)),
        Line("operating threshold", (point,), svg.RED, marks=True),
    )
    axes = Axis("recall"), Axis("precision")
    chart = svg.line_chart("Precision-recall curve", alt, *axes, lines)
    return Figure("precision_recall", caption, alt, chart)


def calibration(facts: CardFacts) -> Figure:
    """What scores promise against what happened."""
    bins = curves.calibration(facts.outcome, facts.scores)
    told = "; ".join(f"scores about {b.score:.2f}: {share(b.share)} at risk" for b in bins)
    alt = f"{len(bins)} groups of equally many students by score. {told}."
    caption = "Calibration: a score of 0.7 should come true for 70% of those who get it."
    lines = (
        DIAGONAL,
        Line(
            "students by score, with 95% intervals",
            [(b.score, b.share) for b in bins],
            marks=True,
            bars=[(b.low, b.high) for b in bins],
        ),
    )
    axes = Axis("mean score"), Axis("share at risk")
    return Figure("calibration", caption, alt, svg.line_chart("Calibration", alt, *axes, lines))


def gains(facts: CardFacts) -> Figure:
    """How many at risk are found for how many students looked at."""
    points = curves.gains(facts.outcome, facts.scores)
    budget = facts.task.promotion.alert_budget or float(facts.outcome.mean())
    at_budget = facts.version.metrics["recall_at_budget"]
    meant = "the alert budget" if facts.task.promotion.alert_budget else "as many as are at risk"
    alt = (
        f"Flagging {meant} ({share(budget)} of the students) finds {share(at_budget)} of those at "
        f"risk; as many at random would find {share(budget)}."
    )
    lines = (
        DIAGONAL,
        Line("this version", points),
        Line(meant, ((budget, at_budget),), svg.RED, marks=True),
    )
    axes = Axis("share of students flagged"), Axis("recall")
    caption = "Gains: what each further student looked at brings."
    return Figure("gains", caption, alt, svg.line_chart("Gains", alt, *axes, lines))


def numeric_figure(facts: CardFacts) -> Figure:
    """Mean prediction against mean outcome, in bins of equally many records."""
    parts = np.array_split(np.argsort(facts.scores, kind="stable"), curves.MOST_BINS)
    means = [
        (float(facts.scores[part].mean()), float(facts.outcome[part].mean()))
        for part in parts
        if len(part)
    ]
    ends = [value for pair in means for value in pair]
    low, high = min(ends), max(ends)
    told = "; ".join(f"{predicted:.3g} predicted, {was:.3g} observed" for predicted, was in means)
    alt = f"{len(means)} groups of equally many students by prediction: {told}."
    lines = (
        Line("", ((low, low), (high, high)), svg.GREY, dashed=True),
        Line("students by prediction", means, marks=True),
    )
    axes = Axis("mean prediction", None, None), Axis("mean outcome", None, None)
    caption = "Predictions against outcomes."
    return Figure("numeric", caption, alt, svg.line_chart("Predictions", alt, *axes, lines))


def importance(facts: CardFacts) -> Figure:
    """Mean absolute contribution of each feature."""
    shown = list(facts.importance.items())[:MOST_FEATURES]
    told = ", ".join(f"{feature} {value:.3f}" for feature, value in shown)
    unit = "outcome's own unit" if facts.numeric else "log-odds"
    alt = f"Strongest first, in {unit}: {told}."
    bars = [Bar(feature, value, f"{value:.3f}") for feature, value in shown]
    caption = (
        f"What scores rest on: mean absolute contribution ({unit}), by the model's own "
        f"explanations of {facts.explained} records it was judged on."
    )
    axis = Axis(f"mean absolute contribution, {unit}", high=None)
    return Figure("importance", caption, alt, svg.bar_chart("Importance", alt, axis, bars))


def groups(facts: CardFacts) -> Figure | None:
    """Recall by protected group with its interval; None without groups."""
    bars, told = [], []
    for attribute, found in facts.version.fairness.items():
        for group, figures in found.items():
            recall = figures["recall"]
            if recall is None or figures["rows"] < FEWEST_SHOWN:
                continue
            low, high = group_interval(figures, "recall") or (None, None)
            small = " (small)" if figures["small"] else ""
            label = f"{name(attribute)}: {name(group)}{small}"
            bars.append(Bar(label, recall, share(recall), low, high, figures["small"]))
            told.append(f"{label} {share(recall)}")
    if not bars:
        return None
    alt = f"Recall by group: {'; '.join(told)}."
    caption = "Recall by protected group, with 95% Wilson intervals; pale bars are small groups."
    chart = svg.bar_chart("Recall by group", alt, Axis("recall"), bars)
    return Figure("groups", caption, alt, chart)
