"""Builds the servers that need it, starts each once, and says how long both took.

`python -m tests.database.servers`: FerretDB. With `--run` it stays up, for a try by hand. Without
Go it says so and ends well: what would run on it is skipped with that reason.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from tests.database.servers.building import NO_GO, NotBuilt, build, can_build, version
from tests.database.servers.ferretdb import NotStarted, running


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; exit code 1 where Go is there and FerretDB does not start."""
    parser = argparse.ArgumentParser(prog="python -m tests.database.servers", description=__doc__)
    parser.add_argument("--run", action="store_true", help="keep it up until a key is pressed")
    given = parser.parse_args(argv)
    if not can_build():
        print(f"FerretDB: {NO_GO}; its tests are skipped")
        return 0
    began = time.monotonic()
    try:
        build()
        built = time.monotonic()
        with running() as server:
            started = time.monotonic()
            print(
                f"FerretDB {version()}: built in {built - began:.1f} s, started in "
                f"{started - built:.1f} s"
            )
            if given.run:
                input(f"{server.uri}\nEnter ends it. ")
    except (NotBuilt, NotStarted) as error:
        print(f"FerretDB: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
