"""What a command takes: its own time and memory, and the embedded server's beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from pymongo import MongoClient

from database.embedded import lifecycle
from tests.api.server import ROOT

OWN = ("took ", "logged ")
"""Begin the lines in which work tells its own seconds."""

RESET_PEAK = "5"
"""What Linux takes in `/proc/<pid>/clear_refs` to begin a process's peak of memory anew."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One step at one size.

    Attributes:
        step: its name in `tests.studies.growth.steps.STEPS`.
        rows: of the school year, which the size is called by.
        done: rows that the step was about; a step with a bound has fewer.
        seconds: of wall time; of `tests.studies.growth.work` what it was about, without its start.
        cpu: seconds of processor time of the command and its children.
        server_cpu: the same of the embedded server meanwhile.
        megabytes: the command's memory at its peak (with its children's, the largest of them).
        server_megabytes: the embedded server's at its peak in this step.
        registry_bytes: of the registry's files after it.
        logged: seconds until all that was answered stood in the registry.
        failed: what the command said last where it did not succeed; empty where it did.
    """

    step: str
    rows: int
    done: int
    seconds: float
    cpu: float
    server_cpu: float
    megabytes: float
    server_megabytes: float
    registry_bytes: int
    logged: float = 0.0
    failed: str = ""


def measured(
    step: str, rows: int, done: int, command: Sequence[str], env: Mapping[str, str], home: Path
) -> Cost:
    """Runs a Python module's command against the embedded registry of a home."""
    uri = lifecycle.ensure_running(home)
    # Somebody who is connected keeps the server from ending itself between two steps.
    with MongoClient[dict[str, object]](uri) as client:
        client.admin.command("ping")
        server = psutil.Process(_pid(home))
        before = _cpu(server)
        _reset_peak(server.pid)
        started = time.perf_counter()
        ran = _ran(command, env, home / f"{step}.log")
        seconds = time.perf_counter() - started
        return Cost(
            step=step,
            rows=rows,
            done=done,
            seconds=ran.told.get("took", seconds),
            cpu=ran.cpu,
            server_cpu=_cpu(server) - before,
            megabytes=ran.megabytes,
            server_megabytes=peak_megabytes(server.pid),
            registry_bytes=registry_bytes(home),
            logged=ran.told.get("logged", 0.0),
            failed=ran.failed,
        )


def registry_bytes(home: Path) -> int:
    """All files of the embedded registry, its write-ahead logs too."""
    return sum(one.stat().st_size for one in lifecycle.folder_of(home).glob("*.db*"))


def peak_megabytes(pid: int) -> float:
    """The most memory that a process had since its peak was reset."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


@dataclass(frozen=True, slots=True)
class _Ran:
    cpu: float
    megabytes: float
    failed: str
    told: Mapping[str, float]


def _ran(command: Sequence[str], env: Mapping[str, str], log: Path) -> _Ran:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT, env={**os.environ, **env}, stdout=out, stderr=out,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    failed = (lines or [str(process.returncode)])[-1][:300] if process.returncode else ""
    told = {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith(OWN)}
    return _Ran(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, failed, told)


def _pid(home: Path) -> int:
    state = lifecycle.status(home).state
    if state is None:
        raise SystemExit("the embedded registry does not run")
    return state.pid


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _reset_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text(RESET_PEAK)
