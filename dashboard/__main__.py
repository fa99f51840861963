"""`python -m dashboard [OPTIONS]`: `streamlit run dashboard/dashboard.py`, all pages loaded first.

Streamlit loads a script when its first reader comes, who would wait for all of its libraries.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from streamlit.web import cli

PAGES = "dashboard.dashboard"
DRAWN_WITH = ("pandas", "pyarrow", "altair")
"""What Streamlit itself loads with the first chart."""


def main(options: Sequence[str]) -> None:
    """Loads the pages, then serves them until ended.

    Args:
        options: of `streamlit run`.
    """
    # What caches says that nobody reads yet; the script is run anew for whoever does.
    caches = logging.getLogger("streamlit.runtime.caching.cache_data_api")
    caches.disabled = True
    for name in (PAGES, *DRAWN_WITH):
        import_module(name)
    caches.disabled = False
    cli.main(["run", str(Path(__file__).with_name("dashboard.py")), *options])


if __name__ == "__main__":
    main(sys.argv[1:])
