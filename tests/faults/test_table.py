"""The table of faults is whole: each row has a test, each test a row, the page is the same."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.faults.documented import TABLE
from tests.faults.table import FAULTS, Fault

HERE = Path(__file__).parent
NO_FAULT = {
    "test_health_tells_of_a_lease_that_a_clock_ahead_has_written",
    "test_a_host_off_the_network_follows_what_came_meanwhile_within_what_is_promised",
}
"""Tests of what a row says beside what a host answers."""


def functions_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    found = (node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    return {name for name in found if name.startswith("test_")}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_fault_has_a_test_that_makes_it_happen(fault: Fault) -> None:
    file, _, function = fault.test.partition("::")

    assert function in functions_of(HERE / file)


def test_each_test_of_a_fault_has_its_row() -> None:
    files = [path for path in HERE.glob("test_*.py") if path.name != Path(__file__).name]
    made = {(path.name, name) for path in files for name in functions_of(path)}
    told = {tuple(fault.test.split("::")) for fault in FAULTS}

    assert {(file, name) for file, name in made if (file, name) not in told} == {
        (file, name) for file, name in made if name in NO_FAULT
    }


def test_the_page_of_faults_has_the_table() -> None:
    assert TABLE.written() == TABLE.table(), "python -m tests.faults.documented writes it anew"
