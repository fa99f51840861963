"""A checkout of some commit that works on a home: its commands, and its API."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.api.server import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS, COMMAND_SECONDS = 300.0, 1_500.0


class NotServing(Exception):
    """A release did not start; the message is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Release:
    """A checkout that works on a home, by a Python."""

    code: Path
    home: Path
    python: str = sys.executable

    @property
    def env(self) -> Mapping[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MONGO", "FAROL"))}
        return kept | {"FAROL_HOME": str(self.home), "FAROL_AUTH": "off"}

    def run(self, *command: str) -> str:
        """Runs a command of this release; gives what it prints."""
        done = subprocess.run(
            [self.python, "-m", *command], cwd=self.code, env=self.env, timeout=COMMAND_SECONDS,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def end_registry(self) -> None:
        """Ends the embedded server, which would go on being the one of this release."""
        self.run("database.embedded", "--stop")

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its API; gives the address.

        Raises:
            NotServing: it ended, or does not answer.
        """
        port = free_port()
        log = self.home / f"upgrade-{port}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [self.python, "-m", "uvicorn", "api.app:app", "--port", str(port)],
                cwd=self.code, env=self.env, stdout=out, stderr=out,
            )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            _until_ready(url, process, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def checkout(revision: str, folder: Path) -> Iterator[Path]:
    """A worktree of a revision."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", folder, revision], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", folder], check=True)


def _until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/health/ready", timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    said = log.read_text("utf-8").strip().splitlines()
    raise NotServing(said[-1] if said else "nothing was said")
