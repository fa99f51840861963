"""Three hosts, one registry and a cut between: `python -m tests.studies.hosts`.

Each host is a network namespace with an API of two workers; the registry is behind a bridge. While
a host is off the network the others promote a version, erase a student of whom predictions wait on
the one that is away, and are told outcomes of others of whom predictions wait there. School systems
predict and report at all hosts meanwhile. The table says what came when; exit code 1: something
was wrong or later than promised. Needs root, or the right to make network namespaces.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.studies.hosts.network import impossible
from tests.studies.hosts.story import BOUNDS, CutCourse, all_cut_off, one_cut_off, town

VERSIONS = ("v2", "v1")


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.hosts", description=__doc__)
    parser.add_argument("--cuts", type=float, nargs="+", default=[5, 20, 60], help="seconds")
    parser.add_argument("--all", type=float, default=20, help="seconds without a registry for all")
    given = parser.parse_args()
    if reason := impossible():
        sys.stderr.write(f"hosts: {reason}\n")
        return 2
    # Whoever ends it gets namespaces and servers tidied up all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    courses = []
    with tempfile.TemporaryDirectory() as folder, town(Path(folder)) as here:
        for number, seconds in enumerate(given.cuts):
            sys.stderr.write(f"hosts: a cut of {seconds:.0f} s\n")
            version, name = VERSIONS[number % 2], f"cut{number}"
            courses.append(one_cut_off(here, seconds=seconds, version=version, name=name))
        courses.append(all_cut_off(here, seconds=given.all))
    sys.stdout.write(table(courses))
    broken = [f"{c.title}: {what}" for c in courses for what in c.broken]
    for line in broken:
        sys.stderr.write(f"hosts: {line}\n")
    return 1 if broken else 0


def table(courses: Sequence[CutCourse]) -> str:
    """What came when, as Markdown."""
    titles = " | ".join(course.title for course in courses)
    rows = [f"| | promised | {titles} |", f"|---|---:|{'---:|' * len(courses)}"]
    for what, bound in BOUNDS.items():
        seen = [course.seconds.get(what) for course in courses]
        cells = " | ".join("" if s is None else f"{s:.1f} s" for s in seen)
        rows.append(f"| {what} | {bound:.0f} s | {cells} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
