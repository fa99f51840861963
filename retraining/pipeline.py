"""`python -m retraining.pipeline`: one retraining run."""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from database.driver.client import SyncRegistry
from deployment.dask.opening import pool
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.telemetry.opening import telemetry
from deployment.wiring import (
    add_task_option,
    configure_logging,
    registry,
    settings_from_environment,
)
from model.computing.pool import HERE, Pool
from model.decisions.cause import RunCause
from model.errors import (
    FarolError,
    InvalidRecord,
)
from model.options import OPTIONS, Allowed, RunOptions, check, flag
from model.telemetry.context import RUN_ID, TASK, doing
from model.telemetry.tracer import Tracer
from preprocessing.task.spec import TaskSpec
from retraining.progress import console, progress
from retraining.run.beyond_memory.ways import IN_MEMORY, Ways
from retraining.run.execution import execute
from retraining.run.lineage import code_version
from retraining.run.plan import COMMANDED, RunPlan, RunResult, applied
from retraining.run.report import show
from training.candidates import load_task_to_train

EPILOG = """\
what it does
  1. takes the newest labelled records (outcomes that came in through the API or school files);
     with too few that the champion has not seen, or no error budget left to look at them once
     more (docs/promotion.md), it ends here
  2. trains a challenger on them
  3. scores champion and challenger on the same newest students, none of whom taught the model
     that scores them
  4. promotes the challenger only if it catches clearly more students with as many alarms, and no
     guard objects; either way it is registered and the decision is kept with its reasons;
     with promotion.approval: ask it waits for python -m retraining.approval

exit codes
  0 the run finished, whatever it decided    3 not enough labelled data to train on
  1 it failed; the champion serves on        4 another run is under way
  2 wrong usage or setting

examples
  python -m retraining.pipeline --dry-run             what would be decided; it costs what a
                                                      run costs of the error budget
  python -m retraining.pipeline --window 2000         only the 2,000 newest labelled records
  python -m retraining.pipeline --trials 30           tune the best family; killed and started
                                                      again, it goes on where it was
  python -m retraining.pipeline --json > run.json     the decision for a program
"""

NOT_A_FAILURE = (ExitCode.NOT_ENOUGH_DATA, ExitCode.LEASE_HELD)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs once and prints the decision; the result is the exit code."""
    arguments = _parser().parse_args(argv)
    # A polite kill ends the run like Ctrl-C does: the lease is given back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    run_id = arguments.run_id or new_run_id()
    try:
        settings = settings_from_environment(arguments.task)
        configure_logging(settings)
        with (
            telemetry(settings, "pipeline") as told,
            registry(settings, tracer := told.tracer if told else None) as opened,
            pool(settings) as workers,
        ):
            result = run_pipeline(
                opened,
                load_task_to_train(settings.task),
                settings,
                options=RunOptions.from_mapping(
                    {name: getattr(arguments, name) for name in OPTIONS}
                ),
                say=progress(as_log=settings.log_format == "json"),
                run_id=run_id,
                requested_by=arguments.requested_by,
                cause=arguments.cause,
                tracer=tracer,
                workers=workers,
            )
    except FarolError as error:
        return _failed(error, run_id, as_json=arguments.json)
    if arguments.json:
        sys.stdout.write(json.dumps(result.to_mapping()) + "\n")
    else:
        show(result, console())
    return ExitCode.DONE


def run_pipeline(
    opened: SyncRegistry,
    task: TaskSpec,
    settings: Settings,
    *,
    options: RunOptions | None = None,
    say: Callable[[str], None],
    run_id: str | None = None,
    requested_by: str = "cli",
    cause: RunCause = COMMANDED,
    tracer: Tracer | None = None,
    workers: Pool = HERE,
    ways: Ways = IN_MEMORY,
) -> RunResult:
    """Runs once on an open registry.

    Args:
        opened: the installation's registry.
        task: the options of the run are applied to it.
        settings: where the home is, and the signing key.
        options: what this run does differently from its task.
        say: called with each step, in words.
        run_id: of a queued run that this one carries out; None makes a new one.
        requested_by: recorded with the run.
        cause: what started it; recorded with the run.
        tracer: told of the run and its steps; None: nobody is.
        workers: do what can be done side by side.
        ways: how it reads its window and trains on it.

    Raises:
        LeaseHeld: another run is under way.
        NotEnoughData: the window is too small to train on.
        FarolError: whatever else stopped it.
    """
    chosen = options or RunOptions()
    plan = RunPlan(
        run_id=run_id or new_run_id(),
        task=applied(chosen, task),
        options=chosen,
        home=settings.home_of(task.name),
        signing_key=settings.signing_key.get_secret_value(),
        requested_by=requested_by,
        code_version=code_version(Path(__file__).parents[1]),
        cause=cause,
        pool=workers,
    )
    with doing(RUN_ID, plan.run_id), doing(TASK, task.name):
        run = partial(execute, opened, plan, clock=_now, say=say, ways=ways)
        return run() if tracer is None else _traced(tracer, plan, run)


def _traced(tracer: Tracer, plan: RunPlan, run: Callable[..., RunResult]) -> RunResult:
    """Runs as a span with one for each step. Who asked may be a person, so it is not told."""
    told = {
        "farol.run_id": plan.run_id,
        "farol.task": plan.task.name,
        "farol.trigger": plan.cause.trigger.value,
        "farol.dry_run": plan.options.dry_run,
    }
    with tracer.work("retraining run", told) as span:
        result = run(stepped=lambda name: tracer.step(f"step {name}"))
        versions = {"farol.challenger": result.challenger, "farol.champion": result.champion}
        span.tell({name: version for name, version in versions.items() if version})
        span.tell({"farol.run_status": result.status.value})
    return result


def _now() -> datetime:
    return datetime.now(UTC)


def new_run_id() -> str:
    """A fresh run id."""
    return f"run-{secrets.token_hex(8)}"


def _failed(error: FarolError, run_id: str, *, as_json: bool) -> int:
    code = failed("retraining", error)
    if as_json:
        told: dict[str, Any] = {
            "run_id": run_id,
            "status": code.name.lower() if code in NOT_A_FAILURE else "failed",
            "challenger": None,
            "champion": None,
            "reasons": [str(error)],
            "evidence": {},
        }
        sys.stdout.write(json.dumps(told) + "\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retraining.pipeline",
        description="Trains a challenger on the newest outcomes and decides whether it takes over.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, allowed in OPTIONS.items():
        _add_option(parser, name, allowed)
    add_task_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("--run-id", help="the id of a queued run to carry out (used by the worker)")
    parser.add_argument(
        "--requested-by", default="cli", metavar="NAME", help="recorded with the run"
    )
    parser.add_argument(
        "--cause",
        type=_cause,
        default=COMMANDED,
        metavar="JSON",
        help="what started the run: trigger, en and pt (used by the worker)",
    )
    return parser


def _cause(text: str) -> RunCause:
    try:
        return RunCause.from_json(text)
    except InvalidRecord as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _add_option(parser: argparse.ArgumentParser, name: str, allowed: Allowed) -> None:
    if allowed.kind is bool:
        parser.add_argument(flag(name), action="store_true", help=allowed.help)
        return

    def read(text: str) -> Any:
        try:
            return check(name, allowed.kind(text))
        except (InvalidRecord, ValueError) as error:
            raise argparse.ArgumentTypeError(f"must be {allowed}") from error

    parser.add_argument(flag(name), type=read, metavar=allowed.metavar, help=allowed.help)


if __name__ == "__main__":
    sys.exit(main())
