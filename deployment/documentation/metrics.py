"""The metrics, from their declarations."""

from __future__ import annotations

from api.metrics.declared import OF_REGISTRY, OF_WORKERS
from api.metrics.kinds import CountedMetric, DeclaredMetric, TimedMetric
from deployment.documentation.markdown import code, plain, table

HEAD = """\
# Metrics

What `GET /metrics` tells, as Prometheus reads it; made from `api/metrics/declared.py`. Rules over
them: [Alert rules](alert-rules.md). A counter is read under its name with `_total`, a histogram
under `_bucket`, `_sum` and `_count`.

## Of the workers

Measured by each worker of the API; one truth over all of a host.

{workers}
## Of the registry

Facts that one worker of each host reads from the registry, told by each host.

{registry}"""


def metrics_page() -> str:
    """A row for every metric."""
    workers, registry = (_rows(tuple(one)) for one in (OF_WORKERS, OF_REGISTRY))
    return HEAD.format(workers=workers, registry=registry)


def _rows(metrics: tuple[DeclaredMetric, ...]) -> str:
    return table(
        ("metric", "kind", "labels", "meaning"),
        ((code(one.name), _kind(one), _labels(one), plain(one.about)) for one in metrics),
    )


def _kind(metric: DeclaredMetric) -> str:
    match metric:
        case CountedMetric():
            return "counter"
        case TimedMetric():
            return f"histogram, to {', '.join(f'{bound:g}' for bound in metric.buckets)} s"
        case _:
            return "gauge"


def _labels(metric: DeclaredMetric) -> str:
    told = []
    for label in metric.labels:
        values = ", ".join(sorted(metric.values.get(label, ())))
        told.append(f"`{label}` ({plain(values)})" if values else f"`{label}`")
    return ", ".join(told)
