"""`python -m deployment.audit verify|show|export`: what the audit trail says, and if it is whole.

`verify` looks at every block of every chain and at this host's anchors, and exits with 1 where
something was touched: it says what, and between which moments.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from database.audit import AuditRepository
from database.driver.client import SyncRegistry
from database.driver.paging import in_parts
from database.trail.checking import check_trail
from database.trail.trail import TrailRepository
from deployment.audit.telling import as_csv, as_ndjson, beyond, line_of, told_check
from deployment.exit_codes import ExitCode, failed
from deployment.wiring import configure_logging, root_registry, settings_from_environment
from model.audit.anchors import AnchorFile, read_anchors
from model.audit.entry import ActorKind, Entry, pseudonym
from model.audit.former import of_before
from model.errors import FarolError
from model.pseudonyms.pseudonyms import Pseudonyms, known_as
from model.trust.tombstone import TombstoneKey

PAGE = 50
"""Blocks that are read at a time."""

EXPORTED = "audit trail exported"
FORMS = {"csv": as_csv, "ndjson": as_ndjson}

EPILOG = """\
examples
  python -m deployment.audit verify
  python -m deployment.audit verify --anchors /mnt/elsewhere/anchors.jsonl
  python -m deployment.audit show --last 20
  python -m deployment.audit show --student RA-1
  python -m deployment.audit export --format csv > trail.csv
"""


@dataclass(frozen=True, slots=True)
class TrailDesk:
    """What the commands work with.

    Attributes:
        root: the root registry, where the trail is.
        key: the installation's data key, which seals it.
        home: `FAROL_HOME`, with this host's anchors.
        now: aware UTC.
        pseudonyms: that students are known by; None where ids are kept as they are.
    """

    root: SyncRegistry
    key: TombstoneKey
    home: Path
    now: datetime
    pseudonyms: Pseudonyms | None

    def mark_of(self, student: str) -> str:
        """What the trail names a student by, whose id somebody typed."""
        return pseudonym(known_as(student, self.pseudonyms), self.key)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; exit code 0 done, 1 touched or failed, 2 for wrong usage."""
    given = _parser().parse_args(argv)
    try:
        settings = settings_from_environment()
        configure_logging(settings)
        with root_registry(settings) as root:
            desk = TrailDesk(
                root,
                settings.tombstone_key,
                settings.home,
                datetime.now(UTC),
                settings.student_pseudonyms,
            )
            if given.command == "verify":
                return _verify(desk, given.anchors, given.task)
            if given.command == "show":
                _say(f"{line_of(one)}\n" for one in islice(_wanted(desk, given), given.last))
            else:
                _say(FORMS[given.format](_wanted(desk, given)))
                _tell(desk, given)
    except FarolError as error:
        return failed("audit", error)
    return ExitCode.DONE


def _verify(desk: TrailDesk, more: Sequence[Path], task: str | None) -> ExitCode:
    anchors = AnchorFile(desk.home).read()
    for path in more:
        anchors = beyond(anchors, read_anchors(path))
    checks = desk.root.run(check_trail(anchors, desk.key, now=desk.now, task=task))
    _say(f"{line}\n" for check in checks for line in told_check(check))
    touched = sum(len(check.findings) for check in checks)
    if not checks:
        _say(["nothing was told to the audit trail yet\n"])
    if touched:
        sys.stderr.write(f"audit: the trail was touched in {touched} places\n")
    return ExitCode.FAILED if touched else ExitCode.DONE


def _wanted(desk: TrailDesk, given: argparse.Namespace) -> Iterator[Entry]:
    """The entries that are asked for, newest first."""
    if given.student is not None:
        mark = desk.mark_of(given.student)
        found: Iterable[Entry] = desk.root.run(TrailRepository().of_student(mark))
    else:
        found = _all(desk.root, given.task)
    for entry in found:
        since, until = given.since, given.until
        if (since is not None and entry.at < since) or (until is not None and entry.at >= until):
            continue
        told = (entry.task, entry.actor, entry.action)
        asked = (given.task, given.actor, given.action)
        if all(one in (None, other) for one, other in zip(asked, told, strict=True)):
            yield entry


def _all(root: SyncRegistry, task: str | None) -> Iterator[Entry]:
    """Every entry, newest block first; then the log of before the trail."""
    for part in in_parts(root.run(TrailRepository().ids(task)), PAGE):
        blocks = root.run(TrailRepository().get_many(part))
        for block_id in part:
            yield from reversed(blocks[block_id].entries if block_id in blocks else ())
    for event in root.run(AuditRepository().newest(0)):
        yield of_before(event)


def _tell(desk: TrailDesk, given: argparse.Namespace) -> None:
    """That the trail was handed out is in the trail."""
    actor, subject = f"cli/{getpass.getuser()}", "audit trail"
    if given.student is not None:
        subject = desk.mark_of(given.student)
    entry = Entry(desk.now, "", actor, ActorKind.COMMAND, EXPORTED, subject)
    desk.root.run(TrailRepository().tell([entry], desk.key, now=desk.now))


def _say(pieces: Iterable[str]) -> None:
    for piece in pieces:
        sys.stdout.write(piece)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.audit",
        description="Checks, shows and exports the audit trail.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="is every block as it was written")
    verify.add_argument(
        "--anchors", type=Path, action="append", default=[], metavar="FILE",
        help="also hold the trail against this file of anchors, of another host or kept elsewhere",
    )  # fmt: skip
    show = commands.add_parser("show", help="the newest entries, as lines")
    show.add_argument("--last", type=int, default=50, metavar="N", help="at most so many")
    export = commands.add_parser("export", help="all entries, as a file; that is told to the trail")
    export.add_argument("--format", choices=tuple(FORMS), default="csv")
    verify.add_argument("--task", metavar="NAME", help="its chain and the installation's alone")
    for one in (show, export):
        one.add_argument("--task", metavar="NAME", help="of this task alone")
        one.add_argument("--student", metavar="ID", help="about this student, in every task")
        one.add_argument("--actor", metavar="NAME", help="what this key or person did")
        one.add_argument("--action", metavar="NAME", help="this action alone")
        one.add_argument("--since", type=_moment, metavar="TIME", help="ISO 8601, UTC if no zone")
        one.add_argument("--until", type=_moment, metavar="TIME", help="before this moment")
    return parser


if __name__ == "__main__":
    sys.exit(main())
