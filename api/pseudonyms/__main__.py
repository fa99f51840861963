"""`python -m api.pseudonyms`: the pseudonym of an id, the id of a pseudonym, or a new key.

It needs the key (FAROL_PSEUDONYMS=key, FAROL_PSEUDONYM_KEY), and asks no registry.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Iterable, Sequence

from deployment.exit_codes import ExitCode, failed
from deployment.wiring import add_task_option, settings_from_environment
from model.errors import ConfigurationError, InvalidRecord
from model.pseudonyms.pseudonyms import Pseudonyms
from preprocessing.student_ids import LONGEST_EVER, key_of, read_student_id
from preprocessing.task.spec import TaskSpec, load_task


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 1 where an id is not found, 2 where the key or an id is wrong."""
    given = _parser().parse_args(arguments)
    if given.command == "new-key":
        sys.stdout.write(secrets.token_hex(32) + "\n")
        return ExitCode.DONE
    try:
        settings = settings_from_environment(given.task)
        known = settings.student_pseudonyms
        if known is None:
            raise ConfigurationError("FAROL_PSEUDONYMS is off: ids are kept in the clear")
        task = load_task(settings.task)
        if given.command == "of":
            sys.stdout.write(pseudonym(task, given.id, given.unit, known) + "\n")
            return ExitCode.DONE
        found = whose(task, given.pseudonym, sys.stdin, given.unit, known)
    except (ConfigurationError, InvalidRecord) as error:
        return failed("pseudonyms", ConfigurationError(str(error)))
    sys.stdout.write("".join(f"{one}\n" for one in found))
    return ExitCode.DONE if found else ExitCode.FAILED


def pseudonym(task: TaskSpec, student_id: str, unit: str | None, known: Pseudonyms) -> str:
    """What the registry knows a student by.

    Raises:
        InvalidRecord: no id, or no unit where ids are unique within one only.
    """
    units = {task.unit[0].name: unit} if unit is not None and task.unit else {}
    read = read_student_id(student_id, longest=LONGEST_EVER)
    return key_of(task, read, units, field="--unit", pseudonyms=known)


def whose(
    task: TaskSpec, wanted: str, ids: Iterable[str], unit: str | None, known: Pseudonyms
) -> list[str]:
    """Those of the school's own ids that have this pseudonym.

    Args:
        task: whether each unit numbers its own students.
        wanted: the pseudonym.
        ids: as the school writes them, one a line.
        unit: whose they are.
        known: the installation's pseudonyms.

    Raises:
        InvalidRecord: a line is no id, or no unit where ids are unique within one only.
    """
    lines = (line.strip() for line in ids)
    return [one for one in lines if one and pseudonym(task, one, unit, known) == wanted]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.pseudonyms", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("new-key", help="prints a key for FAROL_PSEUDONYM_KEY; it is kept nowhere")
    of = commands.add_parser("of", help="the pseudonym of one id")
    of.add_argument("id", metavar="ID")
    find = commands.add_parser(
        "find", help="whose a pseudonym is, among the school's ids on standard input, one a line"
    )
    find.add_argument("pseudonym", metavar="PSEUDONYM")
    for one in (of, find):
        one.add_argument(
            "--unit", metavar="U", help="whose id it is, where each school numbers its own"
        )
        add_task_option(one)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
