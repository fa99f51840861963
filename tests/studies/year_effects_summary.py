"""The tables of docs/promotion.md from what `tests.studies.year_effects` printed.

`python -m tests.studies.year_effects_summary FILE...`
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Cell = Mapping[str, Any]

NAMES = {
    "equal": "equal: one recipe, one year each",
    "refresh": "refresh: one recipe, one more year",
    "changed 0": "changed recipe, no gain",
    "changed 2": "changed recipe, +2 points",
    "changed 5": "changed recipe, +5 points",
}


def table(cells: Sequence[Cell]) -> Iterator[str]:
    """A row per cell, its shares with their Wilson intervals."""
    yield (
        "| case | years | effects sd | measured within | forward | true, next year | promoted "
        "| before | expected, half width | covered | regret | before | never |"
    )
    yield "|---" * 13 + "|"
    for one in cells:
        without = one["case"] in ("equal", "refresh") and one["years"] == 2
        forward = "" if without else f"{one['measured']:+.1f}"
        row = (
            NAMES[one["case"]],
            one["years"],
            f"{one['spread']:.2f}",
            f"{one['within']:+.1f}",
            forward,
            f"{one['true']:+.1f}",
            f"**{_share(one['promoted']['default'])}**",
            _share(one["today"]),
            f"{one['expected']:+.1f} ± {one['half_width']:.1f}",
            _share(one["covered"]),
            *(f"{_zero(one['regret'][rule]):.2f}" for rule in ("default", "today", "never")),
        )
        yield f"| {' | '.join(map(str, row))} |"


def _share(found: Sequence[float]) -> str:
    value, low, high = found
    return f"{value:.1f} % ({low:.1f}-{high:.1f})"


def _zero(value: float) -> float:
    """No negative zero."""
    return value + 0.0


def main(paths: Sequence[str]) -> int:
    """Prints the table of all cells, ordered by case, years and spread."""
    lines = [line for path in paths for line in Path(path).read_text("utf-8").splitlines()]
    order = list(NAMES)
    cells = sorted(
        map(json.loads, lines), key=lambda c: (order.index(c["case"]), c["years"], c["spread"])
    )
    sys.stdout.write("\n".join(table(cells)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
