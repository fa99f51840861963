"""What `tests.studies.replay_study` printed, as tables.

`python -m tests.studies.replay_summary FILE`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retraining.replay.alternatives import NEVER, OURS, POLICIES

Rows = Sequence[Mapping[str, Any]]


def regrets(rows: Rows) -> Iterator[str]:
    """Total regret by scenario and policy in points of recall: mean, least and most."""
    yield f"| scenario | histories | {' | '.join(POLICIES)} |"
    yield f"|---|---|{'---|' * len(POLICIES)}"
    for scenario, histories in _by_scenario(rows).items():
        cells = (_spread([100 * h["totals"][p]["regret"] for h in histories]) for p in POLICIES)
        yield f"| {scenario} | {len(histories)} | {' | '.join(cells)} |"


def against_never(rows: Rows) -> Iterator[str]:
    """What ours served above never, by scenario and period, in points: mean, least and most."""
    yield "| scenario | predicted in | ours above never | years ours was behind |"
    yield "|---|---|---|---|"
    for scenario, histories in _by_scenario(rows).items():
        for period in [served["period"] for served in histories[0]["served"]]:
            gains = [_gain(h, period) for h in histories]
            behind = sum(gain < 0 for gain in gains)
            yield f"| {scenario} | {period} | {_spread(gains)} | {behind} of {len(gains)} |"


def promises(rows: Rows) -> Iterator[str]:
    """What promotions promised and what came, by scenario, over those whose outcomes are known."""
    yield "| scenario | promises | kept | promised | came |"
    yield "|---|---|---|---|---|"
    for scenario, histories in _by_scenario(rows).items():
        settled = [p for h in histories for p in h.get("promised", ()) if p["came"] is not None]
        if not settled:
            yield f"| {scenario} | 0 | | | |"
            continue
        kept = sum(p["kept"] for p in settled)
        promised = _spread([100 * p["promise"]["gain"] for p in settled])
        came = _spread([100 * p["came"]["gain"] for p in settled])
        yield f"| {scenario} | {len(settled)} | {kept} | {promised} | {came} |"


def _by_scenario(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["scenario"], []).append(row)
    return found


def _gain(history: Mapping[str, Any], period: str) -> float:
    (recall,) = (s["recall"] for s in history["served"] if s["period"] == period)
    return float(100 * (recall[OURS] - recall[NEVER]))


def _spread(values: Sequence[float]) -> str:
    """Mean and range.

    >>> _spread([1.0, 2.0, 6.0])
    '3.0 (1.0 to 6.0)'
    """
    return f"{np.mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def main(argv: Sequence[str] | None = None) -> int:
    """Prints Markdown."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studies.replay_summary",
        description="Tables of what python -m tests.studies.replay_study printed.",
    )
    parser.add_argument("results", type=Path, nargs="+", help="one JSON object a line")
    files = parser.parse_args(argv).results
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [json.loads(line) for line in lines]
    tables = (*regrets(rows), "", *against_never(rows), "", *promises(rows))
    sys.stdout.write("\n".join(tables) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
