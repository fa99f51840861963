"""What stands for the pipeline of `lone_worker`: it writes down when it began and when it ended.

`python tests/retraining/life.py FILE WORKER`. The first takes two minutes, any later one nothing.
It imports little, so that its own start takes no time that a test would take for the worker's.
"""

import sys
import time
from pathlib import Path

SLEEPS = 120.0


def live(file: Path, worker: str) -> None:
    """One life."""
    first = not file.read_text("ascii")
    note(file, "begun", worker)
    if first:
        time.sleep(SLEEPS)
    note(file, "ended", worker)


def note(file: Path, what: str, worker: str) -> None:
    with file.open("a", encoding="ascii") as opened:
        opened.write(f"{what} {worker} {time.time()}\n")


if __name__ == "__main__":
    live(Path(sys.argv[1]), sys.argv[2])
