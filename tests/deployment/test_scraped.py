"""A real Prometheus scrapes four workers under load: its totals are those of whoever called."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from api.metrics.declared import OF_WORKERS
from api.metrics.kinds import CountedMetric, TimedMetric
from deployment.boards.panels import Panel, declared_boards
from tests import local
from tests.api.conftest import world_in
from tests.api.server import Server, free_port, served, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("prometheus") is None,
        reason="prometheus is not installed; on Debian: apt-get install prometheus",
    ),
]

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deployment" / "prometheus" / "alerts.yml"
CALLERS = 8
SECONDS = 8.0
GOOD, BAD = {"inde": 7.5, "period": "2024"}, {"inde": "high"}
BATCH = {"records": [GOOD] * 5}


@dataclass(frozen=True, slots=True)
class Prometheus:
    url: str

    def asked(self, expression: str) -> list[dict[str, Any]]:
        """The answer to an expression, now."""
        told = local.get(f"{self.url}/api/v1/query", params={"query": expression}, timeout=10)
        body = told.json()
        assert body["status"] == "success", f"{expression}: {body}"
        found: list[dict[str, Any]] = body["data"]["result"]
        return found

    def total(self, expression: str) -> float:
        return sum(float(one["value"][1]) for one in self.asked(expression))


@dataclass(frozen=True, slots=True)
class Scraped:
    """What the callers were answered, and a Prometheus that watched them."""

    answered: Counter[str]
    prometheus: Prometheus
    targets: int


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    with world_in(tmp_path_factory.mktemp("farol")) as world, served(world.home) as server:
        until(lambda: len(server.workers()) == 4)
        until(lambda: all(w["version"] for w in server.workers()))
        with scraping(server, tmp_path_factory.mktemp("prometheus")) as prometheus:
            until(lambda: prometheus.total('up{job="farol"}') == 1)
            answered = under_load(server)
            until(lambda: prometheus.total(SERVED) >= answered["predictions"], seconds=15)
            time.sleep(2)  # What came too much would come now.
            yield Scraped(answered, prometheus, 1)


SERVED = "farol_predictions_total"


@contextmanager
def scraping(server: Server, folder: Path) -> Iterator[Prometheus]:
    port, config = free_port(), folder / "prometheus.yml"
    target = server.url.removeprefix("http://")
    config.write_text(
        yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [{"job_name": "farol", "static_configs": [{"targets": [target]}]}],
        })
    )  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: ready(url, process), seconds=30)
        yield Prometheus(url)
    finally:
        process.terminate()
        process.wait(30)


def ready(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "prometheus ended"
    try:
        return local.get(f"{url}/-/ready", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def under_load(server: Server) -> Counter[str]:
    """Callers who count what they are answered; each opens a connection now and then."""
    ends = time.monotonic() + SECONDS
    with ThreadPoolExecutor(CALLERS) as pool:
        counts = pool.map(lambda number: calling(server, number, ends), range(CALLERS))
        return sum(counts, Counter())


def calling(server: Server, number: int, ends: float) -> Counter[str]:
    done: Counter[str] = Counter()
    while time.monotonic() < ends:
        with local.client(base_url=server.url, timeout=10) as client:
            for call in range(50):
                if number == 0 and call % 10 == 0:
                    answer = client.post("/predict/batch", json=BATCH)
                    done["predictions"] += len(answer.json()["predictions"])
                elif call % 10 == 1:
                    answer = client.post("/predict", json=BAD)
                    done[f"refused {answer.status_code}"] += 1
                else:
                    answer = client.post("/predict", json=GOOD)
                    assert answer.status_code == 200, answer.text
                    done["predictions"] += 1
                    done["calls"] += 1
    return done


def test_its_totals_are_the_callers(scraped: Scraped) -> None:
    asked, answered = scraped.prometheus, scraped.answered

    assert answered["calls"] > 500
    assert asked.total(SERVED) == answered["predictions"]
    assert (
        asked.total('farol_requests_total{operation="predict", status="200"}') == answered["calls"]
    )
    assert asked.total('farol_refused_total{status="422"}') == answered["refused 422"]
    assert asked.total("farol_predict_seconds_count") == answered["calls"]


def test_whichever_worker_answers_a_scrape_no_counter_ever_falls(scraped: Scraped) -> None:
    names = [n for m in OF_WORKERS if isinstance(m, CountedMetric | TimedMetric) for n in m.exposed]
    seen = {name: scraped.prometheus.total(f"count({name})") for name in names}
    fallen = {name: scraped.prometheus.total(f"resets({name}[2m])") for name in names}

    assert seen["farol_predict_seconds_bucket"] > 5
    assert {name: times for name, times in fallen.items() if times} == {}


def test_it_evaluates_every_rule_and_nothing_critical_fires(scraped: Scraped) -> None:
    told = local.get(f"{scraped.prometheus.url}/api/v1/rules", timeout=10).json()
    rules = [rule for group in told["data"]["groups"] for rule in group["rules"]]
    named = {r["alert"] for g in yaml.safe_load(RULES.read_text())["groups"] for r in g["rules"]}

    assert {rule["name"] for rule in rules} == named
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []
    firing = {one["labels"]["alertname"] for r in rules for one in r["alerts"]}
    assert firing & {"FarolDown", "FarolNoChampion", "FarolDiskFull", "FarolRefuses"} == set()


def test_it_answers_every_panel_and_those_of_serving_have_figures(scraped: Scraped) -> None:
    def figures(panel: Panel) -> bool:
        asked = scraped.prometheus.asked
        found = [asked(curve.expression.replace("$task", ".+")) for curve in panel.curves]
        return any(found)

    panels = [panel for board in declared_boards() for row in board.rows for panel in row.panels]
    empty = [panel for panel in panels if not figures(panel)]
    serving = {
        "Champion", "Waiting in outboxes", "Predictions a second", "Time to a safely kept answer",
        "Refused, by status", "Calls by operation", "Workers of the API", "Registry read",
        "Assessments, last 7 days", "Records not understood, last 24 h", "In service since",
    }  # fmt: skip
    assert serving <= {panel.title.en for panel in panels}
    # After a scrape that a busy machine is late for, Prometheus has nothing until the next.
    for panel in (panel for panel in empty if panel.title.en in serving):
        until(partial(figures, panel), seconds=30)
