"""`python -m deployment.boards`: writes the boards of Grafana from their declaration."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deployment.boards.grafana import files_of
from deployment.boards.panels import declared_boards

FOLDER = Path(__file__).parents[1] / "grafana" / "boards"


def main(argv: Sequence[str] | None = None) -> int:
    """Writes a file for each board and language."""
    parser = argparse.ArgumentParser(
        prog="python -m deployment.boards",
        description="Writes the boards of Grafana, as deployment/boards/boards.yaml declares them.",
    )
    parser.add_argument(
        "--to", type=Path, default=FOLDER, metavar="FOLDER", help="where (default: %(default)s)"
    )
    folder: Path = parser.parse_args(argv).to
    folder.mkdir(parents=True, exist_ok=True)
    for board in declared_boards():
        for name, text in files_of(board):
            (folder / name).write_text(text, encoding="utf-8")
            sys.stdout.write(f"{folder / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
