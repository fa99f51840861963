"""A process that ends when the one that started it does, however that one ends.

`python -m deployment.following PARENT COMMAND...` becomes the command, and is sent SIGTERM when its
parent is no more. The kernel sends it, so a kill -9 of the parent counts as any other end. Linux
only; elsewhere the command runs as it would without this.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def follow(parent: int, number: int = signal.SIGTERM) -> None:
    """Has the kernel send this process a signal when the thread that started it is no more.

    It holds across an exec, and is not handed on to children.

    Args:
        parent: the process id of whoever started this one; if it is gone already, the signal comes
            at once.
        number: the signal.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def main(arguments: Sequence[str]) -> int:
    """Follows the parent and becomes the command; returns for wrong usage only."""
    if len(arguments) < 2 or not arguments[0].isdigit():
        wanted_help = "--help" in arguments[:1] or "-h" in arguments[:1]
        out = sys.stdout if wanted_help else sys.stderr
        out.write(f"usage: python -m deployment.following PARENT COMMAND...\n\n{__doc__}")
        return 0 if wanted_help else 2
    parent, *command = arguments
    follow(int(parent))
    os.execvp(command[0], command)  # noqa: S606  as it was asked, without a shell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
