"""`make run`: everything up on this host, in the foreground, until Ctrl-C.

Loads data and trains the first champion when there is none, then runs the Procfile beside this
file. What an operator changes first: PORT, DASHBOARD_PORT, DATA=folder of school files.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
from honcho.environ import parse_procfile
from honcho.manager import Manager

from database import embedded
from deployment.bootstrap import bootstrap
from deployment.settings import Settings
from deployment.wiring import configure_logging, environment, private_settings, registry_uri
from model.errors import ConfigurationError, FarolError

PROCFILE = Path(__file__).with_name("Procfile")
READY_WITHIN = 120.0

WELCOME = """
Farol is up.

  API         http://127.0.0.1:{port}        (try http://127.0.0.1:{port}/docs)
  Dashboard   http://127.0.0.1:{dashboard}
  Data        {home}{auth}

Try:

  curl -s http://127.0.0.1:{port}/predict -H 'content-type: application/json' \\
    -d '{{"inde":7.5,"iaa":8.0,"ips":6.5,"ipp":7.0,"ipv":7.2,"fase":3}}'

Ctrl-C stops everything.
"""


def main() -> int:
    """Brings everything up; the exit code is that of the first part that stopped."""
    # The API listens on loopback only here, where keys protect nothing: off unless asked for.
    env = {"FAROL_AUTH": "off", **{k: v for k, v in environment().items() if v}}
    try:
        settings = private_settings(env)
        configure_logging(settings)
        _ports_are_free(settings)
        env |= {
            "FAROL_HOME": str(settings.home),
            "PORT": str(settings.port),
            "DASHBOARD_PORT": str(settings.dashboard_port),
        }
        started_here = settings.mongo_uri is None and not embedded.status(settings.home).running
        try:
            registry_uri(settings)  # Started here, found by all; whoever misses it starts it again.
            data = Path(env["DATA"]) if env.get("DATA") else None
            bootstrap(settings, data=data, say=_say)
            return _supervise(settings, env)
        finally:
            if started_here:
                embedded.stop(settings.home)
    except FarolError as error:
        sys.stderr.write(f"farol: {error}\n")
        return 2 if isinstance(error, ConfigurationError) else 1
    except KeyboardInterrupt:
        return 130


def _supervise(settings: Settings, env: Mapping[str, str]) -> int:
    """Runs the Procfile's processes until one stops or a signal comes."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"
    manager = Manager()
    for name, command in parse_procfile(PROCFILE.read_text("utf-8")).processes.items():
        manager.add_process(
            name, f"exec {command}", env={**env, "PATH": path, "PYTHONUNBUFFERED": "1"}
        )
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
    _say(
        WELCOME.format(
            port=settings.port, dashboard=settings.dashboard_port, home=settings.home, auth=auth
        )
    )


def _ports_are_free(settings: Settings) -> None:
    for key, port in (("PORT", settings.port), ("DASHBOARD_PORT", settings.dashboard_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise ConfigurationError(
                    f"{key}={port} cannot be listened on ({error.strerror}); "
                    f"choose another: make run {key}={port + 1}"
                ) from error


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.captureWarnings(True)
    sys.exit(main())
