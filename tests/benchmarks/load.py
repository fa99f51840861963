"""One slice of load by wrk, and what it measured."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True, slots=True)
class Slice:
    """Requests per second, latency percentiles in ms, and answers that were not 2xx or 3xx."""

    rate: float
    p50: float
    p99: float
    failed: int


def wrk(url: str, body: Mapping[str, Any], *, connections: int, seconds: int) -> Slice:
    """POSTs the same body over keep-alive connections for some seconds.

    Raises:
        FileNotFoundError: wrk is not installed (Debian: `apt-get install wrk`).
        subprocess.CalledProcessError: wrk could not connect.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            'wrk.method = "POST"\n'
            'wrk.headers["content-type"] = "application/json"\n'
            f"wrk.body = {json.dumps(json.dumps(body))}\n"
        )
        script.flush()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s",
             "-s", str(Path(script.name)), url],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return parse(done.stdout)


def parse(output: str) -> Slice:
    """Reads wrk's report.

    >>> parse('''    50%    1.20ms
    ...      99%   10.00ms
    ... Requests/sec:   4000.50''')
    Slice(rate=4000.5, p50=1.2, p99=10.0, failed=0)
    """
    failures = re.findall(r"(?:Non-2xx or 3xx responses: |timeout )(\d+)", output)
    return Slice(
        rate=float(_find(r"Requests/sec:\s+([\d.]+)", output)[0]),
        p50=_percentile(50, output),
        p99=_percentile(99, output),
        failed=sum(map(int, failures)),
    )


def _percentile(percent: int, output: str) -> float:
    value, unit = _find(rf"{percent}%\s+([\d.]+)(us|ms|s|m)\b", output)
    return float(value) * UNITS[unit]


def _find(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"wrk said nothing that matches {pattern!r}:\n{text}")
    return found.groups()
