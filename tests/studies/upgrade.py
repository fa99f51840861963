"""An upgrade and both ways back, tried: `python -m tests.studies.upgrade --from REVISION`.

An older commit makes a home: synthetic years, a champion, predictions, outcomes, a backup. This one
starts on that home and is asked everything (`deployment.smoke`). Then the older one starts on it
again, and once more on a new home with its backup. At each station a student's record is scored:
version and score have to stay what they were, but on the way back without a backup, which is told.

The older commit runs with the libraries of today's environment.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.api.server import free_port

ROOT = Path(__file__).parents[2]
RECORD = {"student_id": "UP-1", "inde": 5.4, "iaa": 6.0, "ieg": 4.9, "ida": 4.2, "fase": 3}
START_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Release:
    """A checkout that works on a home."""

    code: Path
    home: Path

    @property
    def env(self) -> dict[str, str]:
        return os.environ | {"FAROL_HOME": str(self.home), "FAROL_AUTH": "off"}

    def run(self, *command: str) -> str:
        """Runs a command of this release; gives what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=self.code, env=self.env,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def end_registry(self) -> None:
        """Ends the embedded server, which would go on being the one of this release."""
        self.run("database.embedded", "--stop")

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its API; gives the address."""
        port = free_port()
        log = self.home / "upgrade.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", "api.app:app", "--port", str(port)],
                cwd=self.code, env=self.env, stdout=out, stderr=out,
            )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            _until_ready(url, process, log)
            yield url
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def checkout(revision: str, folder: Path) -> Iterator[Path]:
    """A worktree of a revision."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", folder, revision], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", folder], check=True)


def made_by(old: Release, backup: Path) -> Mapping[str, Any]:
    """A home as the older release makes it; what it answers."""
    school = old.home.parent / "school"
    old.run("preprocessing.cohorts", str(school))
    old.run("preprocessing.ingest", *sorted(str(path) for path in school.iterdir()))
    old.run("retraining.pipeline", "--json")
    with old.serving() as url:
        served = [
            httpx.post(f"{url}/predict", json={**RECORD, "student_id": f"UP-{n}"}, timeout=30)
            for n in range(1, 51)
        ]
        labels = [
            {"prediction_id": one.json()["prediction_id"], "outcome": n % 2}
            for n, one in enumerate(served)
        ]
        httpx.post(f"{url}/labels", json=labels[:20], timeout=30).raise_for_status()
        told = asked(url)
    old.run("deployment.backup", "--to", str(backup), "--with-key")
    old.end_registry()
    return told


def asked(url: str) -> Mapping[str, Any]:
    """Who answers, with what, and what is known."""
    answer = httpx.post(f"{url}/predict", json=RECORD, timeout=30).json()
    labels = httpx.get(f"{url}/schema", timeout=30).json()["task"]
    return {
        "version": answer["model_version"],
        "score": round(answer["risk_score"], 9),
        "task": labels,
        "versions": _versions(httpx.get(f"{url}/models", timeout=30)),
    }


def _versions(answer: httpx.Response) -> int | str:
    """How many versions are told; else why none are."""
    if answer.status_code == 200:
        return len(answer.json()["models"])
    return f"{answer.status_code}: {answer.text[:200]}"


def smoked(url: str) -> Mapping[str, str]:
    """Each check of this commit's smoke test."""
    done = subprocess.run(
        [sys.executable, "-m", "deployment.smoke", url, "--json", "--wait", "30"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {one["check"]: one["verdict"] for one in json.loads(done.stdout)["checks"]}


def _until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/health/ready", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{url} does not answer:\n{log.read_text('utf-8')[-3000:]}")


def tried(revision: str, folder: Path) -> Mapping[str, Any]:
    """The whole way: there, back on the same home, and back on a backup."""
    told: dict[str, Any] = {"from": revision}
    (folder / "home").mkdir()
    (folder / "fresh").mkdir()
    with checkout(revision, folder / "old") as code:
        old = Release(code, folder / "home")
        told["before"] = made_by(old, folder / "old.backup")
        new = Release(ROOT, folder / "home")
        started = time.monotonic()
        with new.serving() as url:
            told["start_seconds"] = round(time.monotonic() - started, 1)
            told["after"], told["smoke"] = asked(url), smoked(url)
        new.run("deployment.repair", "--full")
        new.run("deployment.backup", "--to", str(folder / "new.backup"), "--with-key")
        new.end_registry()
        with old.serving() as url:
            told["back on the same home"] = asked(url)
        old.end_registry()
        fresh = Release(code, folder / "fresh")
        fresh.run("deployment.restore", "--from", str(folder / "old.backup"))
        with fresh.serving() as url:
            told["back on the backup"] = asked(url)
        fresh.end_registry()
    # What an older release makes of what a newer one wrote is told; it is not promised.
    told["kept"] = all(told[one] == told["before"] for one in ("after", "back on the backup"))
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries it; 0 where version, score and counts stayed, there and back with the backup."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studies.upgrade",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--from", dest="revision", required=True, metavar="REVISION")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        told = tried(given.revision, Path(folder))
    print(json.dumps(told, indent=1))
    return 0 if told["kept"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
