"""Proposes a task for a school's files: `python -m preprocessing.new_task FILE... [--out YAML]`.

The YAML file can be used as it is. What was guessed stands behind `unsure:` in it, and on stderr.
At a terminal a question is put at a time; --yes, or anything but a terminal, takes every default.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from deployment.exit_codes import ExitCode, failed
from model.errors import ConfigurationError, DataError
from preprocessing.proposing.asking import asked, known_all_the_same
from preprocessing.proposing.leaks import without_leaks
from preprocessing.proposing.proposal import Choices, Proposal
from preprocessing.proposing.propose import SeenFiles, propose, see
from preprocessing.proposing.tables import raw_tables
from preprocessing.proposing.writing import as_yaml
from preprocessing.task.spec import TASK_NAME, parse_task


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code is 2 where nothing can be proposed."""
    given = _parser().parse_args(arguments)
    try:
        if given.name is not None and not re.fullmatch(TASK_NAME, given.name):
            raise ConfigurationError(f"--name {given.name!r}: expected {TASK_NAME}")
        if given.out is not None:
            _check_free(given.out)
        proposal = _proposed(see(raw_tables(given.files, given.period)), given)
        text = as_yaml(proposal)
        parse_task(text, source=str(given.out or "the proposal"))
        _write(text, given.out)
    except (ConfigurationError, DataError) as error:
        return failed("new_task", error)
    sys.stderr.write("\n".join(summary(proposal, given.files, given.out, given.period)) + "\n")
    return ExitCode.DONE


def _check_free(out: Path) -> None:
    """Before anything is asked, whose answers would be lost."""
    if out.exists():
        raise ConfigurationError(f"--out {out}: is there already; name another file")
    if not out.parent.is_dir():
        raise ConfigurationError(f"--out {out}: there is no folder {out.parent}")


def _write(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"--out {out}: cannot be written: {error.strerror}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m preprocessing.new_task", description=__doc__)
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="CSV, XLSX or Parquet, one a period"
    )
    parser.add_argument("--out", type=Path, metavar="YAML", help="where to write it; else stdout")
    parser.add_argument("--yes", action="store_true", help="take every default, ask nothing")
    parser.add_argument("--period", help="the year of files that name none")
    parser.add_argument("--name", help="of the task")
    parser.add_argument("--outcome", metavar="COLUMN", help="what is to be predicted")
    parser.add_argument(
        "--at-risk", metavar="RULE", help="`below 10`, `at_least 1`, `is dropout`, or `number`"
    )
    parser.add_argument("--id", metavar="COLUMN", help="who a row is about")
    parser.add_argument(
        "--horizon", type=int, metavar="N", choices=range(100),
        help="the outcome of a record comes so many periods later",
    )  # fmt: skip
    parser.add_argument(
        "--known", action="append", default=[], metavar="COLUMN",
        help="is known when predicting, though it tells the outcome; may be repeated",
    )  # fmt: skip
    return parser


def _proposed(seen: SeenFiles, given: argparse.Namespace) -> Proposal:
    choices = Choices(
        name=given.name,
        outcome=given.outcome,
        at_risk=given.at_risk,
        id=given.id,
        horizon=given.horizon,
        known=tuple(given.known),
    )
    asking = sys.stdin.isatty() and not given.yes
    if asking:
        choices = asked(seen, choices, _ask, lambda text: _say(f"  {text}"))
    proposal = _measured(seen, choices, given)
    more = known_all_the_same(proposal, choices, _ask) if asking else choices
    return proposal if more == choices else _measured(seen, more, given)


def _measured(seen: SeenFiles, choices: Choices, given: argparse.Namespace) -> Proposal:
    proposal = propose(seen, choices)
    return without_leaks(proposal, given.files, now=datetime.now(UTC), period=given.period)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _ask(question: str, default: str) -> str:
    """On stderr, as the proposal itself may go to stdout."""
    sys.stderr.write(f"{question} [{default}] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or default


def summary(
    proposal: Proposal, files: Sequence[Path], out: Path | None, period: str | None
) -> list[str]:
    """What is proposed, what was left out as a leak, what was unsure, and what to do next.

    Args:
        proposal: of the task.
        files: it was made of.
        out: where it was written.
        period: of files that name none.
    """
    units = f", {len(proposal.unit)} unit columns" if proposal.unit else ""
    lines = [
        f"task {proposal.name}: {len(proposal.features)} features{units}, "
        f"{len(proposal.excluded)} columns left out; outcome {proposal.outcome.name}, "
        f"{proposal.rule}, {proposal.horizon} periods later"
    ]
    lines += [f"leak: {one.name}: {one.reason}" for one in proposal.leaks()]
    lines += [f"unsure: {doubt}" for doubt in proposal.unsure()]
    if out is not None:
        named = " ".join(map(str, files))
        told = f" --period {period or 'YEAR'}" if period or proposal.undated else ""
        lines += [
            f"written to {out}. To try it, in a home of its own:",
            f"  export FAROL_TASK={out} FAROL_HOME=.farol-{proposal.name}",
            f"  python -m preprocessing.ingest {named}{told}",
            "  python -m retraining.pipeline",
        ]
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
