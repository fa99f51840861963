"""`python -m retraining.replay`: what the promotion policy would have done on history."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from database.driver.client import open_registry
from database.embedded.lifecycle import ensure_running, stop
from database.indexes import ensure_indexes
from deployment.dask.opening import pool
from deployment.exit_codes import ExitCode, failed
from deployment.wiring import add_task_option, configure_logging, settings_from_environment
from model.computing.pool import HERE, Pool
from model.errors import FarolError
from model.options import DEFAULT_SEED
from preprocessing.files.school_files import made_up, usable
from preprocessing.task.spec import TaskSpec
from retraining.progress import console, progress
from retraining.replay.report import plot, show
from retraining.replay.result import History
from retraining.replay.timeline import play
from training.candidates import load_task_to_train

EPILOG = """\
Plays the files forward, oldest period first, through the same code that runs in production, on a
registry of its own that is thrown away: predict, outcomes arrive, drift, retrain, decide. Then it
compares what would have been served by

  ours    the pipeline's decisions         always  every challenger
  never   the first champion for ever      naive   a challenger with 0.01 more recorded recall

Regret is the recall given away, period by period, against the best version there was.

example
  python -m retraining.replay pede_2022.csv pede_2023.csv pede_2024.csv
  python -m retraining.replay folder     what is no table of the task is left out, and named
  python -m retraining.replay            on synthetic school years
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Replays and prints; the result is the exit code."""
    arguments = _parser().parse_args(argv)
    absent = [str(path) for path in arguments.files if not path.exists()]
    if absent:
        sys.stderr.write(f"replay: no such file or folder: {', '.join(absent)}\n")
        return ExitCode.USAGE
    try:
        settings = settings_from_environment(arguments.task)
        configure_logging(settings)
        task = load_task_to_train(settings.task)
        with (
            tempfile.TemporaryDirectory(prefix="farol-cohorts-") as name,
            pool(settings) as workers,
        ):
            files = chosen(arguments.files, task, Path(name), say=progress())
            history = replay(task, files, seed=arguments.seed, say=progress(), workers=workers)
    except FarolError as error:
        return failed("replay", error)
    if arguments.plot is not None:
        plot(history, arguments.plot)
    if arguments.json:
        sys.stdout.write(json.dumps(history.to_mapping()) + "\n")
    else:
        show(history, console())
    return ExitCode.DONE


def chosen(
    given: Sequence[Path], task: TaskSpec, folder: Path, *, say: Callable[[str], None]
) -> list[Path]:
    """The files to play: those that are named, those of a folder that is, or made-up ones.

    Args:
        given: files and folders; none asks for made-up school years.
        task: what the files are tables of. A file that is named must be one; in a folder others
            are left out.
        folder: where made-up files go.
        say: told of what is left out.

    Raises:
        NotThisTask: a folder holds no table of the task.
    """
    if not given:
        say("no files: playing synthetic school years (DATA=folder for your own)")
        return [file.path for file in made_up(task, folder)]
    now = datetime.now(UTC)
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            found += [file.path for file in usable(path, task, now=now, say=say)]
        else:
            found.append(path)
    return found


def replay(
    task: TaskSpec,
    files: Sequence[Path],
    *,
    seed: int,
    say: Callable[[str], None],
    decide_last: bool = True,
    workers: Pool = HERE,
) -> History:
    """Plays the files on an embedded registry in a temporary folder.

    Args:
        task: whose files they are.
        files: in any order; each period is played once.
        seed: of training and resampling.
        say: called with each step, in words.
        decide_last: whether the newest period, which no later one can judge, is decided on too.
        workers: do what can be done side by side in each run.

    Raises:
        NotThisTask: a file is no table of the task.
        RegistryUnavailable: the embedded registry does not start.
    """
    with tempfile.TemporaryDirectory(prefix="farol-replay-") as name:
        home = Path(name)
        try:
            with open_registry(ensure_running(home), "replay") as opened:
                opened.run(ensure_indexes())
                return play(
                    opened,
                    task,
                    files,
                    home=home,
                    signing_key=secrets.token_bytes(32),
                    seed=seed,
                    say=say,
                    decide_last=decide_last,
                    pool=workers,
                )
        finally:
            stop(home)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retraining.replay",
        description="Shows what the promotion policy would have done on history.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files", type=Path, nargs="*", metavar="FILE", help="school files, or folders of them"
    )
    add_task_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="for every run")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw served recall (.svg, .png)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
