"""An upgrade and the way back, tried: `python -m tests.studies.upgrade --from REVISION`.

An older commit makes a home: synthetic years, a champion, predictions, outcomes, a backup. This one
starts on that home, is asked everything, reads outcomes of what the older one predicted, retrains,
and goes through a backup of its own. Then the older one is tried on the same home, which it should
refuse, and started on an empty home with its backup. A student's record is scored at each station:
on the way there, before the retraining, and on the way back, version and score stay what they were.

Each step is told with its seconds, as it ends. The older commit runs with today's libraries, unless
`--python` names its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.studies.releases import ROOT, NotServing, Release, checkout

RECORD = {"student_id": "UP-1", "inde": 5.4, "iaa": 6.0, "ieg": 4.9, "ida": 4.2, "fase": 3}
STUDENTS = 50
READ = (
    "/schema", "/tasks", "/model", "/models", "/models/v1", "/models/v1/card", "/champion",
    "/promotions", "/runs", "/drift", "/performance", "/batches", "/students/at-risk",
    "/students/UP-1", "/students/UP-1/export", "/predictions/log", "/outcomes/missing",
    "/health", "/metrics",
)  # fmt: skip
"""What this commit is asked on the home of the older one."""

T = TypeVar("T")


@dataclass(slots=True)
class Diary:
    """The steps of the study, each with its seconds and what came of it."""

    steps: list[tuple[str, float, str]] = field(default_factory=list)

    def step(self, what: str, work: Callable[[], T], told: Callable[[T], str]) -> T:
        """Does a step and writes it down."""
        started = time.monotonic()
        done = work()
        self.steps.append((what, time.monotonic() - started, told(done)))
        sys.stderr.write(f"{what}: {self.steps[-1][1]:.0f} s; {self.steps[-1][2]}\n")
        return done

    def table(self) -> str:
        """As Markdown."""
        whole = sum(seconds for _, seconds, _ in self.steps)
        rows = [f"| {what} | {seconds:.0f} s | {told} |" for what, seconds, told in self.steps]
        head = ["| step | took | what came of it |", "|---|--:|---|"]
        return "\n".join([*head, *rows, f"| all | {whole / 60:.1f} min | |", ""])


def asked(url: str) -> Mapping[str, Any]:
    """Who answers, with what, and what is known."""
    answer = httpx.post(f"{url}/predict", json=RECORD, timeout=60).json()
    models = httpx.get(f"{url}/models", timeout=60)
    return {
        "version": answer["model_version"],
        "score": round(answer["risk_score"], 9),
        "task": httpx.get(f"{url}/schema", timeout=60).json()["task"],
        "versions": len(models.json()["models"]) if models.is_success else models.status_code,
    }


def shown(told: Mapping[str, Any]) -> str:
    """What was asked, in words."""
    versions = told["versions"]
    listed = f"/models answers {versions}" if versions in range(400, 600) else f"{versions} listed"
    return f"{told['version']} scores {told['score']:.6f}; {listed}"


def predicted(url: str) -> list[str]:
    """Predictions for some students; their ids."""
    answers = [
        httpx.post(f"{url}/predict", json={**RECORD, "student_id": f"UP-{n}"}, timeout=60)
        for n in range(1, STUDENTS + 1)
    ]
    return [one.json()["prediction_id"] for one in answers]


def reported(url: str, ids: Sequence[str]) -> Mapping[str, Any]:
    """Outcomes of some predictions, and what was made of them."""
    labels = [{"prediction_id": one, "outcome": n % 2} for n, one in enumerate(ids)]
    answer: dict[str, Any] = (
        httpx.post(f"{url}/labels", json=labels, timeout=120).raise_for_status().json()
    )
    return answer


def refused_reads(url: str) -> list[str]:
    """What this commit should tell of a home and does not."""
    answers = {path: httpx.get(url + path, timeout=120).status_code for path in READ}
    return [f"{path}: {status}" for path, status in answers.items() if status != 200]


def smoked(url: str) -> list[str]:
    """The checks of this commit's smoke test that fail."""
    done = subprocess.run(
        [sys.executable, "-m", "deployment.smoke", url, "--json", "--wait", "30"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    checks = json.loads(done.stdout)["checks"]
    return [one["check"] for one in checks if one["verdict"] == "failed"]


def made_by(old: Release, backup: Path, diary: Diary) -> tuple[Mapping[str, Any], list[str]]:
    """A home as the older release makes it; what it answers, and its predictions."""
    school = old.home.parent / "school"
    old.run("preprocessing.cohorts", str(school))
    files = sorted(str(path) for path in school.iterdir())
    diary.step(
        "old: three school years are read", lambda: old.run("preprocessing.ingest", *files),
        lambda _: f"{len(files)} files",
    )  # fmt: skip
    diary.step("old: the first champion", lambda: old.run("retraining.pipeline"), lambda _: "v1")
    with old.serving() as url:
        ids = diary.step(
            "old: predictions", lambda: predicted(url), lambda found: f"{len(found)} kept"
        )
        reported(url, ids[:20])
        told = diary.step("old: asked", lambda: asked(url), shown)
    diary.step(
        "old: backup", lambda: old.run("deployment.backup", "--to", str(backup), "--with-key"),
        lambda _: f"{backup.stat().st_size >> 10} KiB",
    )  # fmt: skip
    old.end_registry()
    return told, ids


def upgraded(new: Release, ids: Sequence[str], diary: Diary) -> tuple[Mapping[str, Any], list[str]]:
    """This commit on the home of the older one; what it answers, and what went wrong."""
    started = time.monotonic()
    with new.serving() as url:
        seconds = time.monotonic() - started
        after = diary.step(
            "new: the same home", lambda: asked(url),
            lambda told: f"ready after {seconds:.0f} s; {shown(told)}",
        )  # fmt: skip
        wrong = diary.step(
            "new: everything is read", lambda: refused_reads(url),
            lambda found: "; ".join(found) or f"{len(READ)} calls, all 200",
        )  # fmt: skip
        failed = diary.step(
            "new: smoke test", lambda: smoked(url), lambda found: f"{len(found)} checks failed"
        )
        labels = diary.step(
            "new: outcomes of what the old one predicted", lambda: reported(url, ids[20:]),
            lambda told: f"{told['joined']} of {len(ids) - 20} joined",
        )  # fmt: skip
        wrong += failed + ([] if labels["joined"] == len(ids) - 20 else ["outcomes did not join"])
        diary.step(
            "new: labels made anew", lambda: new.run("deployment.repair", "--full"), lambda _: "0"
        )
        run = diary.step(
            "new: a retraining run", lambda: json.loads(new.run("retraining.pipeline", "--json")),
            lambda told: f"{told['challenger']} against {told['champion']}: {told['status']}",
        )  # fmt: skip
        serving = run["challenger"] if run["status"] == "promoted" else run["champion"]
        last = diary.step("new: asked again", lambda: _asked_of(url, serving), shown)
    if last["versions"] != 2 or last["version"] != serving:
        wrong.append("the run's version is not there")
    return after, wrong


def _asked_of(url: str, version: str) -> Mapping[str, Any]:
    """What is answered once a version serves, or after half a minute."""
    until = time.monotonic() + 30
    while (told := asked(url))["version"] != version and time.monotonic() < until:
        time.sleep(0.5)
    return told


def back_on_the_same_home(old: Release) -> str:
    """What the older release says to a home that this one has written to."""
    try:
        with old.serving() as url:
            return f"starts, which is not promised: {shown(asked(url))}"
    except NotServing as why:
        return f"refused: {why}"
    finally:
        old.end_registry()


def tried(revision: str, folder: Path, diary: Diary, python: str = sys.executable) -> list[str]:
    """The whole way, there and back; gives what went wrong."""
    for name in ("home", "back", "moved"):
        (folder / name).mkdir()
    with checkout(revision, folder / "old") as code:
        old = Release(code, folder / "home", python)
        before, ids = made_by(old, folder / "old.backup", diary)
        new = Release(ROOT, folder / "home")
        after, wrong = upgraded(new, ids, diary)
        new.run("deployment.backup", "--to", str(folder / "new.backup"), "--with-key")
        new.end_registry()
        moved = Release(ROOT, folder / "moved")
        diary.step(
            "new: its own backup, restored elsewhere",
            lambda: moved.run("deployment.restore", "--from", str(folder / "new.backup")),
            lambda _: "0",
        )
        moved.end_registry()
        diary.step("old: the home that the new one has written to",
                   lambda: back_on_the_same_home(old), str)  # fmt: skip
        back = Release(code, folder / "back", python)
        diary.step(
            "old: its backup of before, on an empty home",
            lambda: back.run("deployment.restore", "--from", str(folder / "old.backup")),
            lambda _: "0",
        )
        with back.serving() as url:
            returned = diary.step("old: asked, as before the upgrade", lambda: asked(url), shown)
        back.end_registry()
    wrong += [] if after == before else [f"after the upgrade: {after}, before: {before}"]
    return wrong + ([] if returned == before else [f"back: {returned}, before: {before}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries it; 0 where everything came as it should, there and back by the backup."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studies.upgrade",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--from", dest="revision", required=True, metavar="REVISION")
    parser.add_argument("--python", default=sys.executable, help="of the older commit's libraries")
    given = parser.parse_args(arguments)
    diary = Diary()
    with tempfile.TemporaryDirectory() as folder:
        wrong = tried(given.revision, Path(folder), diary, given.python)
    sys.stdout.write(diary.table() + "".join(f"WRONG: {one}\n" for one in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
