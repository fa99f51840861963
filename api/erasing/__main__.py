"""Frees this host's own files of erased students: `python -m api.erasing`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from api.erasing.host_files import carry_out
from deployment.erasing.host_files import host_files
from deployment.exit_codes import ExitCode, failed
from deployment.wiring import configure_logging, settings_from_environment
from model.errors import FarolError

DESCRIPTION = """\
Erases on this host whom another host was asked to erase: predictions that still wait in outboxes,
and the outboxes' logs, of every task. The API does it within seconds, and the retraining worker
every ten minutes where the API is not up. Run it before a host is taken away for good.
"""

EPILOG = """\
exit codes
  0 this host's files hold no erased student    1 something still does, or it failed
  2 wrong usage or setting
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command."""
    parser = argparse.ArgumentParser(
        prog="python -m api.erasing",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    given = parser.parse_args(argv)
    try:
        settings = settings_from_environment()
        configure_logging(settings)
        done = carry_out(host_files(settings), datetime.now(UTC))
    except FarolError as error:
        return failed("erasing", error)
    told = done.told()
    sys.stdout.write((json.dumps(asdict(done) | {"told": told}) if given.json else told) + "\n")
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
