"""Tries a bundle in a process that may die of it: `python -m model.bundle_check FOLDER DIGEST`.

A model's text is read by native code, and what a text can do to that code is not known in full.
The host that publishes a version therefore loads it here first, under limits of time and memory.
It imports little, for a swap waits for it.
"""

from __future__ import annotations

import argparse
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.bundle import load_bundle
from model.errors import BundleError, FarolError
from model.scorer import Rows

MODULE = "model.bundle_check"
SECONDS = 30
BYTES = 2 * 1024**3
"""Address space beyond what the libraries have mapped when they are imported."""

REFUSED = 3
LONGEST_REASON = 500
MANY = 1_000
"""Rows scored at once, enough to take the way of many threads."""


def check_apart(folder: Path, digest: str, *, seconds: float = SECONDS) -> None:
    """Loads a bundle, scores and explains rows in a short-lived process; blocks meanwhile.

    Args:
        folder: the unpacked bundle.
        digest: what the bundle must be.
        seconds: how long it may take.

    Raises:
        BundleError: it was refused, took too long, or ended the process; the message says which.
    """
    command = [sys.executable, "-m", MODULE, str(folder), digest]
    try:
        done = subprocess.run(
            command,
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(
            f"{folder.name}: loading it took more than {seconds:g} s in a process of its own"
        ) from error
    if done.returncode:
        raise BundleError(_reason(folder.name, done.returncode, done.stderr))


def _reason(name: str, code: int, said: bytes) -> str:
    """Why, from how the process ended.

    >>> _reason("v2", -6, b"")
    'v2: loading it ended its process (SIGABRT)'
    """
    words = said.decode(errors="replace").strip()
    if code == REFUSED and words:
        return words.splitlines()[-1][:LONGEST_REASON]
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"{name}: loading it ended its process ({how})"


def main(arguments: Sequence[str]) -> int:
    """0 if the bundle loads, scores and explains; `REFUSED` if not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m model.bundle_check",
        description="Loads a bundle in a process of its own, with little memory and time. The API "
        "runs it before its workers load a new version.",
    )
    parser.add_argument("folder", type=Path, help="where the bundle is")
    parser.add_argument("digest", help="SHA-256 that its manifest must have")
    given = parser.parse_args(arguments)
    _limit()
    try:
        bundle = load_bundle(given.folder, given.digest)
        for row in _rows(bundle.scorer.width):
            bundle.score_one(row)
            # An explanation walks through every node of every tree, wherever the row leads.
            bundle.explain(row)
        bundle.score(np.zeros((MANY, bundle.scorer.width)))
    except (FarolError, MemoryError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        sys.stderr.write(f"{error or type(error).__name__}\n")
        return REFUSED
    return 0


def _rows(width: int) -> Rows:
    """A few rows from far below to far above what records become, shape (5, width)."""
    return np.repeat(np.array([[-1e9], [-1.0], [0.0], [1.0], [1e9]]), width, axis=1)


def _limit() -> None:
    limits = {
        resource.RLIMIT_AS: _mapped() + BYTES,
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def _mapped() -> int:
    """Bytes of address space in use; threads of the libraries make it large on many cores."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
