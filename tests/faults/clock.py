"""A wall clock that is set while processes run: theirs alone, not the machine's."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("clock.c")


@dataclass(frozen=True, slots=True)
class WallClock:
    """The clock of every process that is started with `env`."""

    library: Path
    file: Path

    @property
    def env(self) -> dict[str, str]:
        """What such a process is started with."""
        return {"LD_PRELOAD": str(self.library), "FAROL_TEST_CLOCK": str(self.file)}

    def set_by(self, ahead: timedelta) -> None:
        """From now on the clock is so far ahead of the machine's, or behind it."""
        with self.file.open("r+b") as file:
            file.write(struct.pack("q", int(ahead.total_seconds())))


def wall_clock(folder: Path) -> WallClock:
    """Makes one; skips the test where there is no C compiler, or libraries are not preloaded so."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("no clock can be set here: this needs Linux and a C compiler")
    library, file = folder / "clock.so", folder / "clock.offset"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)], check=True
    )
    file.write_bytes(struct.pack("q", 0))
    return WallClock(library, file)
