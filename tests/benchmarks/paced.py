"""Load at a rate, not as fast as it goes, whose every answer is looked at and counted."""

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

STAYS, GOES = "K", "E"
"""How the ids of students begin who stay, and who are erased meanwhile."""

ONE_GOES = 50
"""One in so many requests is about a student who is erased meanwhile."""

SAMPLED = "0"
"""The last digit of the predictions' ids that are written down: one in sixteen."""

QUIET_SECONDS = 3
"""Before the end nothing is sent, so that every answer comes to be counted."""

SCRIPT = """
local ffi = require("ffi")
ffi.cdef("typedef struct {{ long s; long ns; }} span; int clock_gettime(int, span *);")
local at = ffi.new("span")
local function now()
  ffi.C.clock_gettime(1, at)
  return tonumber(at.s) + tonumber(at.ns) * 1e-9
end

local rate, seconds, stay, go = {rate}, {seconds}, {stay}, {go}
local expected = {{ {expected} }}
local threads, requests, sent, paced = {{}}, {{}}, 0, 0
local began, file
counted = ""
local counts = {{ stays = 0, goes = 0, wrong = 0, bare = 0 }}

function setup(thread) table.insert(threads, thread) end

function init()
  local body, headers = {body}, {{ ["content-type"] = "application/json" }}
  local function made(student)
    local with = string.gsub(body, "STUDENT", student)
    return wrk.format("POST", nil, headers, with)
  end
  for i = 0, stay - 1 do requests["K" .. i] = made("K" .. i) end
  for i = 0, go - 1 do requests["E" .. i] = made("E" .. i) end
  file = io.open({sample}, "w")
  file:setvbuf("line")
  began = now()
end

function delay()
  local late = now() - began
  if late > seconds then return 100000000 end
  paced = paced + 1
  local wait = paced / rate - late
  if wait < -1 then paced = late * rate end
  return math.max(0, math.floor(wait * 1000 + 0.5))
end

function request()
  sent = sent + 1
  if sent % {one_goes} == 0 then return requests["E" .. (sent / {one_goes}) % go] end
  return requests["K" .. sent % stay]
end

function response(status, headers, body)
  counts[status] = (counts[status] or 0) + 1
  if status == 200 then
    local id = string.match(body, '"prediction_id":"(%x+)"')
    local student = string.match(body, '"student_id":"(%a)')
    local version = string.match(body, '"model_version":"([^"]*)"')
    local score = string.match(body, '"risk_score":([^,]*)')
    if expected[version] ~= score then counts.wrong = counts.wrong + 1 end
    if student == "K" then
      counts.stays = counts.stays + 1
      if string.sub(id, -1) == "{sampled}" then file:write(id, "\\n") end
    else
      counts.goes = counts.goes + 1
    end
  elseif status >= 500 and not headers["retry-after"] then
    counts.bare = counts.bare + 1
  end
  counted = ""
  for name, number in pairs(counts) do counted = counted .. name .. "=" .. number .. " " end
end

function done(summary, latency, requests)
  io.write("counted: " .. threads[1]:get("counted") .. "\\n")
  local e = summary.errors
  io.write(string.format("sockets: %d\\n", e.connect + e.read + e.write + e.timeout))
  io.write(string.format("p50: %.3f p99: %.3f\\n", latency:percentile(50) / 1000,
    latency:percentile(99) / 1000))
end
"""


@dataclass(frozen=True, slots=True)
class Paced:
    """What came of the load.

    Attributes:
        statuses: of the answers.
        stays: acknowledged predictions of students who stay.
        goes: of those who are erased meanwhile.
        wrong: scores that are not their version's.
        bare: answers of 5xx that do not say when to try again.
        sockets: connections that broke, or did not answer in time.
        p50: milliseconds.
        p99: milliseconds.
        sample: ids of acknowledged predictions of students who stay.
    """

    statuses: Mapping[int, int]
    stays: int
    goes: int
    wrong: int
    bare: int
    sockets: int
    p50: float
    p99: float
    sample: tuple[str, ...]


class PacedLoad:
    """Load that runs until it is waited for."""

    def __init__(self, process: subprocess.Popen[str], sample: Path) -> None:
        self._process = process
        self._sample = sample

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def result(self) -> Paced:
        """Waits for the end.

        Raises:
            ValueError: the load generator did not report.
        """
        output, _ = self._process.communicate()
        return read(output, tuple(self._sample.read_text("ascii").split()))


def read(output: str, sample: tuple[str, ...] = ()) -> Paced:
    """Reads the report.

    >>> told = "counted: 200=9 410=1 stays=8 goes=1\\nsockets: 2\\np50: 1.2 p99: 9.0"
    >>> found = read(told)
    >>> found.statuses, found.stays, found.sockets, found.p99
    ({200: 9, 410: 1}, 8, 2, 9.0)
    """
    counts = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", output)}
    sockets = re.search(r"sockets: (\d+)", output)
    times = re.search(r"p50: ([\d.]+) p99: ([\d.]+)", output)
    if sockets is None or times is None:
        raise ValueError(f"wrk said nothing of its answers:\n{output}")
    return Paced(
        statuses={int(name): n for name, n in sorted(counts.items()) if name.isdecimal()},
        stays=counts.get("stays", 0),
        goes=counts.get("goes", 0),
        wrong=counts.get("wrong", 0),
        bare=counts.get("bare", 0),
        sockets=int(sockets[1]),
        p50=float(times[1]),
        p99=float(times[2]),
        sample=sample,
    )


@contextmanager
def pacing(
    url: str,
    body: Mapping[str, Any],
    scores: Mapping[str, float],
    *,
    connections: int,
    seconds: int,
    rate: float,
    stay: int,
    go: int,
) -> Iterator[PacedLoad]:
    """POSTs records of many students at a rate; one that falls behind is not caught up.

    Args:
        url: where to.
        body: the record, the same for each student.
        scores: version to the score it gives this record.
        connections: kept alive.
        seconds: how long; nothing is sent in the last three.
        rate: requests a second.
        stay: students who stay, `K0` and on.
        go: students who are erased meanwhile, `E0` and on.
    """
    record = json.dumps({**body, "student_id": "STUDENT"})
    expected = ", ".join(f"{v} = {json.dumps(json.dumps(s))}" for v, s in scores.items())
    with tempfile.TemporaryDirectory() as folder:
        script, sample = Path(folder, "load.lua"), Path(folder, "sample")
        sample.touch()
        script.write_text(
            SCRIPT.format(
                rate=rate, seconds=seconds - QUIET_SECONDS, stay=stay, go=go, expected=expected,
                body=json.dumps(record), sample=json.dumps(str(sample)), one_goes=ONE_GOES,
                sampled=SAMPLED,
            ),
            "utf-8",
        )  # fmt: skip
        process = subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s",
             "-s", str(script), url],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            yield PacedLoad(process, sample)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
