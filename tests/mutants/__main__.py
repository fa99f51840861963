"""Mutation tests of what trust rests on: `make mutants`, or with MODULES=database/leases.py.

Each mutant is one small change to one line. Tests that pass all the same do not hold that line.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import mutmut.__main__ as tool
from mutmut import configuration
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from tests.mutants import operators
from tests.mutants.trusted import TRUSTED

ROOT = Path(__file__).parents[2]
MYPY = (sys.executable, "-m", "mypy", "--output", "json", "--disable-error-code", "unused-ignore")
KILLED = ("killed", "timeout", "segfault", "caught by type check")


def main(modules: Sequence[str]) -> int:
    """Runs the mutants of these modules, of all if none is named; 1 if any survived."""
    unknown = sorted(set(modules) - TRUSTED.keys())
    if unknown:
        print(f"no tests are declared for {', '.join(unknown)}; see tests/mutants/trusted.py")
        return 2
    os.chdir(ROOT)
    shutil.rmtree("mutants", ignore_errors=True)
    chosen = tuple(modules) or tuple(TRUSTED)
    tests = sorted({test for module in chosen for test in TRUSTED[module]})
    configuration._config = replace(
        configuration.config(),
        only_mutate=list(chosen),
        pytest_add_cli_args_test_selection=tests,
        type_check_command=[*MYPY, *chosen],
    )
    operators.install(Path(module) for module in TRUSTED)
    tool._run((), None)
    return _report(chosen)


def _report(modules: Sequence[str]) -> int:
    """Every survivor's diff, then the table."""
    rows = []
    for module in modules:
        mutants = SourceFileMutationData(path=Path(module))
        mutants.load()
        status = {
            name: status_by_exit_code[code] for name, code in mutants.exit_code_by_key.items()
        }
        survivors = [name for name, state in status.items() if state not in KILLED]
        for name in survivors:
            print(f"\n# {name}: {status[name]}\n{get_diff_for_mutant(name, path=Path(module))}")
        counted = Counter(status.values())
        rows.append((module, len(status), sum(counted[s] for s in KILLED), len(survivors)))
    print(f"\n{'module':32}{'mutants':>9}{'killed':>9}{'survived':>9}")
    for module, number, killed, survived in rows:
        print(f"{module:32}{number:9}{killed:9}{survived:9}")
    return int(any(row[3] for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
