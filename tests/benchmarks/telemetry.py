"""What telemetry costs where a prediction is answered: `python -m tests.benchmarks.telemetry`.

The application is called in this process, without HTTP and without other processes: the same record
again and again, with telemetry off, and on with a receiver that takes everything. What is counted
is the processor's time of the thread that answers, so other programs hardly disturb it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from starlette.types import Message

from api.app import Farol, create_app
from database.embedded import lifecycle
from deployment.settings import load_settings
from deployment.wiring import registry
from tests.api import bundles

BODY = orjson.dumps({"inde": 7.5, "ida": 6.8, "ieg": 8.4, "fase": 3, "period": "2024"})
HEADERS = [
    (b"host", b"127.0.0.1:8000"), (b"accept", b"*/*"), (b"user-agent", b"benchmark"),
    (b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode()),
]  # fmt: skip


def main() -> int:
    """Prints the microseconds of a call."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.telemetry")
    parser.add_argument("--calls", type=int, default=2_000, help="in a round")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--off-only", action="store_true", help="where the extra is not installed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        settings = load_settings({"FAROL_HOME": name, "FAROL_SIGNING_KEY": bundles.KEY.decode()})
        try:
            with registry(settings) as opened:
                bundles.promote(opened, bundles.register(opened, bundles.archive()))
            found = asyncio.run(_measured(home, given.calls, given.rounds, given.off_only))
        finally:
            lifecycle.stop(home)
    for case, costs in found.items():
        sys.stdout.write(
            f"{case:4} {median(costs):7.1f} µs a call (best round {min(costs):.1f} µs)\n"
        )
    return 0


async def _measured(
    home: Path, calls: int, rounds: int, off_only: bool
) -> Mapping[str, list[float]]:
    cases = {"off": {}} if off_only else {"off": {}, "on": {"FAROL_OTEL_ENDPOINT": _receiver()}}
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, more in cases.items():
            async with _serving(home, more) as app:
                await _calls(app, calls // 4)
                found[name].append(await _calls(app, calls))
    return found


def _receiver() -> str:
    # An extra, which the floor of this measurement does without.
    from tests.api.telemetry.receiver import receiving

    opened = receiving()
    return opened.__enter__().url


@asynccontextmanager
async def _serving(home: Path, more: Mapping[str, str]) -> AsyncIterator[Farol]:
    given = {
        "FAROL_HOME": str(home), "FAROL_AUTH": "off", "FAROL_SIGNING_KEY": bundles.KEY.decode(),
        **more,
    }  # fmt: skip
    app = create_app(lambda: load_settings(given))
    async with app.router.lifespan_context(app):
        yield app


async def _calls(app: Farol, number: int) -> float:
    """Microseconds of a call."""
    started = time.thread_time()
    for _ in range(number):
        status = await _call(app)
        assert status == 200, status
    return (time.thread_time() - started) / number * 1e6


async def _call(app: Farol) -> int:
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": "/predict", "query_string": b"",
        "headers": HEADERS, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    sys.exit(main())
