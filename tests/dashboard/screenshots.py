"""Pictures of the dashboard's pages: `python -m tests.dashboard.screenshots URL FOLDER`.

Drives a headless Chromium over its DevTools protocol, because a Streamlit page draws itself after
it has loaded. Needs `chromium` on the PATH and a dashboard that is up.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

# Name to path; the first page is the root.
PAGES = {"overview": ""} | {
    p: p
    for p in (
        "students", "data", "manager", "drift", "performance", "predictions", "trying", "runs",
        "versions", "history", "worker",
    )
}  # fmt: skip
WIDTH = 1400
START_SECONDS = 20.0
SETTLE_SECONDS = 2.0
DRAWN_SECONDS = 40.0

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip

# Drawn: a heading or a message, nothing running, no skeleton left.
DRAWN = """
document.querySelector('[data-testid=stHeading], [data-testid=stAlert]') !== null
&& document.querySelector('[data-testid=stSkeleton], [data-testid=stStatusWidget]') === null
"""
HEIGHT = "document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight"


class Browser:
    """One page of a browser, told what to do by DevTools messages."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self._session: str | None = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends a command and gives its result."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(timeout=30))
            if answer.get("id") == number:
                return dict(answer["result"])

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        return self.send("Runtime.evaluate", expression=expression)["result"].get("value")

    def resize(self, height: int) -> None:
        """Makes the window as high as that."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def picture(self, url: str) -> bytes:
        """A PNG of the whole page, once it is drawn."""
        self.resize(1000)
        self.send("Page.navigate", url=url)
        deadline = time.monotonic() + DRAWN_SECONDS
        while not self.evaluate(DRAWN):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{url} is not drawn after {DRAWN_SECONDS:.0f} s")
            time.sleep(0.3)
        time.sleep(SETTLE_SECONDS)
        self.resize(max(700, int(self.evaluate(HEIGHT)) + 40))
        time.sleep(SETTLE_SECONDS)
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])


@contextmanager
def browser() -> Iterator[Browser]:
    """A fresh browser with a profile of its own, gone afterwards."""
    profile = Path(tempfile.mkdtemp(prefix="farol-chromium-"))
    process = subprocess.Popen(
        ["chromium", *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connect(_address(profile), max_size=None) as connection:
            yield Browser(connection)
    finally:
        process.terminate()
        process.wait(timeout=10)
        shutil.rmtree(profile, ignore_errors=True)


def _address(profile: Path) -> str:
    """Where the browser listens; it writes that into its profile once it does."""
    file = profile / "DevToolsActivePort"
    deadline = time.monotonic() + START_SECONDS
    while not (file.exists() and len(file.read_text().splitlines()) == 2):
        if time.monotonic() > deadline:
            raise TimeoutError("chromium does not start")
        time.sleep(0.1)
    port, path = file.read_text().splitlines()
    return f"ws://127.0.0.1:{port}{path}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Takes a picture of every page in both languages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the dashboard's address")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", choices=("pt", "en"), action="append")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    with browser() as opened:
        for page, language in itertools.product(PAGES, given.language or ("pt", "en")):
            path = given.folder / f"{page}-{language}.png"
            path.write_bytes(
                opened.picture(f"{given.url.rstrip('/')}/{PAGES[page]}?lang={language}")
            )
            sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
