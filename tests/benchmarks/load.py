"""One slice of load by wrk, and what it measured."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True, slots=True)
class Slice:
    """Requests per second, latency percentiles in ms, answers that were not 2xx or 3xx, and all."""

    rate: float
    p50: float
    p99: float
    failed: int
    requests: int = 0


SCRIPT = """
local bodies, made, at = { %s }, {}, 0
function init()
  local headers = { ["content-type"] = "application/json" }
  for place, body in ipairs(bodies) do made[place] = wrk.format("POST", nil, headers, body) end
end
function request()
  at = at %% #made + 1
  return made[at]
end
"""


def wrk(url: str, bodies: Sequence[Mapping[str, Any]], *, connections: int, seconds: int) -> Slice:
    """POSTs bodies in turn over keep-alive connections for some seconds.

    Raises:
        FileNotFoundError: wrk is not installed (Debian: `apt-get install wrk`).
        subprocess.CalledProcessError: wrk could not connect.
    """
    written = ", ".join(json.dumps(json.dumps(dict(body))) for body in bodies)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % written)
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
    ...   16002 requests in 4.00s, 3.00MB read
    ... Requests/sec:   4000.50''')
    Slice(rate=4000.5, p50=1.2, p99=10.0, failed=0, requests=16002)
    """
    failures = re.findall(r"(?:Non-2xx or 3xx responses: |timeout )(\d+)", output)
    return Slice(
        rate=float(_find(r"Requests/sec:\s+([\d.]+)", output)[0]),
        p50=_percentile(50, output),
        p99=_percentile(99, output),
        failed=sum(map(int, failures)),
        requests=int(_find(r"(\d+) requests in", output)[0]),
    )


def _percentile(percent: int, output: str) -> float:
    value, unit = _find(rf"{percent}%\s+([\d.]+)(us|ms|s|m)\b", output)
    return float(value) * UNITS[unit]


def _find(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"wrk said nothing that matches {pattern!r}:\n{text}")
    return found.groups()
