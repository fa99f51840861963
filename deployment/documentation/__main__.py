"""`python -m deployment.documentation`: the documentation as a site, without the internet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deployment.documentation.building import build, can_build
from deployment.documentation.reference import write_reference
from deployment.documentation.source import assemble
from deployment.exit_codes import ExitCode

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "documentation"
EPILOG = """\
A warning is an error: a link that leads nowhere, a page that docs/index.md does not name.

examples
  make docs                                                  the site, in build/documentation/site
  python -m deployment.documentation --reference reference   the generated pages alone, as Markdown
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes what was asked for and says where it is."""
    parser = argparse.ArgumentParser(
        prog="python -m deployment.documentation",
        description="Makes the documentation a site that is read without the internet.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--to", type=Path, default=BUILD, metavar="FOLDER",
        help="where to: its `site` is the site, its `source` what that is made of; both are "
        "replaced (default: build/documentation)",
    )  # fmt: skip
    parser.add_argument(
        "--reference", type=Path, metavar="FOLDER", help="write the generated pages there, no site"
    )
    given = parser.parse_args(arguments)
    if given.reference is not None:
        for path in write_reference(ROOT, given.reference):
            sys.stdout.write(f"{path}\n")
        return ExitCode.DONE
    if not can_build():
        sys.stderr.write("documentation: Sphinx is not installed here; run `make setup-docs`\n")
        return ExitCode.USAGE
    return _site(given.to.resolve())


def _site(folder: Path) -> int:
    source = folder / "source"
    assemble(ROOT, source)
    first = build(source, folder / "site")
    if first is None:
        return ExitCode.FAILED
    sys.stdout.write(f"{first}\n")
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
