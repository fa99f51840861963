"""Two kinds of picture as SVG to stand inside a page: lines over two axes, bars with intervals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import Any

# Okabe and Ito's palette: told apart by colour-blind readers too.
BLUE, RED = "#0072B2", "#D55E00"
PALE, GREY, INK = "#A9C4D8", "#6B7480", "#222222"
WIDTH, HEIGHT, ROW = 460, 340, 26
LONGEST = 34
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
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


@dataclass(frozen=True, slots=True)
class Line:
    """Points joined by a line, or single marks.

    Attributes:
        bars: (low, high) of each mark's interval; empty for none.
    """

    name: str
    points: Sequence[tuple[float, float]]
    colour: str = BLUE
    dashed: bool = False
    marks: bool = False
    bars: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, and from where to where; None is as far as the data go."""

    title: str
    low: float | None = 0.0
    high: float | None = 1.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `low` and `high` draw its interval, `faint` says that it is of little weight."""

    label: str
    value: float
    told: str
    low: float | None = None
    high: float | None = None
    faint: bool = False


def line_chart(title: str, alt: str, x: Axis, y: Axis, lines: Sequence[Line]) -> str:
    """Lines over two axes, with a legend below."""

    def draw(axes: Any) -> None:
        axes.grid()
        for line in lines:
            joined = ("--" if line.dashed else "-") if len(line.points) > 1 else ""
            marked = f"{joined}{'o' if line.marks else ''}"
            across, up = zip(*line.points, strict=True)
            axes.plot(across, up, marked, color=line.colour, label=line.name, clip_on=False)
            if line.bars:
                axes.vlines(across, *zip(*line.bars, strict=True), line.colour, clip_on=False)
        axes.set(xlabel=x.title, ylabel=y.title, xlim=(x.low, x.high), ylim=(y.low, y.high))
        axes.figure.legend(loc="outside lower center", ncols=3, frameon=False, handlelength=1.5)

    return _picture(title, alt, HEIGHT, draw)


def bar_chart(title: str, alt: str, x: Axis, bars: Sequence[Bar]) -> str:
    """Horizontal bars, first on top, each with its figure at the end of its row."""

    def draw(axes: Any) -> None:
        axes.set_yticks(range(len(bars)), [_short(bar.label) for bar in bars])
        for row, bar in enumerate(bars):
            axes.barh(row, bar.value, 0.7, color=PALE if bar.faint else BLUE)
            axes.text(1.02, row, bar.told, va="center", transform=axes.get_yaxis_transform())
            if bar.low is not None and bar.high is not None:
                axes.hlines(row, bar.low, bar.high, INK, clip_on=False)
        axes.set(xlabel=x.title, xlim=(x.low, x.high), ylim=(max(1, len(bars)) - 0.5, -0.5))

    return _picture(title, alt, ROW * len(bars) + 50, draw)


def _picture(title: str, alt: str, height: int, draw: Callable[[Any], None]) -> str:
    # Here, so that what only reads cards or figures of them never loads it.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    written = StringIO()
    # Salted, so that runs give the same ids, and two pictures of a page different ones.
    with rc_context({**STYLE, "svg.hashsalt": title}):
        figure = Figure((WIDTH / 72, height / 72), dpi=72, layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(written, format="svg", metadata=NO_METADATA)
    return _inline(written.getvalue(), title, alt, height)


def _inline(written: str, title: str, alt: str, height: int) -> str:
    """What matplotlib wrote, without its prolog and what other pictures of the page have too."""
    _, _, body = written.partition("<svg")[2].partition(">")
    body = re.sub(r'<g id="[^"]*"', "<g", " ".join(body.split())).replace("xlink:href", "href")
    key = re.sub(r"\W+", "-", title.lower())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-labelledby="{key}-title {key}-desc">'
        f'<title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{escape(alt)}</desc>{body}'
    )


def _short(label: str) -> str:
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
