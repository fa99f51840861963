"""Ed-Fi resources into a OneRoster bundle, and attendance into a table of events.

`python -m preprocessing.edfi FOLDER --out roster.zip [--events attendance.csv]`. FOLDER holds what
an Ed-Fi API answers, a file a resource (`students.json`, `grades.json`, also `grades-2.json` and
`.ndjson`). The bundle is then read with the task's `oneroster` mapping, the table with `--events`.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from deployment.exit_codes import ExitCode
from model.errors import NotThisTask
from model.trust.private import write_private
from preprocessing.edfi.bundle import roster_of
from preprocessing.edfi.declared import SCHOOL, STUDENT
from preprocessing.edfi.reading import EdFiAccount, EdFiExport, read_export, value, word
from preprocessing.kept.bundles import as_zip

ATTENDANCE = ("student", "school", "day", "category", "duration")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code is 1 where nothing was written, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m preprocessing.edfi", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of the resources")
    parser.add_argument("--out", type=Path, required=True, metavar="ZIP", help="the bundle")
    parser.add_argument("--events", type=Path, metavar="CSV", help="where attendance goes")
    parser.add_argument(
        "--highest-grade", type=float, metavar="N", help="what grades reach to, for a `scale`"
    )
    given = parser.parse_args(arguments)
    try:
        export = read_export(given.folder)
        write_private(given.out, as_zip(roster_of(export, given.out.stem, given.highest_grade)))
        lines = [f"{given.out}: a OneRoster bundle"]
        if given.events is not None:
            table, number = attendance(export)
            write_private(given.events, table)
            lines.append(f"{given.events}: {number} attendance events")
    except NotThisTask as error:
        sys.stderr.write(f"refused: {error}\n")
        return ExitCode.FAILED
    except OSError as error:
        sys.stderr.write(f"edfi: {error.filename}: cannot be used ({error.strerror})\n")
        return ExitCode.FAILED
    sys.stdout.write("".join(f"{line}\n" for line in [*lines, *_left_out(export.account)]))
    return ExitCode.DONE


def attendance(export: EdFiExport) -> tuple[bytes, int]:
    """The attendance events of an export as a CSV, and how many they are."""
    schools = {value(one, "schoolId"): value(one, "nameOfInstitution")
               for _, one in export.of("schools")}  # fmt: skip
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(ATTENDANCE)
    events = export.of("studentSchoolAttendanceEvents")
    for _, one in events:
        school = value(one, SCHOOL)
        writer.writerow((
            value(one, STUDENT), schools.get(school, school), value(one, "eventDate")[:10],
            word(one, "attendanceEventCategoryDescriptor"), value(one, "eventDuration"),
        ))  # fmt: skip
    return out.getvalue().encode(), len(events)


def _left_out(account: EdFiAccount) -> list[str]:
    lines = [f"  {number} left out: {why}" for why, number in sorted(account.left_out.items())]
    lines += [f"  {one}" for one in account.told]
    return [*lines, *(f"  {name} is no resource that is read" for name in account.unused)]


if __name__ == "__main__":
    raise SystemExit(main())
