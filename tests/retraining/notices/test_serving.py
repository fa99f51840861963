"""How serving goes, and who is silent, as far as the worker can see it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from database.driver.client import SyncRegistry
from database.leases import LeaseRepository, worker_lease
from model.live.folder import LiveModel
from retraining.notices.gathering import gather
from retraining.notices.reconcile import found_in
from retraining.notices.scene import Serving, ServingFault
from retraining.notices.serving import look
from tests.retraining.notices.builders import NOW
from tests.retraining.school import task

OK = {"ready": True, "parts": {"registry": {"state": "ok"}, "champion": {"state": "ok"}}}


@contextmanager
def answering(health: Mapping[str, Any] | str) -> Iterator[tuple[str, list[str]]]:
    """An API that answers so, and the paths that it was asked for."""
    asked: list[str] = []
    body = (health if isinstance(health, str) else json.dumps(health)).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_a_version_that_was_refused_on_this_host_is_seen_without_its_reason(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    assert look(tmp_path, None, "school") is None
    live.prepare()
    live.quarantine("v7", "the record of S17 in its bundle is not as it was signed", 3)

    assert look(tmp_path, None, "school") == Serving(ServingFault.REFUSED, "v7")


@pytest.mark.parametrize(
    ("health", "seen"),
    [
        (OK, None),
        (OK | {"parts": {"retraining": {"state": "degraded"}}}, None),
        (OK | {"parts": {"outbox": {"state": "failed"}}}, Serving(ServingFault.DEGRADED)),
        (OK | {"ready": False}, Serving(ServingFault.DOWN)),
        (
            OK | {"parts": {"champion": {"state": "degraded", "quarantined": "v9"}}},
            Serving(ServingFault.REFUSED, "v9"),
        ),
        (
            OK | {"parts": {"champion": {"quarantined": "Maria"}}},
            Serving(ServingFault.REFUSED),
        ),
        ("<html>", Serving(ServingFault.DOWN)),
        ("[]", Serving(ServingFault.DOWN)),
    ],
)
def test_the_api_is_asked_how_it_is(health: Mapping[str, Any] | str, seen: Serving | None) -> None:
    with answering(health) as (url, asked):
        assert look(None, f"{url}/", "school") == seen

    assert asked == ["/tasks/school/health"]


def test_an_api_that_does_not_answer_is_down() -> None:
    assert look(None, "http://127.0.0.1:9", "school") == Serving(ServingFault.DOWN)


def test_a_task_without_a_worker_is_told_by_the_first_that_has_one(registry: SyncRegistry) -> None:
    hold(registry, "school", "a/1", NOW)
    hold(registry, "zoo", "a/1", NOW)
    hold(registry, "silent", "b/2", NOW - timedelta(hours=1))
    registry.run(LeaseRepository().decline(worker_lease("refused"), "b/2", "no rights", NOW))

    def told(name: str) -> dict[str, str]:
        here = task().model_copy(update={"name": name})
        scene = gather(registry, registry, here, now=NOW + timedelta(seconds=1))
        return {fact.subject: fact.case for _, fact in found_in(scene)}

    assert told("school") == {"silent": "told", "refused": "declined"}
    assert told("zoo") == {}


def test_a_worker_that_ended_in_order_is_not_missed(registry: SyncRegistry) -> None:
    hold(registry, "school", "a/1", NOW)
    lease = hold(registry, "other", "b/2", NOW - timedelta(hours=1))
    registry.run(LeaseRepository().release(lease))

    assert found_in(gather(registry, registry, task(), now=NOW)) == []


def hold(registry: SyncRegistry, name: str, holder: str, now: Any) -> Any:
    ttl = timedelta(seconds=35)
    return registry.run(LeaseRepository().acquire(worker_lease(name), holder, now=now, ttl=ttl))
