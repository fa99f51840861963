"""The simulation's results as a picture: who is promoted, against how much better it truly is.

`python -m tests.studies.promotion_simulation > results.jsonl`, then
`python -m tests.studies.promotion_plot results.jsonl power.svg`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from tests.studies.promotion_simulation import Result


def plot(results: Sequence[Result], path: Path) -> None:
    """Draws the share promoted against the true gain, one line a sample size and gate."""
    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for number, n in enumerate(sorted({r.n for r in results})):
        ours = sorted((r for r in results if r.n == n), key=lambda r: r.true_gain)
        gains = [100 * r.true_gain for r in ours]
        color = f"C{number}"
        axes.plot(gains, [r.promoted for r in ours], "o-", color=color, label=f"Farol, n = {n:,}")
        axes.plot(gains, [r.naive for r in ours], "x:", color=color, label=f"naive, n = {n:,}")
    axes.axhline(0.05, color="0.6", lw=1)
    axes.set_xlabel("true gain in recall at equal budget (points)")
    axes.set_ylabel("share of trials promoted")
    axes.set_title("How often a challenger is promoted (naive: measured gain above 1 point)")
    axes.legend(ncols=2, fontsize="small")
    axes.set_ylim(-0.02, 1.02)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main(argv: Sequence[str] | None = None) -> int:
    """Draws a file of results."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studies.promotion_plot",
        description="Draws what python -m tests.studies.promotion_simulation printed.",
    )
    parser.add_argument("results", type=Path, help="one JSON object a line")
    parser.add_argument("plot", type=Path, help="where to draw, .svg or .png")
    parser.add_argument("--correlation", type=float, default=0.6, help="which of the worlds")
    options = parser.parse_args(argv)
    lines = options.results.read_text(encoding="utf-8").splitlines()
    results = [Result(**json.loads(line)) for line in lines]
    plot([r for r in results if r.correlation == options.correlation], options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
