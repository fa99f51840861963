"""What follows its parent ends with it, however the parent ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deployment.occupancy import Occupant, occupied
from model.errors import ConfigurationError
from retraining.worker.subprocesses import FOLLOWING

ROOT = Path(__file__).parents[2]
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel sends no such signal here")

PARENT = """
import subprocess, sys, os, time
from retraining.worker.subprocesses import FOLLOWING
child = subprocess.Popen([*FOLLOWING, str(os.getpid()), "sleep", "600"])
print(child.pid, flush=True)
time.sleep(600)
"""

HOLDER = """
import sys, time
from pathlib import Path
from deployment.occupancy import occupied
with occupied(Path(sys.argv[1]), 18001, 18501):
    print("held", flush=True)
    time.sleep(600)
"""


@linux
def test_a_command_ends_with_a_parent_that_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    while child.name() != "sleep":
        time.sleep(0.01)

    parent.kill()
    parent.communicate()

    assert psutil.wait_procs([child], timeout=10)[1] == []


@linux
def test_a_command_whose_parent_is_gone_already_does_not_begin() -> None:
    done = subprocess.run([*FOLLOWING, "1", "sleep", "600"], cwd=ROOT, timeout=30)

    assert done.returncode == -15


def test_what_is_missing_from_the_command_is_wrong_usage() -> None:
    done = subprocess.run([*FOLLOWING, "12"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_a_home_is_held_until_its_holder_dies_and_the_next_one_knows_of_it(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    holder.stdout.readline()

    already = pytest.raises(ConfigurationError, match=r"running at http://127\.0\.0\.1:18001 ")
    with already, occupied(tmp_path, 18002, 18502):
        pass
    holder.kill()
    holder.communicate()

    with occupied(tmp_path, 18002, 18502) as former:
        assert former == Occupant(holder.pid, 18001, 18501)
    with occupied(tmp_path, 18002, 18502) as former:
        assert former is None
