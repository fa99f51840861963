from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest
from mutmut.mutation import file_mutation, mutators

from tests.mutants import operators
from tests.mutants.trusted import TRUSTED

ROOT = Path(__file__).parents[2]

SOURCE = '''
LIMIT = 3

def passes(values, ledger):
    """Prose."""
    if values:
        ledger.note("a sentence", "key")
    return [v for v in values if v > LIMIT]
'''


@pytest.fixture
def mutants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The source in all its mutants."""
    (tmp_path / "constants.py").write_text(SOURCE)
    both = list(mutators.mutation_operators)
    for place in (mutators, file_mutation, operators):
        monkeypatch.setattr(place, "mutation_operators", both)
    operators.install([tmp_path / "constants.py"])
    module, found, *_ = file_mutation.create_mutations("made_up.py", SOURCE)
    return {
        cst.ensure_type(
            file_mutation.deep_replace(module, one.original_node, one.mutated_node), cst.Module
        ).code
        for one in found
        if one.contained_by_top_level_function
    }


@pytest.mark.parametrize("path", sorted({*TRUSTED, *(t for ts in TRUSTED.values() for t in ts)}))
def test_every_trusted_module_and_its_tests_are_there(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('ledger.note("a sentence", "key")', "pass"),
        ("if values:", "if not (values):"),
        ("if v > LIMIT]", "if not (v > LIMIT)]"),
        ("v > LIMIT", "v > (LIMIT + 1)"),
        ("v > LIMIT", "v > (LIMIT * 0)"),
        ('"key"', '"XXkeyXX"'),
    ],
)
def test_what_mutmut_leaves_alone_is_changed_too(mutants: set[str], was: str, becomes: str) -> None:
    assert SOURCE.replace(was, becomes) in mutants


def test_prose_and_the_constants_own_line_are_left_alone(mutants: set[str]) -> None:
    assert all("LIMIT = 3\n" in one and '"""Prose."""' in one for one in mutants)
    assert not any("XXa sentenceXX" in one for one in mutants)
