from __future__ import annotations

from pathlib import Path

from database.embedded import lifecycle
from tests.benchmarks.city import measure, table, write_city


def test_the_benchmark_of_a_city_measures_each_part_beside_its_floor_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    try:
        uri = lifecycle.ensure_running(tmp_path)
        figures = measure(uri, tmp_path / "city", schools=2, students=40)
    finally:
        lifecycle.stop(tmp_path)

    text = table(figures)
    assert [figure.rows for figure in figures] == [40] * 6 + [80]
    assert "| record outcomes of joined students | 40 |" in text
    assert "| bare insert: outcomes and labels | 80 |" in text
    left = {path.stem for path in (tmp_path / "registry").glob("*.db")}
    assert left <= {"admin"}


def test_the_same_city_is_written_again(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_city(tmp_path / name, schools=2, students=30)

    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()
