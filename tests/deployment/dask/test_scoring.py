"""Files of any size scored by partition, as the API would score them."""

from __future__ import annotations

from pathlib import Path

import pyarrow
import pyarrow.parquet

from database.artifacts import ArtifactRepository
from database.driver.client import open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.versions import ModelVersionRepository
from deployment.dask.scoring import ScoringJob, refusals, scored_partition, without
from preprocessing.columnar.partitions import partitions_of
from retraining.run.champion import load_predictor
from tests.retraining import school


def test_each_partition_has_the_scores_of_its_rows_and_no_student_who_may_not_be_scored(
    tmp_path: Path,
) -> None:
    rows = {
        "student_id": [f"S{i}" for i in range(9)],
        "reading": [float(i) for i in range(8)] + [77.0],
        "sums": [5.0] * 9,
        "late": [0.0] * 9,
    }
    path = tmp_path / "students.parquet"
    pyarrow.parquet.write_table(pyarrow.table(rows), path, row_group_size=4)
    home = tmp_path / "home"
    try:
        with open_registry(lifecycle.ensure_running(home), "scoring") as registry:
            registry.run(ensure_indexes())
            school.teach(registry, "2022", school.READING)
            champion = school.run(registry, home).champion or ""
            version = registry.run(ModelVersionRepository().get(champion))
            archive = registry.run(ArtifactRepository().get(version.artifact))
            predictor = load_predictor(registry, version, tmp_path, school.KEY)
    finally:
        lifecycle.stop(home)
    job = ScoringJob(school.task(), archive, version.version, "2024")

    parts = [scored_partition(job, one) for one in partitions_of(path, 1)]

    assert [len(one.table) for one in parts] == [4, 4, 1]
    table = pyarrow.concat_tables([one.table for one in parts])
    expected = predictor.score_many(
        [{"reading": float(i), "sums": 5.0, "late": 0.0} for i in range(8)]
    )
    assert table["risk_score"].to_pylist()[:8] == expected.tolist()
    assert table["error_field"].to_pylist()[8] == "reading"
    assert table["risk_score"].to_pylist()[8] is None
    assert set(table["model_version"].to_pylist()[:8]) == {version.version}

    barred = refusals({"S1"}, frozenset({"S2"}))
    left = without(parts[0].table, barred, parts[0].table["student_id"].to_pylist())
    assert left["risk_score"].to_pylist()[1:3] == [None, None]
    assert left["risk_label"].to_pylist()[1:3] == [None, None]
    assert left["risk_score"].to_pylist()[0] == expected[0]
    assert all(left["error"].to_pylist()[1:3]) and left["error"].to_pylist()[0] is None
