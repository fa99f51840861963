"""A Parquet file read by column has the profiles of its records, at a fraction of the memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from drift.findings import profile_now
from drift.ks import largest_gap
from model.errors import NotThisTask
from model.partitions.column_parts import NumericPart
from model.profile import (
    GRID,
    RECENT_GRID,
    CategoryProfile,
    NumericProfile,
    profile_column,
    profile_numbers,
)
from preprocessing.columnar.profiled import profile_parquet
from preprocessing.task.spec import parse_task
from tests.backwards import Backwards

TASK = parse_task(
    """
name: little
title: A little task
id: {name: ra}
features:
  - {name: ieg, low: 0, high: 10, aliases: ["IEG {period}"]}
  - {name: ida, low: 0, high: 10}
  - {name: stone, kind: category, categories: {quartzo: [], agata: [Ágata], ametista: []}}
outcome:
  column: {name: defasagem}
  below: 0
""",
    source="little",
)


def file_of(folder: Path, columns: Mapping[str, Sequence[object]], name: str = "a.parquet") -> Path:
    path = folder / name
    pyarrow.parquet.write_table(pyarrow.table(dict(columns)), path)
    return path


def test_a_file_has_the_profiles_that_its_records_have(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    marks = [None if m > 9 else float(m) for m in random.uniform(0, 10, 500).round(1)]
    stones = [None if s == "none" else s for s in random.choice(["Ágata", "quartzo", "none"], 500)]
    path = file_of(tmp_path, {"ra": [f"R{i}" for i in range(500)], "ida": marks, "stone": stones})

    found = profile_parquet(path, TASK, "2024")

    known = ["agata" if s == "Ágata" else s for s in stones]
    assert found.rows == 500
    assert found.profiles == {
        "ieg": profile_column("ieg", [None] * 500, "numeric", grid=GRID),
        "ida": profile_column("ida", marks, "numeric", grid=GRID),
        "stone": profile_column("stone", known, "category"),
    }
    assert found.ignored == {}


def test_a_header_of_the_files_own_is_read_and_others_are_named(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"IEG 2024": ["7,5", "8", "x"], "Nome": ["A", "B", "C"]})

    found = profile_parquet(path, TASK, "2024")

    assert found.profiles["ieg"].present == 2
    assert found.ignored == {"ieg": 1}
    assert found.unused == ("Nome",)


def test_cells_out_of_bounds_endless_or_of_no_category_count_as_missing(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        {"ieg": [1.0, 99.0, float("inf"), None], "stone": ["quartzo", "marble", "", None]},
    )

    found = profile_parquet(path, TASK, "2024")

    assert (found.profiles["ieg"].present, found.profiles["ieg"].missing) == (1, 3)
    assert found.profiles["stone"].present == 1
    assert found.ignored == {"ieg": 2, "stone": 1}


def test_a_file_compared_has_the_columns_of_the_reference_alone(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"ieg": [1.0, 2.0], "ida": [3.0, 4.0]})
    reference = profile_parquet(file_of(tmp_path, {"ida": [3.0, 5.0]}, "b.parquet"), TASK, "2023")
    of_one = {"ida": reference.profiles["ida"]}

    found = profile_parquet(path, TASK, "2024", against=of_one)

    assert found.profiles.keys() == {"ida"}


def test_a_column_that_the_file_lacks_is_missing_in_every_record(tmp_path: Path) -> None:
    found = profile_parquet(file_of(tmp_path, {"ida": [3.0, 5.0]}), TASK, "2023").profiles

    assert found["ieg"] == profile_column("ieg", [None, None], "numeric", grid=GRID)
    assert found["stone"] == profile_column("stone", [None, None], "category")


def test_a_thinned_recent_profile_gives_the_exact_gap() -> None:
    random = np.random.default_rng(2)
    reference = NumericPart.of(random.normal(size=50_000)).profile(GRID)
    values = random.normal(0.1, 1.2, size=50_000)
    whole = profile_numbers(values, missing=0)

    thinned = NumericPart.of(values).profile(RECENT_GRID, reference.values)

    assert len(thinned.values) < RECENT_GRID + 3 * GRID < len(whole.values)
    assert largest_gap(reference, thinned) == largest_gap(reference, whole)


def test_recent_records_of_very_many_values_are_thinned_too() -> None:
    random = np.random.default_rng(3)
    reference = NumericPart.of(random.normal(size=9_000)).profile(GRID)
    records = [{"x": float(v)} for v in random.normal(size=9_000)]

    recent = profile_now({"x": reference}, records, np.zeros(0))["x"]

    assert isinstance(recent, NumericProfile)
    assert len(recent.values) < RECENT_GRID + 3 * GRID
    assert recent.present == 9_000


def test_a_category_whose_texts_are_stored_as_codes_is_the_same(tmp_path: Path) -> None:
    stones = pyarrow.array(["quartzo", "Ágata", None, "quartzo"]).dictionary_encode()
    path = tmp_path / "c.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"stone": stones}), path)

    found = profile_parquet(path, TASK, "2024").profiles["stone"]

    assert found == CategoryProfile(4, 1, ("quartzo", "agata"), (2, 1))


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"Nome": ["A"]}, "no column is a feature of little"),
        ({"ieg": [[1.0, 2.0]]}, "'ieg' holds lists or structures"),
    ],
)
def test_what_is_no_table_of_the_task_is_refused_with_the_reason(
    tmp_path: Path, columns: dict[str, list[object]], why: str
) -> None:
    with pytest.raises(NotThisTask, match=why):
        profile_parquet(file_of(tmp_path, columns), TASK, "2024")


def test_what_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 not")

    with pytest.raises(NotThisTask, match=r"a\.parquet: is no Parquet file"):
        profile_parquet(path, TASK, "2024")


def test_partitions_merge_into_the_very_profiles_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(4)
    size = 20_000
    columns = {
        "ra": [f"R{i}" for i in range(size)],
        "ida": [None if m > 9 else m for m in random.uniform(0, 10, size).tolist()],
        "ieg": random.choice(["7,5", "3", "?", "11"], size).tolist(),
        "stone": random.choice(["Ágata", "quartzo", "none", "topaz"], size).tolist(),
    }
    table = pyarrow.table(columns)
    whole, pieces, parts = tmp_path / "a.parquet", tmp_path / "b.parquet", tmp_path / "parts"
    pyarrow.parquet.write_table(table, whole)
    pyarrow.parquet.write_table(table, pieces, row_group_size=700)
    parts.mkdir()
    for at in range(0, size, 6000):
        pyarrow.parquet.write_table(table[at : at + 6000], parts / f"{at:06d}.parquet", 2500)
    reference = profile_parquet(file_of(tmp_path, {"ida": [3.0, 5.0, 5.5]}, "c.parquet"), TASK, "1")
    against = dict(reference.profiles)

    expected = [profile_parquet(whole, TASK, "2024", against=one) for one in (None, against)]
    monkeypatch.setattr("preprocessing.columnar.partitions.PARTITION", 1)
    pool = Backwards()

    for path in (pieces, parts):
        for want, one in zip(expected, (None, against), strict=True):
            assert profile_parquet(path, TASK, "2024", against=one, pool=pool) == want
    assert len(pool.asked) > 100
    assert expected[0].ignored["ieg"] > 0


def test_a_folder_without_parquet_and_one_of_different_columns_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    with pytest.raises(NotThisTask, match=r"a folder without a .parquet file"):
        profile_parquet(folder, TASK, "2024")

    file_of(folder, {"ida": [1.0]}, "a.parquet")
    file_of(folder, {"ieg": [1.0]}, "b.parquet")
    with pytest.raises(NotThisTask, match=r"b\.parquet has other columns"):
        profile_parquet(folder, TASK, "2024")
