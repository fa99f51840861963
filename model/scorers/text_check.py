"""Tries a tree model's text in a process that may die of it.

As a command: `python -m model.scorers.text_check < TEXT`.

LightGBM's reader ends the process on some texts, and which ones is not known in full. So the host
that publishes a version has its text read here first, under limits of time and memory. A swap waits
for it: nothing is imported but the library.
"""

from __future__ import annotations

import argparse
import ctypes
import math
import resource
import signal
import subprocess
import sys
from pathlib import Path

from model.errors import BundleError
from model.scorers import lightgbm_library as lgbm

MODULE = "model.scorers.text_check"
SECONDS = 30
BYTES = 2 * 1024**3
"""Address space beyond what the library has mapped once it is loaded."""

REFUSED = 3
LONGEST_REASON = 500
VALUES = (-1e9, -1.0, 0.0, 1.0, 1e9)
"""What the columns of the rows hold: from far below to far above what records become."""


def try_apart(text: bytes, *, seconds: float = SECONDS) -> None:
    """Loads a text, scores and explains rows in a short-lived process; blocks meanwhile.

    Args:
        text: a LightGBM text model.
        seconds: how long it may take.

    Raises:
        BundleError: it was refused, took too long, or ended the process; the message says which.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", MODULE],
            cwd=Path(__file__).parents[2],
            input=text,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(
            f"the model's text took more than {seconds:g} s in a process of its own"
        ) from error
    if done.returncode:
        raise BundleError(_reason(done.returncode, done.stderr))


def _reason(code: int, said: bytes) -> str:
    """Why, from how the process ended.

    >>> _reason(-6, b"")
    "the model's text ended the process that tried it (SIGABRT)"
    """
    words = said.decode(errors="replace").strip()
    if code == REFUSED and words:
        return words.splitlines()[-1][:LONGEST_REASON]
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"the model's text ended the process that tried it ({how})"


def main() -> int:
    """0 if the text on stdin loads, scores and explains; 3 and the reason if it is refused."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {MODULE}",
        description="Reads a tree model's text from stdin and tries it; a host that publishes a "
        "version runs this, so that what breaks here breaks no worker.",
    )
    parser.parse_args()
    text = sys.stdin.buffer.read()
    try:
        library = lgbm.library()
        _limit()
        handle, iterations, width = ctypes.c_void_p(), ctypes.c_int(), ctypes.c_int()
        lgbm.check(
            library.LGBM_BoosterLoadModelFromString(
                text, ctypes.byref(iterations), ctypes.byref(handle)
            )
        )
        lgbm.check(library.LGBM_BoosterGetNumFeature(handle, ctypes.byref(width)))
        for value in VALUES:
            _score(handle, value, width.value, lgbm.RAW_SCORE, 1)
            # An explanation walks through every node of every tree, wherever the row leads.
            _score(handle, value, width.value, lgbm.CONTRIBUTIONS, width.value + 1)
    except (BundleError, MemoryError) as error:
        sys.stderr.write(f"{error or 'the model takes too much memory'}\n")
        return REFUSED
    return 0


def _score(handle: ctypes.c_void_p, value: float, width: int, what: int, length: int) -> None:
    row = (ctypes.c_double * width)(*[value] * width)
    found, written = (ctypes.c_double * length)(), ctypes.c_int64()
    code = lgbm.library().LGBM_BoosterPredictForMat(
        handle, row, lgbm.FLOAT64, 1, width, lgbm.ROW_MAJOR, what, 0, lgbm.ALL_TREES,
        lgbm.PARAMETERS, ctypes.byref(written), found,
    )  # fmt: skip
    lgbm.check(code)
    if not all(map(math.isfinite, found)):
        raise BundleError("the model's scores are no numbers")


def _limit() -> None:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    mapped = int(pages) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: mapped + BYTES,
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    raise SystemExit(main())
