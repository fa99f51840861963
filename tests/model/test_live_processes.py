from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from model.live.folder import LiveModel
from tests.api.bundles import archive

ROOT = Path(__file__).parents[2]

PUBLISHER = """
import sys
from pathlib import Path
from model.live.folder import LiveModel
from tests.api.bundles import archive
from tests.model.test_live import publish

packed = archive(float(sys.argv[2]))
for revision in range(1, 11):
    publish(LiveModel(Path(sys.argv[1])), f"v{sys.argv[2]}", packed, revision)
"""


def test_processes_that_publish_at_once_leave_one_whole_version(tmp_path: Path) -> None:
    jobs = [
        subprocess.Popen([sys.executable, "-c", PUBLISHER, str(tmp_path), str(i)], cwd=ROOT)
        for i in (1, 2)
    ]

    assert [job.wait(timeout=60) for job in jobs] == [0, 0]

    live = LiveModel(tmp_path)
    pointer = live.current()
    assert pointer is not None
    assert pointer.artifact == archive(float(pointer.version[1:])).digest
