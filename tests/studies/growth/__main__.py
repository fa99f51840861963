"""What each part costs as a school system grows: `python -m tests.studies.growth [--rows N ...]`.

The commands of a first year, one after the other, on made-up school files and an embedded registry
of its own: files read, outcomes reported, all labels read, a run, a drift check, a file scored, the
list of a school. Each step is written down as it ends, so a study that was stopped goes on with the
next; one that was stopped in the middle of a step begins its size anew. Then Parquet files that no
memory has to hold (`--parquet`): drift, training and scores without a cluster. `--write` puts the
table into docs/growth.md and draws docs/figures/growth.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.documented import DOCUMENTS, DocumentedTable
from tests.studies.growth import parquet, steps
from tests.studies.growth.measured import Cost
from tests.studies.growth.steps import Course, StudyStep
from tests.studies.growth.told import plot, table

ROWS = (10_000, 100_000, 1_000_000)
PARQUET_ROWS = (1_000_000, 5_000_000)
UNDER_WAY = "under_way"


def main(argv: Sequence[str] | None = None) -> int:
    """Takes what is left of the steps, and prints the table of all."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.growth", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=ROWS, help="sizes, in order")
    parser.add_argument("--parquet", type=int, nargs="*", default=PARQUET_ROWS, help="of Parquet")
    parser.add_argument("--folder", type=Path, default=Path("build/growth"), help="what is kept")
    parser.add_argument("--most", type=int, default=0, help="steps to take now; 0 is all")
    parser.add_argument("--keep", action="store_true", help="leave a size's home when it is done")
    parser.add_argument("--write", action="store_true", help="table and picture into docs")
    given = parser.parse_args(argv)
    left = given.most or sys.maxsize
    sizes = [(steps.COURSE, rows) for rows in given.rows]
    sizes += [(parquet.COURSE, rows) for rows in given.parquet]
    for course, rows in sizes:
        left -= measure(given.folder, rows, course, most=left, keep=given.keep)
        if left <= 0:
            break
    costs = read(given.folder)
    sys.stdout.write(table(costs))
    if given.write:
        written(costs).write()
        plot(costs, DOCUMENTS / "figures" / "growth.svg")
    return 0


def written(costs: Sequence[Cost]) -> DocumentedTable:
    """The table's place in the documents."""
    module = "tests.studies.growth --write"
    return DocumentedTable("growth.md", "growth", module, lambda: table(costs))


def measure(
    folder: Path,
    rows: int,
    course: Course = steps.COURSE,
    *,
    most: int = sys.maxsize,
    keep: bool = False,
) -> int:
    """Takes the next steps of a size, at most so many; gives how many it took."""
    size = folder / f"{course.prefix}{rows}"
    waiting = _waiting(folder, size, rows, course)[:most]
    for step in waiting:
        _say(f"{rows:,} rows: {step.name} (load {os.getloadavg()[0]:.1f})")
        (size / UNDER_WAY).write_text(step.name, "utf-8")
        cost = step.take(size, rows)
        with (folder / "costs.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(cost)) + "\n")
        (size / UNDER_WAY).unlink()
        _say(f"{rows:,} rows: {step.name} took {cost.seconds:,.1f} s {cost.failed}")
    if waiting and waiting[-1] is course.steps[-1]:
        steps.stopped(size)
        if not keep:
            shutil.rmtree(size)
    return len(waiting)


def read(folder: Path) -> list[Cost]:
    """What was measured so far."""
    kept = folder / "costs.jsonl"
    if not kept.exists():
        return []
    return [Cost(**json.loads(line)) for line in kept.read_text("utf-8").splitlines()]


def _waiting(folder: Path, size: Path, rows: int, course: Course) -> Sequence[StudyStep]:
    names = {step.name for step in course.steps}
    done = names & {one.step for one in read(folder) if one.rows == rows}
    if done == names:
        return ()
    if done and (size / "home").is_dir() and not (size / UNDER_WAY).exists():
        return [step for step in course.steps if step.name not in done]
    _forget(folder, rows, names)
    _say(f"{rows:,} rows: writing their files")
    course.prepare(size, rows)
    return course.steps


def _forget(folder: Path, rows: int, names: Collection[str]) -> None:
    """What a size had measured of these steps before it begins anew."""
    folder.mkdir(parents=True, exist_ok=True)
    left = [one for one in read(folder) if one.rows != rows or one.step not in names]
    lines = "".join(json.dumps(asdict(one)) + "\n" for one in left)
    (folder / "costs.jsonl").write_text(lines, "utf-8")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
