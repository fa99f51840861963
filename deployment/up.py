"""`make run`: everything up on this host, in the foreground, until Ctrl-C.

Loads data and trains the first champion when there is none, then runs the Procfile beside this
file. What an operator changes first: PORT, DASHBOARD_PORT, FAROL_TASK, DATA=folder of
school files with PERIOD= where neither their names nor a column tell the period.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.process import Popen

from database.embedded import lifecycle
from deployment.bootstrap import bootstrap_all
from deployment.exit_codes import failed
from deployment.following import follow
from deployment.occupancy import Occupant, occupied
from deployment.settings import Settings
from deployment.tasks.installed import all_installed
from deployment.wiring import configure_logging, environment, private_settings, registry_uri
from model.errors import ConfigurationError, FarolError
from preprocessing.cohorts.samples import example_record
from preprocessing.task.spec import TaskSpec, load_task

PROCFILE = Path(__file__).with_name("Procfile")
ORPHANED = {"dashboard": signal.SIGKILL}
"""Parts that get another signal than SIGTERM when we are killed. Streamlit, which keeps nothing,
says that it stops before it does, fails at that since nobody reads it any more, and goes on."""

READY_WITHIN = 120.0
FORMER_ENDS_WITHIN = 30.0

EPILOG = """\
set in the environment, or in a file named .env
  PORT, DASHBOARD_PORT   where to listen (8000, 8501)
  FAROL_TASK             a task in preprocessing/tasks, or the path of a YAML file (pede_lag)
  FAROL_TASKS            several of them, with commas between; the first is the default
                         (python -m deployment.tasks add FILE keeps one in the home instead)
  DATA                   a folder of school files for an empty registry (else synthetic ones)
  PERIOD                 the period of those files, where neither name nor column tells it
  FAROL_HOME             where everything is kept (.farol)
  MONGO_URI              your MongoDB instead of the embedded registry
  FAROL_AUTH             "keys" asks every caller for one (else only this machine is answered)
"""

WELCOME = """
Farol is up.

  API         http://127.0.0.1:{port}        (try http://127.0.0.1:{port}/docs)
  Dashboard   http://127.0.0.1:{dashboard}
  Data        {home}{tasks}{auth}

Try:

  curl -s http://127.0.0.1:{port}/predict -H 'content-type: application/json' \\
    -d '{example}'

Ctrl-C stops everything.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Brings everything up; the exit code is that of the first part that stopped."""
    _parser().parse_args(argv)
    # Ended while it loads it cleans up like at Ctrl-C; later the supervisor has its own handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # The API listens on loopback only here, where keys protect nothing: off unless asked for.
    env = {"FAROL_AUTH": "off", **{k: v for k, v in environment().items() if v}}
    try:
        settings = private_settings(env)
        configure_logging(settings)
        with occupied(settings.home, settings.port, settings.dashboard_port) as former:
            _ports_are_free(settings, former)
            return _run(settings, env, former)
    except FarolError as error:
        return failed("farol", error)
    except KeyboardInterrupt:
        return 130


def _run(settings: Settings, env: Mapping[str, str], former: Occupant | None) -> int:
    own = {
        "FAROL_HOME": str(settings.home),
        "PORT": str(settings.port),
        "DASHBOARD_PORT": str(settings.dashboard_port),
    }
    # A registry that a killed predecessor started is ours now.
    ours = settings.mongo_uri is None and not (
        lifecycle.status(settings.home).running and former is None
    )
    try:
        registry_uri(settings)  # Started here, found by all; whoever misses it starts it again.
        data = Path(env["DATA"]) if env.get("DATA") else None
        bootstrap_all(settings, data=data, say=_say, period=env.get("PERIOD"))
        return _supervise(settings, {**env, **own})
    finally:
        if ours:
            lifecycle.stop(settings.home)


def _started(number: signal.Signals, *given: Any, **options: Any) -> Any:
    """Starts a part, from the process that honcho puts between us and it; both end with us.

    Args:
        number: the signal that the part gets when we are gone.
        given: of `Popen`.
        options: of `Popen`.
    """
    follow(os.getppid(), signal.SIGKILL)
    return Popen(*given, preexec_fn=partial(follow, os.getpid(), number), **options)


def _supervise(settings: Settings, env: Mapping[str, str]) -> int:
    """Runs the Procfile's processes until one stops or a signal comes."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"
    manager = Manager()
    for name, command in parse_procfile(PROCFILE.read_text("utf-8")).processes.items():
        part = manager.add_process(
            name, f"exec {command}", env={**env, "PATH": path, "PYTHONUNBUFFERED": "1"}
        )
        part._child_ctor = partial(_started, ORPHANED.get(name, signal.SIGTERM))
    threading.Thread(target=_welcome_when_ready, args=(settings,), daemon=True).start()
    manager.loop()
    return int(manager.returncode or 0)


def _welcome_when_ready(settings: Settings) -> None:
    url = f"http://127.0.0.1:{settings.port}/health/ready"
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                break
        except httpx.TransportError:
            pass  # Not listening yet; asked again until the deadline.
        time.sleep(0.2)
    else:
        _say(f"The API is not ready after {READY_WITHIN:.0f} s; see {url}")
        return
    auth = "\n  Keys        off: only this machine is answered" if settings.auth == "off" else ""
    _say(welcome(settings, load_task(settings.task), auth))


def welcome(settings: Settings, task: TaskSpec, auth: str = "") -> str:
    """Where everything is, and a call with the task's own fields."""
    names = [one.name for one in all_installed(settings)]
    listed = f"{names[0]} (default), {', '.join(names[1:])}" if len(names) > 1 else ""
    # A single quote would end the argument of the shell.
    example = json.dumps(example_record(task), separators=(",", ":")).replace("'", "\\u0027")
    return WELCOME.format(
        port=settings.port,
        dashboard=settings.dashboard_port,
        home=settings.home,
        tasks=f"\n  Tasks       {listed}: /tasks/TASK/predict, ..." if listed else "",
        auth=auth,
        example=example,
    )


def _ports_are_free(settings: Settings, former: Occupant | None) -> None:
    """Parts of a Farol that was killed have a little time to end."""
    deadline = time.monotonic() + (FORMER_ENDS_WITHIN if former else 0)
    for key, port in (("PORT", settings.port), ("DASHBOARD_PORT", settings.dashboard_port)):
        known = former is not None and port in (former.port, former.dashboard_port)
        while (error := _refused(port)) is not None:
            if known and time.monotonic() < deadline:
                time.sleep(0.2)
                continue
            whose = "; parts of a Farol that was killed may still run there" if known else ""
            raise ConfigurationError(
                f"{key}={port} cannot be listened on ({error.strerror}{whose}); "
                f"choose another: make run {key}={port + 1}"
            ) from error


def _refused(port: int) -> OSError | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error
    return None


def _parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog="python -m deployment.up",
        description="Brings everything up on this machine, until Ctrl-C: registry, first champion, "
        "API, retraining worker, dashboard. The same as `make run`.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.captureWarnings(True)
    sys.exit(main())
