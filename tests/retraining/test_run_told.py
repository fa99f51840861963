"""A run told as spans: what it was, its steps, and nothing of a record."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("opentelemetry.sdk", reason="OpenTelemetry is not installed: make setup-otel")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from database.driver.client import SyncRegistry
from deployment.settings import load_settings
from deployment.telemetry.tracing import OtelTracer
from model.errors import NotEnoughData
from retraining.pipeline import run_pipeline
from tests.retraining.school import KEY, READING, task, teach


def spans(registry: SyncRegistry, home: Path) -> tuple[ReadableSpan, ...]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    settings = load_settings({"FAROL_HOME": str(home), "FAROL_SIGNING_KEY": KEY.decode()})
    with suppress(NotEnoughData):
        run_pipeline(
            registry, task(), settings, say=lambda _: None, run_id="run-1",
            requested_by="Maria Silva", tracer=OtelTracer(provider.get_tracer("test")),
        )  # fmt: skip
    return exporter.get_finished_spans()


def test_a_run_is_a_span_and_each_of_its_steps_one_below_it(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)

    *steps, run = spans(registry, home)

    assert dict(run.attributes or {}) == {
        "farol.run_id": "run-1", "farol.task": "school", "farol.trigger": "command",
        "farol.dry_run": False, "farol.challenger": "v1", "farol.champion": "v1",
        "farol.run_status": "promoted",
    }  # fmt: skip
    names = [step.name for step in steps]
    assert len(names) > 4 and names[-1] == "step promoted"
    assert {step.parent and step.parent.span_id for step in steps} == {run.context.span_id}
    assert steps[0].start_time == pytest.approx(run.start_time, abs=1e8)
    assert all(a.end_time == b.start_time for a, b in pairwise(steps))
    assert "Maria" not in "".join(span.to_json() for span in (*steps, run))


def test_a_run_that_cannot_be_is_told_by_the_kind_of_its_error(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING, n=5)

    *_, run = spans(registry, home)

    assert run.attributes is not None
    assert run.attributes["error.type"] == "NotEnoughData"
    assert not run.status.is_ok
    assert run.events == ()
