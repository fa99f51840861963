from __future__ import annotations

from pathlib import Path

from database.embedded import lifecycle
from tests.benchmarks.registry import measure_registry, table


def test_the_registry_benchmark_measures_each_part_and_leaves_nothing(tmp_path: Path) -> None:
    try:
        uri = lifecycle.ensure_running(tmp_path)
        figures = measure_registry(uri, rows=300)
    finally:
        lifecycle.stop(tmp_path)

    text = table({"embedded server": figures}, 300)
    assert "| 300 labels × 16 features | embedded server |" in text
    assert "rows/s" in figures["read the window into a training set"]
    assert not list((tmp_path / "registry").glob("bench*.db"))
