"""The pictures of a model card as SVG, with the figures that a description of them needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from model.figures import wilson
from model.units.disclosure import FEWEST_SHOWN
from training.card.facts import CardFacts

Array = NDArray[np.float64]
Interval = tuple[float, float]

MOST_POINTS = 120
"""A curve with a point per record would say what became of each."""

MOST_BINS = 10
RECORDS_PER_BIN = 50
MOST_FEATURES = 15
LONGEST_LABEL = 34
# Okabe and Ito's palette: told apart by colour-blind readers too.
BLUE, RED = "#0072B2", "#D55E00"
PALE, GREY, INK = "#A9C4D8", "#6B7480", "#222222"
WIDTH, HEIGHT, ROW = 460, 340, 26
STYLE: dict[Any, Any] = {
    "axes.edgecolor": GREY,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.labelcolor": INK,
    "font.sans-serif": "DejaVu Sans",  # Wider than what browsers put in its place: nothing is cut.
    "font.size": 11,
    "grid.color": "#E3E7EB",
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,  # A group may be named "$1 to $2".
    "xtick.bottom": False,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "ytick.left": False,
}


@dataclass(frozen=True, slots=True)
class Line:
    """Points over two axes.

    Attributes:
        points: shape (n, 2).
        style: as matplotlib writes it.
        intervals: (low, high), one per point; empty for none.
    """

    name: str
    points: ArrayLike
    style: str = "-"
    colour: str = BLUE
    intervals: Sequence[Interval] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """A labelled bar; `told` is its figure in words, `faint` marks one of little weight."""

    label: str
    value: float
    told: str
    interval: Interval | None = None
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing and the figures that its description names.

    Attributes:
        drawing: what stands inside the `<svg>` element.
        height: in pixels.
        points: the marked points (x, y) of a picture of lines.
        bars: the bars of a picture of bars.
        width: in pixels.
    """

    drawing: str
    height: int
    points: Sequence[tuple[float, float]] = ()
    bars: Sequence[Bar] = ()
    width: int = WIDTH


DIAGONAL = Line("", ((0, 0), (1, 1)), "--", GREY)


def pictures(facts: CardFacts) -> dict[str, Picture]:
    """The pictures that the facts allow, by name."""
    drawn = {"numeric": _numeric(facts)} if facts.numeric else _curves(facts)
    if facts.importance:
        unit = "outcome's own unit" if facts.numeric else "log-odds"
        shown = list(facts.importance.items())[:MOST_FEATURES]
        bars = [Bar(feature, value, f"{value:.3f}") for feature, value in shown]
        title = f"mean absolute contribution, {unit}"
        drawn["importance"] = bar_picture("importance", title, None, bars)
    if bars := _brought(facts):
        unit = "less error" if facts.numeric else "recall around the budget"
        drawn["dropped"] = bar_picture("dropped", f"{unit} lost without it", None, bars, low=None)
    if not facts.numeric and (bars := _groups(facts)):
        drawn["groups"] = bar_picture("groups", "recall", 1.0, bars)
    return drawn


def _brought(facts: CardFacts) -> list[Bar]:
    """What each feature brings, with its 95 % interval; what is within its error is faint."""
    study = facts.version.dropped
    return [
        Bar(
            left_out.features[0],
            left_out.brings,
            f"{left_out.brings:+.3f}",
            (left_out.brings - 1.96 * left_out.error, left_out.brings + 1.96 * left_out.error),
            faint=not left_out.clear,
        )
        for left_out in (study.dropped[:MOST_FEATURES] if study else ())
    ]


def equal_bins(scores: Array, most: int) -> list[NDArray[np.intp]]:
    """Positions in bins of equally many records, lowest scores first; none is empty."""
    parts = np.array_split(np.argsort(scores, kind="stable"), most)
    return [part for part in parts if len(part)]


