"""Scores a file of any size: `python -m api.bulk FILE --out RESULT`.

FILE is Parquet, NDJSON or CSV, whose first line names the columns as schools or /predict do. One
line per row comes back, in the order of the rows: the score, or the field at fault and why. The API
key is read from FAROL_API_KEY, never from the command line, which other users can see.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from api.bulk.client import Sending, Step, form_of, rows_in, send, stopped_parquet
from api.bulk.formats import FileForm
from deployment.exit_codes import ExitCode, failed
from model.errors import ConfigurationError, FarolError

KEY = "FAROL_API_KEY"
DEFAULT_PORT = 8000
EVERY_SECONDS = 1.0


class FileProgress:
    """Tells on stderr how far it is, about once a second.

    Args:
        total: rows of the file.
        size: its bytes.
        clock: seconds.
    """

    def __init__(self, total: int, size: int, clock: Callable[[], float]) -> None:
        self._total, self._size, self._clock = total, size, clock
        self._begun = self._told = clock()
        self._answering: float | None = None

    def __call__(self, step: Step) -> None:
        """Tells a step, unless one was told a moment ago."""
        now = self._clock()
        if step.received and self._answering is None:
            self._answering = now
        if now - self._told < EVERY_SECONDS:
            return
        self._told = now
        sys.stderr.write(f"{self.line(step, now)}\n")

    def line(self, step: Step, now: float) -> str:
        """A step in words."""
        if self._answering is None:
            return f"sent {step.sent / 1e6:,.0f} of {self._size / 1e6:,.0f} MB"
        if step.rows is None:
            return f"received {step.received / 1e6:,.0f} MB"
        rate = step.rows / max(now - self._answering, 0.001)
        left = max(0, self._total - step.rows) / max(rate, 1.0)
        share = f"{step.rows:,} of {self._total:,} rows"
        return f"{share}, {rate:,.0f} rows/s, {left:.0f} s to go"

    def summary(self, step: Step) -> str:
        """What came of it."""
        seconds = max(self._clock() - self._begun, 0.001)
        rows = self._total if step.rows is None else step.rows
        return f"{rows:,} rows in {seconds:.1f} s, {rows / seconds:,.0f} rows/s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 done, 1 failed or stopped midway, 2 used wrongly or refused."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.out is None and (given.format == FileForm.PARQUET or sys.stdout.isatty()):
        parser.error("say where the result goes: --out FILE")
    try:
        return _run(given)
    except FarolError as error:
        return failed("bulk", error)
    except OSError as error:
        return failed("bulk", ConfigurationError(f"{error.filename}: {error.strerror}"))


def _run(given: argparse.Namespace) -> ExitCode:
    sent = form_of(given.file)
    wanted = sent if given.format is None else FileForm(given.format)
    if given.out is None and wanted is FileForm.PARQUET:
        raise ConfigurationError("a Parquet result needs a file: --out FILE, or --format csv")
    progress = FileProgress(rows_in(given.file, sent), given.file.stat().st_size, time.monotonic)
    sending = Sending(given.file, sent, _url(given), os.environ.get(KEY), wanted, given.period)
    if given.out is None:
        step = send(sending, sys.stdout.buffer, progress)
    else:
        # Whoever waits for the result sees the whole of it or none.
        part = given.out.with_name(f"{given.out.name}.part")
        with part.open("wb") as out:
            step = send(sending, out, progress)
        if wanted is FileForm.PARQUET and (why := stopped_parquet(part)) is not None:
            raise FarolError(f"stopped midway: {why}")
        part.replace(given.out)
    sys.stderr.write(f"{progress.summary(step)}\n")
    return ExitCode.DONE


def _url(given: argparse.Namespace) -> str:
    base = given.url or f"http://127.0.0.1:{os.environ.get('PORT') or DEFAULT_PORT}"
    task = f"/tasks/{given.task}" if given.task else ""
    return f"{base.rstrip('/')}{task}/predict/bulk"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api.bulk",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV, NDJSON or Parquet")
    parser.add_argument("--url", help="of the API (default: this machine, at PORT)")
    parser.add_argument("--task", metavar="NAME", help="the task (default: that of the API)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the result (default: stdout)")
    parser.add_argument(
        "--format", choices=list(FileForm), help="of the result (default: that of FILE)"
    )
    parser.add_argument("--period", help="of rows that give none, and of headers such as INDE 2024")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
