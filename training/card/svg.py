"""Two kinds of picture as plain SVG: lines over two axes, and bars with intervals.

Written by hand rather than with a plotting library: the same numbers give the same bytes, a picture
is a few kilobytes, nothing is loaded for it, and screen readers find a title and a description.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

# Okabe and Ito's palette: told apart by colour-blind readers too.
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#6B7480"
WIDTH, HEIGHT = 460, 340
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 14, 62
ROW, LABEL, VALUE = 26, 190, 64
TICKS = 5


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
    """What an axis shows, and from where to where."""

    title: str
    low: float = 0.0
    high: float = 1.0

    def place(self, value: float, start: float, end: float) -> float:
        """Where a value stands between two ends of the picture."""
        span = self.high - self.low or 1.0
        share = min(1.0, max(0.0, (value - self.low) / span))
        return start + share * (end - start)


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
    parts = [_frame(x, y), *(_line(line, x, y) for line in lines), _legend(lines)]
    return _picture(title, alt, WIDTH, HEIGHT, parts)


def bar_chart(title: str, alt: str, x: Axis, bars: Sequence[Bar]) -> str:
    """Horizontal bars, first on top, each with its figure at the end of its row."""
    height = ROW * len(bars) + 34
    parts = [_bar(bar, x, index) for index, bar in enumerate(bars)]
    parts.append(_text((LABEL + WIDTH - VALUE) / 2, height - 10, x.title, "middle"))
    return _picture(title, alt, WIDTH, height, parts)


def _picture(title: str, alt: str, width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" font-family="sans-serif" font-size="12">'
        f"<title>{escape(title)}</title><desc>{escape(alt)}</desc>"
        f'<rect width="{width}" height="{height}" fill="#fff"/>{"".join(parts)}</svg>'
    )


def _frame(x: Axis, y: Axis) -> str:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for tick in range(TICKS + 1):
        share = tick / TICKS
        across, down = LEFT + share * (right - LEFT), bottom - share * (bottom - TOP)
        parts += [
            f'<path d="M{LEFT} {_n(down)}H{right}M{_n(across)} {TOP}V{bottom}" stroke="#E3E7EB"/>',
            _text(across, bottom + 15, _tick(x, share), "middle"),
            _text(LEFT - 6, down + 4, _tick(y, share), "end"),
        ]
    parts.append(_text((LEFT + right) / 2, bottom + 32, x.title, "middle"))
    middle = _n((TOP + bottom) / 2)
    parts.append(
        f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle" '
        f'fill="#222">{escape(y.title)}</text>'
    )
    return "".join(parts)


def _line(line: Line, x: Axis, y: Axis) -> str:
    places = [
        (x.place(a, LEFT, WIDTH - RIGHT), y.place(b, HEIGHT - BOTTOM, TOP)) for a, b in line.points
    ]
    dash = ' stroke-dasharray="5 4"' if line.dashed else ""
    joined = "L".join(f"{_n(a)} {_n(b)}" for a, b in places)
    parts = [f'<path d="M{joined}" fill="none" stroke="{line.colour}" stroke-width="2"{dash}/>']
    if line.marks:
        parts += [f'<circle cx="{_n(a)}" cy="{_n(b)}" r="4" fill="{line.colour}"/>'
                  for a, b in places]  # fmt: skip
    for (across, _), (low, high) in zip(places, line.bars, strict=False):
        start, end = (y.place(value, HEIGHT - BOTTOM, TOP) for value in (low, high))
        parts.append(_stroke(f"M{_n(across)} {_n(start)}V{_n(end)}", line.colour))
    return "".join(parts)


def _bar(bar: Bar, x: Axis, index: int) -> str:
    top = ROW * index + 6
    end = x.place(bar.value, LABEL, WIDTH - VALUE)
    colour = "#A9C4D8" if bar.faint else BLUE
    parts = [
        _text(LABEL - 8, top + 13, bar.label, "end"),
        f'<rect x="{LABEL}" y="{top}" width="{_n(end - LABEL)}" height="{ROW - 8}" '
        f'fill="{colour}"/>',
        _text(WIDTH - VALUE + 8, top + 13, bar.told, "start"),
    ]
    if bar.low is not None and bar.high is not None:
        start, end = (x.place(value, LABEL, WIDTH - VALUE) for value in (bar.low, bar.high))
        parts.append(_stroke(f"M{_n(start)} {_n(top + (ROW - 8) / 2)}H{_n(end)}", "#222"))
    return "".join(parts)


def _stroke(path: str, colour: str) -> str:
    return f'<path d="{path}" stroke="{colour}" stroke-width="1.5"/>'


def _legend(lines: Sequence[Line]) -> str:
    named = [line for line in lines if line.name]
    step = (WIDTH - LEFT) / max(1, len(named))
    parts = []
    for index, line in enumerate(named):
        left = LEFT + index * step
        parts.append(
            f'<rect x="{_n(left)}" y="{HEIGHT - 17}" width="12" height="4" fill="{line.colour}"/>'
        )
        parts.append(_text(left + 17, HEIGHT - 11, line.name, "start"))
    return "".join(parts)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" fill="#222">{escape(text)}</text>'


def _tick(axis: Axis, share: float) -> str:
    return f"{axis.low + share * (axis.high - axis.low):.3g}"


def _n(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")
