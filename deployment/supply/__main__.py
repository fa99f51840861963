"""Which libraries Farol is built of: `python -m deployment.supply licences [--check]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deployment.exit_codes import ExitCode, failed
from deployment.supply.licences import licences
from deployment.supply.locks import locked
from deployment.supply.page import rows_of, written
from model.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
LOCKS, PAGE = ROOT / "requirements", ROOT / "docs" / "licences.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the page; 1 where `--check` finds another one, or a library tells no licence."""
    parser = argparse.ArgumentParser(prog="python -m deployment.supply", description=__doc__)
    parser.add_argument("what", choices=["licences"], help="write docs/licences.md")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if it would change")
    parser.add_argument(
        "--also", action="append", default=[], type=Path, metavar="DIR",
        help="look for packages in this folder too, those of an extra for example",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    try:
        page = current_page(given.also)
    except ConfigurationError as error:
        return failed("supply", error)
    if page == _former():
        return ExitCode.DONE
    if given.check:
        sys.stderr.write(f"{PAGE.name} is not what `python -m deployment.supply licences` writes\n")
        return ExitCode.FAILED
    PAGE.write_text(page, encoding="utf-8")
    return ExitCode.DONE


def current_page(also: Sequence[Path] = ()) -> str:
    """The page as it should be; of libraries that are not installed, as it is.

    Args:
        also: folders of packages besides this environment's.

    Raises:
        ConfigurationError: a library's licence is told nowhere.
    """
    needed = locked(LOCKS)
    return written(needed, licences(needed, also=also), rows_of(_former()))


def _former() -> str:
    return PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""


if __name__ == "__main__":
    raise SystemExit(main())
