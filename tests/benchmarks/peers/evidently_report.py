"""Evidently's data drift report of two Parquet files, as its documentation makes one.

`python evidently_report.py BEFORE NOW` prints its cost as JSON; imports are not counted.
"""

import json
import resource
import sys
import time

import pandas as pd
from evidently import Dataset, DataDefinition, Report
from evidently.presets import DataDriftPreset


def main():
    """Reads, compares, and makes the HTML that is the report."""
    before, now = sys.argv[1:3]
    started = time.perf_counter()
    frames = [pd.read_parquet(path) for path in (before, now)]
    names = list(frames[0].columns)
    definition = DataDefinition(
        numerical_columns=[name for name in names if name.startswith("n")],
        categorical_columns=[name for name in names if name.startswith("c")],
    )
    reference, current = (Dataset.from_pandas(f, data_definition=definition) for f in frames)
    snapshot = Report([DataDriftPreset()]).run(current, reference)
    snapshot.dict()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "mb": peak}))


if __name__ == "__main__":
    main()
