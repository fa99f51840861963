"""Load that looks at every answer: does the score belong to the version that it names?"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.load import Slice, parse

SCRIPT = """
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = {body}
local expected = {{ {expected} }}
local threads = {{}}
wrong = 0
function setup(thread) table.insert(threads, thread) end
function response(status, headers, body)
  if status == 200 then
    local version = string.match(body, '"model_version":"([^"]*)"')
    local score = string.match(body, '"risk_score":([^,]*)')
    if expected[version] ~= score then wrong = wrong + 1 end
  end
end
function done(summary, latency, requests)
  local total = 0
  for _, thread in ipairs(threads) do total = total + thread:get("wrong") end
  io.write(string.format("requests: %d wrong: %d\\n", summary.requests, total))
end
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """A slice, how many answers it had, and how many scores were not their version's."""

    slice: Slice
    requests: int
    wrong: int


class Load:
    """Load that runs until it is waited for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def running(self) -> bool:
        """Whether requests are still sent."""
        return self._process.poll() is None

    def result(self) -> Checked:
        """Waits for the end.

        Raises:
            ValueError: the load generator did not report.
        """
        output, _ = self._process.communicate()
        found = re.search(r"requests: (\d+) wrong: (\d+)", output)
        if found is None:
            raise ValueError(f"wrk said nothing of its answers:\n{output}")
        return Checked(parse(output), int(found[1]), int(found[2]))


@contextmanager
def loading(
    url: str,
    body: Mapping[str, Any],
    scores: Mapping[str, float],
    *,
    connections: int,
    seconds: int,
) -> Iterator[Load]:
    """POSTs the same body for some seconds.

    Args:
        url: where to.
        body: the record.
        scores: version to the score it gives this record.
        connections: kept alive.
        seconds: how long.
    """
    expected = ", ".join(f"{v} = {json.dumps(json.dumps(s))}" for v, s in scores.items())
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT.format(body=json.dumps(json.dumps(dict(body))), expected=expected))
        script.flush()
        process = subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s",
             "-s", str(Path(script.name)), url],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            yield Load(process)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
