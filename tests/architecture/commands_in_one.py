"""Runs commands one after the other in forks of one process that has loaded all they need.

`python -m tests.architecture.commands_in_one FOLDER MODULE... -- OPTION...` writes what each prints
when it is given each option to `FOLDER/<module><option>.out` and `.err`, and how it ends to
`.code`. A process of its own for each would load the same libraries for seconds.
"""

from __future__ import annotations

import os
import runpy
import sys
from importlib import import_module
from pathlib import Path


def in_a_fork(folder: Path, module: str, option: str) -> None:
    """Runs one command to its end."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        (folder / f"{module}{option}.code").write_text(str(code), encoding="utf-8")
        return
    for number, kind in ((1, "out"), (2, "err")):
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
        os.dup2(os.open(folder / f"{module}{option}.{kind}", flags, 0o600), number)
    del sys.modules[module]
    os._exit(_ended(module, option))  # Taking the libraries down again would last half a second.


def _ended(module: str, option: str) -> int:
    """Runs one command in this process and gives its exit code."""
    sys.argv = [module, option]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def main(folder: Path, words: list[str]) -> None:
    """All of them, one after the other."""
    end = words.index("--")
    for module in words[:end]:
        import_module(module)
    for module in words[:end]:
        for option in words[end + 1 :]:
            in_a_fork(folder, module, option)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
