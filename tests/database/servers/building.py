"""FerretDB, built by Go from the modules that `module/go.sum` pins, once, into `build/`.

`module/go.mod` names the version, `go.sum` the SHA-256 of every module that it is made of, so a
proxy that gave other source would be refused.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).parents[3]
MODULE = Path(__file__).parent / "module"
FOLDER = ROOT / "build" / "servers"
FLAGS = ("-trimpath", "-ldflags=-s -w", "-tags=ferretdb_no_postgresql")
"""Only the backend that is tried: half as many modules."""

NO_GO = "there is no Go here to build FerretDB with (`go` is not on the PATH)"

SETTINGS = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=readonly",
    # The Go that is here, or none: no other one is fetched.
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}


class NotBuilt(Exception):
    """Go is here and FerretDB was not built."""


def can_build() -> bool:
    """Whether there is a Go to build with."""
    return shutil.which("go") is not None


def build() -> Path:
    """The program, built unless it is there already; a second at most then.

    Raises:
        NotBuilt: there is no Go, or it failed; the message says why.
    """
    go = shutil.which("go")
    if go is None:
        raise NotBuilt(NO_GO)
    program = FOLDER / "ferretdb"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with FileLock(FOLDER / "building.lock"):
        done = subprocess.run(
            [go, "build", *FLAGS, "-o", str(program), "."],
            cwd=MODULE, env=os.environ | SETTINGS, capture_output=True, text=True,
        )  # fmt: skip
    if done.returncode:
        raise NotBuilt(f"go build ended with {done.returncode}: {done.stderr.strip()[-2_000:]}")
    return program


def version() -> str:
    """Which FerretDB `module/go.mod` names; a server that is built from it says "unknown"."""
    found = re.search(r"FerretDB/FerretDB (v\S+)", (MODULE / "go.mod").read_text("utf-8"))
    assert found is not None
    return found[1]
