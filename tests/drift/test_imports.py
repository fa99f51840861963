"""What importing the report costs an API worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_importing_the_report_and_the_profile_imports_no_scipy() -> None:
    code = (
        "import sys, drift.report, model.profile; "
        "print([m for m in ('scipy', 'pandas', 'sklearn') if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
