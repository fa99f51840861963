from __future__ import annotations

from pathlib import Path

from tests.benchmarks.drift_files import compare, told, write_pair


def test_the_benchmark_of_two_files_finds_the_columns_that_it_shifted(tmp_path: Path) -> None:
    cost = compare(*write_pair(tmp_path, 2_000))

    assert cost.drifted == 10
    (line,) = told(2_000, {"farol": cost, "floor": cost}).values()
    assert "1.0 × the bare read" in line
