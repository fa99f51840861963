"""An environment with the libraries of `requirements/api.txt` and no others, made of this one's.

`FAROL_API_PYTHON` names another interpreter that has them: one whose libraries were installed from
the lock, as the image's are.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import PathDistribution, distribution
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "api.txt"


def locked_names() -> list[str]:
    """The libraries of the lock."""
    return re.findall(r"^([\w.-]+)==", LOCK.read_text("utf-8"), re.MULTILINE)


def python_with_the_api_lock(folder: Path) -> Path:
    """An interpreter that finds these libraries alone; nothing is fetched or copied."""
    if given := os.environ.get("FAROL_API_PYTHON"):
        return Path(given)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python3*/site-packages")
    for name in locked_names():
        found = distribution(name)
        assert isinstance(found, PathDistribution)
        for top in tops(found):
            link = packages / top
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(top))))
    return folder / "bin" / "python"


def tops(found: PathDistribution) -> set[str]:
    """The top of each path that a library installs, besides its commands."""
    files = found.files or ()
    return {PurePosixPath(one).parts[0] for one in files} - {"..", "__pycache__"}
