"""Farol's runs as a Prefect flow; `python prefect_flow.py` serves it with its schedule.

Farol's worker makes runs by itself, unless one came to its end since its time (docs/worker.md). So
set `schedule.retrain` to an hour after this one, and the worker steps in where Prefect did not.
"""

import json
import subprocess

from prefect import flow, get_run_logger, task

FAROL = "/opt/farol"
USAGE, NOT_ENOUGH_DATA, LEASE_HELD = 2, 3, 4


@task(
    retries=2, retry_delay_seconds=1800, retry_condition_fn=lambda _t, _r, state: not usage(state)
)
def farol(module: str, *options: str) -> dict | None:
    """Runs a command of Farol's; None where there was nothing to do."""
    done = subprocess.run(
        [f"{FAROL}/.venv/bin/python", "-m", module, *options, "--json"],
        cwd=FAROL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in (NOT_ENOUGH_DATA, LEASE_HELD):
        get_run_logger().info("%s: %s", module, done.stderr.strip())
        return None
    if done.returncode == USAGE:
        raise ValueError(done.stderr.strip())  # Wrong usage or settings: a retry mends nothing.
    done.check_returncode()
    return json.loads(done.stdout)


def usage(state) -> bool:
    """Whether a command was used wrongly."""
    return isinstance(state.result(raise_on_failure=False), ValueError)


@flow(name="farol-retraining")
def learn() -> str:
    """Looks for drift, makes a run, and asks the API whether it still answers as it should."""
    farol("drift.check")
    run = farol("retraining.pipeline")
    farol("deployment.smoke", "http://127.0.0.1:8000")
    return "nothing to learn from" if run is None else f"{run['challenger']}: {run['status']}"


if __name__ == "__main__":
    learn.serve(name="weekly", cron="15 3 * * 0")