def thinned(x: Array, y: Array) -> Array:
    """At most `MOST_POINTS` of the points of a curve, first and last included: shape (m, 2)."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(np.intp))
    return np.column_stack([x[kept], y[kept]])


def _curves(facts: CardFacts) -> dict[str, Picture]:
    """ROC, precision-recall, calibration and gains; those that the outcomes allow."""
    outcome, scores, metrics = facts.outcome, facts.scores, facts.version.metrics
    drawn = {"calibration": _calibration(outcome, scores)}
    rate = float(outcome.mean())
    if not 0 < rate < 1:
        return drawn
    false, found, _ = roc_curve(outcome, scores, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(outcome, scores)
    cuts = facts.version.thresholds.operating if facts.cuts is None else facts.cuts
    flags = scores >= cuts
    drawn["roc"] = _line_picture(
        "roc",
        ("share of those not at risk who are flagged", "recall"),
        Line("this version", thinned(false, found)),
        (float(flags[outcome == 0].mean()), float(flags[outcome == 1].mean())),
    )
    drawn["precision_recall"] = _line_picture(
        "precision_recall",
        ("recall", "precision"),
        Line("this version", thinned(recall[-2::-1], precision[-2::-1])),
        (metrics["recall"], metrics.get("precision", 0.0)),
        base=Line("at random", ((0, rate), (1, rate)), "--", GREY),
    )
    budget = facts.task.promotion.budget
    drawn["gains"] = _line_picture(
        "gains",
        ("share of students flagged", "recall"),
        Line("this version", thinned(false * (1 - rate) + found * rate, found)),
        (budget or rate, metrics["recall_at_budget"]),
        marked="the alert budget" if budget else "as many as are at risk",
    )
    return drawn


def _line_picture(
    key: str,
    axes: tuple[str, str],
    curve: Line,
    mark: tuple[float, float],
    *,
    marked: str = "operating threshold",
    base: Line = DIAGONAL,
) -> Picture:
    """A curve from 0 to 1 with one point marked."""
    lines = (base, curve, Line(marked, (mark,), "o", RED))
    return line_picture(key, axes, lines, points=(mark,))


def _calibration(outcome: Array, scores: Array) -> Picture:
    """What scores promise against what happened, with Wilson intervals."""
    parts = equal_bins(scores, max(1, min(MOST_BINS, len(scores) // RECORDS_PER_BIN)))
    points = [(float(scores[part].mean()), float(outcome[part].mean())) for part in parts]
    intervals = [wilson(float(outcome[part].sum()), len(part)) for part in parts]
    name = "students by score, with 95% intervals"
    lines = DIAGONAL, Line(name, points, "-o", BLUE, intervals)
    return line_picture("calibration", ("mean score", "share at risk"), lines, points)


def _numeric(facts: CardFacts) -> Picture:
    """Mean prediction against mean outcome, in bins of equally many records."""
    parts = equal_bins(facts.scores, MOST_BINS)
    means = [(float(facts.scores[p].mean()), float(facts.outcome[p].mean())) for p in parts]
    low, high = float(np.min(means)), float(np.max(means))
    lines = (
        Line("", ((low, low), (high, high)), "--", GREY),
        Line("students by prediction", means, "-o"),
    )
    axes = "mean prediction", "mean outcome"
    return line_picture("numeric", axes, lines, means, limits=(None, None))


def _groups(facts: CardFacts) -> list[Bar]:
    """Recall by protected group; groups of a handful are left out."""
    return [
        Bar(
            f"{attribute}: {group}{' (small)' * found['small']}".replace("_", " "),
            found["recall"],
            f"{found['recall']:.1%}",
            (found["recall_low"], found["recall_high"]),
            found["small"],
        )
        for attribute, groups in facts.version.fairness.items()
        for group, found in groups.items()
        if found["recall"] is not None and found["rows"] >= FEWEST_SHOWN
    ]


def line_picture(
    key: str,
    titles: tuple[str, str],
    lines: Sequence[Line],
    points: Sequence[tuple[float, float]],
    limits: tuple[float | None, float | None] = (0.0, 1.0),
) -> Picture:
    """Lines over two axes, with a legend below.

    Args:
        key: unique in the card.
        titles: of the axis across and the axis up.
        lines: drawn in this order.
        points: those that the description names.
        limits: of both axes; None is as far as the data go.
    """

    def draw(axes: Any) -> None:
        axes.grid()
        for line in lines:
            x, y = np.transpose(line.points)
            style = line.style if len(x) > 1 else line.style.lstrip("-")
            axes.plot(x, y, style, color=line.colour, label=line.name, clip_on=False)
            if line.intervals:
                axes.vlines(x, *np.transpose(line.intervals), line.colour, clip_on=False)
        axes.set(xlabel=titles[0], ylabel=titles[1], xlim=limits, ylim=limits)
        axes.figure.legend(loc="outside lower center", ncols=3, frameon=False, handlelength=1.5)

    return Picture(_drawn(key, HEIGHT, draw), HEIGHT, points=points)


def bar_picture(
    key: str, title: str, high: float | None, bars: Sequence[Bar], *, low: float | None = 0.0
) -> Picture:
    """Horizontal bars, first on top, each with its figure at the end of its row.

    Args:
        key: unique in the card.
        title: of the axis.
        high: where the axis ends; None is as far as the data go.
        bars: at least one.
        low: where it begins; None is as far as the data go.
    """

    def draw(axes: Any) -> None:
        axes.set_yticks(range(len(bars)), [_short(bar.label) for bar in bars])
        for row, bar in enumerate(bars):
            axes.barh(row, bar.value, 0.7, color=PALE if bar.faint else BLUE)
            axes.text(1.02, row, bar.told, va="center", transform=axes.get_yaxis_transform())
            if bar.interval:
                axes.hlines(row, *bar.interval, INK, clip_on=False)
        axes.set(xlabel=title, xlim=(low, high), ylim=(len(bars) - 0.5, -0.5))

    height = ROW * len(bars) + 50
    return Picture(_drawn(key, height, draw), height, bars=bars)


def _drawn(key: str, height: int, draw: Callable[[Any], None]) -> str:
    # Here, so that what only reads cards or figures of them never loads it.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    written = StringIO()
    # Salted, so that runs give the same ids, and two pictures of a page different ones.
    with rc_context({**STYLE, "svg.hashsalt": key}):
        figure = Figure((WIDTH / 72, height / 72), dpi=72, layout="constrained")
        draw(figure.add_subplot())
        if layout := figure.get_layout_engine():
            layout.execute(figure)
        figure.set_layout_engine(None)  # Else it is laid out twice more while it is saved.
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", metadata=nothing)
    # Without its prolog, its closing tag and what other pictures of the page have too.
    body = written.getvalue().partition("<svg")[2].partition(">")[2].rpartition("</svg>")[0]
    return re.sub(r'<g id="[^"]*"', "<g", " ".join(body.split())).replace("xlink:href", "href")


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
