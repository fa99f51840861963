"""Makes the site of its source, with Sphinx, MyST and the theme Furo (`make setup-docs`)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from deployment.documentation.source import INDEX

NEEDED = ("sphinx", "myst_parser", "furo")
FIRST_PAGE = """\
<!DOCTYPE html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={page}">
<title>Farol</title>
<a href="{page}">Farol</a>
"""


def can_build() -> bool:
    """Whether what makes the site is installed here."""
    return all(find_spec(name) is not None for name in NEEDED)


def build(source: Path, site: Path) -> Path | None:
    """Makes the site; what Sphinx warns of is written to stderr, all of it, and is a failure.

    Args:
        source: what `assemble` wrote.
        site: where to; what was there is removed.

    Returns:
        The first page; None where anything was warned of.
    """
    if site.exists():
        shutil.rmtree(site)
    options = ("-b", "html", "-q", "-W", "--keep-going", "-E", "-d", str(site / ".read"))
    conf = ("-c", str(Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, *conf, str(source), str(site)], check=False
    )
    shutil.rmtree(site / ".read", ignore_errors=True)
    if done.returncode:
        return None
    first = site / "index.html"
    first.write_text(FIRST_PAGE.format(page=f"{INDEX.removesuffix('.md')}.html"), "utf-8")
    return first
