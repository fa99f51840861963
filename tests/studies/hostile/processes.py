"""A process of its own for what may break the one that does it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

SECONDS = 60.0

Ask = Callable[[Any], Any]


class Ended(Exception):
    """The process ended, gave no answer, or failed; the next one is there."""


class Worker:
    """Does one thing at a time in a process that is started anew when it breaks.

    Args:
        begin: called there once with the arguments; answers what does the things.
        arguments: of `begin`.
    """

    def __init__(self, begin: Callable[..., Ask], *arguments: Path) -> None:
        self._begin, self._arguments = begin, arguments
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=_serve, args=(theirs, self._begin, self._arguments), daemon=True
        )
        self._process.start()
        theirs.close()

    def ask(self, thing: object) -> tuple[Any, int]:
        """What came of a thing, and the bytes of memory that the process had at most meanwhile.

        Raises:
            Ended: the process died of it, took over a minute, or raised what nobody expects.
        """
        try:
            self._pipe.send(thing)
            if not self._pipe.poll(SECONDS):
                raise Ended(f"took more than {SECONDS:.0f} s")
            failed, answer, memory = self._pipe.recv()
        except (EOFError, OSError) as error:
            self._process.join(5)
            code = self._process.exitcode
            self._again()
            raise Ended(f"ended the process ({code})") from error
        except Ended:
            self._again()
            raise
        if failed:
            raise Ended(failed)
        return answer, memory

    def _again(self) -> None:
        self.close()
        self._start()

    def close(self) -> None:
        """Ends the process."""
        self._pipe.close()
        self._process.kill()
        self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _serve(pipe: Connection, begin: Callable[..., Ask], arguments: tuple[Path, ...]) -> None:
    ask = begin(*arguments)
    while True:
        try:
            thing = pipe.recv()
        except EOFError:
            return
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        failed, answer = "", None
        try:
            answer = ask(thing)
        except Exception as error:  # noqa: BLE001  any that comes here is what is looked for
            failed = f"{type(error).__name__}: {error}"
        pipe.send((failed, answer, _peak()))


def _peak() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024
