"""A headless Chromium that is told what to do by DevTools messages.

A Streamlit page draws itself after it has loaded, so only a browser sees it. Debian's `chromium` is
all it takes: Selenium and Playwright bring a driver of their own.
"""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

WIDTH, NARROW, HEIGHT = 1400, 500, 1000
START_SECONDS, DRAWN_SECONDS, PAUSE = 30.0, 60.0, 0.1
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip

# Drawn: a heading or a message and the page's last line, nothing running, no skeleton left.
DRAWN = """
document.querySelector('[data-testid=stHeading], [data-testid=stAlert]') !== null
&& document.querySelector('[data-testid=stSkeleton], [data-testid=stStatusWidget]') === null
&& document.querySelector('[data-testid=stApp]').dataset.testScriptState !== 'running'
&& document.querySelector('[data-stale=true]') === null
"""
PAGE_HEIGHT = "document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight"


class Browser:
    """One page of a browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self._session: str | None = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.send("Page.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends a command and gives its result."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(timeout=60))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def call(self, function: str, *arguments: object) -> Any:
        """What a JavaScript function gives for these arguments."""
        return self.evaluate(f"({function})({', '.join(json.dumps(one) for one in arguments)})")

    def resize(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        """Makes the window so large."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def prefer(self, scheme: str) -> None:
        """Says that the reader prefers `dark` or `light`."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", features=[feature])

    def open(self, url: str) -> None:
        """Goes to an address, and waits until its page is drawn."""
        self.send("Page.navigate", url=url)
        self.wait_until_drawn(url)

    def wait_until_drawn(self, what: str = "the page") -> None:
        """Waits until the page is drawn and at rest."""
        rests = 0
        deadline = time.monotonic() + DRAWN_SECONDS
        while rests < 3:
            rests = rests + 1 if self.evaluate(f"Boolean({DRAWN})") else 0
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} is not drawn after {DRAWN_SECONDS:.0f} s")
            time.sleep(PAUSE)

    def until(self, holds: Callable[[], Any], what: str, seconds: float = DRAWN_SECONDS) -> Any:
        """Waits until something holds, and gives it."""
        deadline = time.monotonic() + seconds
        while not (found := holds()):
            assert time.monotonic() < deadline, f"waited in vain until {what}"
            time.sleep(PAUSE)
        return found

    def text(self) -> str:
        """What a reader sees."""
        return str(self.evaluate("document.body.innerText"))

    def see(self, words: str) -> None:
        """Waits until these words are on the page."""
        self.until(lambda: words in self.text(), f"the page says {words!r}")

    def click(self, label: str) -> None:
        """Presses the visible button, link or option that says this."""
        self.until(lambda: self.call(PRESS, label), f"there is {label!r} to press")

    def write(self, label: str, text: str) -> None:
        """Types into the field of that label, and leaves it as the Tab key does."""
        self.until(lambda: self.call(FIELD, label), f"there is a field {label!r}")
        self.send("Input.insertText", text=text)
        self.press("Tab")

    def press(self, key: str) -> None:
        """Presses a key."""
        code = {"Tab": 9, "Enter": 13}[key]
        more = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key,
                windowsVirtualKeyCode=code, **(more if kind == "keyDown" else {}),
            )  # fmt: skip

    def picture(self, width: int = WIDTH) -> bytes:
        """A PNG of the whole page that is open."""
        self.resize(width, max(700, int(self.evaluate(PAGE_HEIGHT)) + 60))
        time.sleep(1.0)
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])


PRESS = r"""label => {
  const shown = e => { const r = e.getBoundingClientRect(); return r.width && r.height; };
  const kinds = 'button, a, summary, label, [role=option], [role=tab]';
  const found = [...document.querySelectorAll(kinds)].find(e => shown(e)
    && e.innerText.split('\n').some(line => line.trim() === label));
  if (!found || found.disabled) return false;
  found.scrollIntoView({block: 'center'}); found.focus(); found.click();
  return true;
}"""
FIELD = """label => {
  const all = [...document.querySelectorAll('input, textarea')];
  const found = all.find(e => e.getAttribute('aria-label') === label && !e.disabled);
  if (!found) return false;
  found.scrollIntoView({block: 'center'}); found.focus(); found.select();
  return true;
}"""


def program() -> str | None:
    """Where Chromium is; None where it is not."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A fresh browser with a profile of its own, gone afterwards."""
    profile = Path(tempfile.mkdtemp(prefix="farol-chromium-"))
    process = subprocess.Popen(
        [program() or PROGRAMS[0], *FLAGS, f"--user-data-dir={profile}", "about:blank"],
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
