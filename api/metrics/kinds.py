"""What kinds of metric there are, and what is declared of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

Mode = Literal["livesum", "livemax", "livemin"]
"""How the momentary values of a host's workers become one."""


@dataclass(frozen=True, slots=True)
class DeclaredMetric:
    """A metric by its name.

    Attributes:
        name: as it is declared; counters and histograms are exposed under names made of it.
        about: what it counts, in a sentence.
        labels: the names of its labels.
        values: label to all the values that it may have; a label that is not here may have any.
    """

    name: str
    about: str
    labels: tuple[str, ...] = ()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def exposed(self) -> frozenset[str]:
        """The names under which Prometheus finds it."""
        return frozenset({self.name})

    @property
    def exposed_labels(self) -> frozenset[str]:
        """The labels with which Prometheus finds it."""
        return frozenset(self.labels)


@dataclass(frozen=True, slots=True)
class CountedMetric(DeclaredMetric):
    """It only grows, until the first worker of the host starts anew."""

    @property
    def exposed(self) -> frozenset[str]:
        """The name with `_total`."""
        return frozenset({f"{self.name}_total"})

    def made(self, registry: CollectorRegistry) -> Counter:
        """The counter of this process."""
        return Counter(self.name, self.about, self.labels, registry=registry)


@dataclass(frozen=True, slots=True)
class MomentaryMetric(DeclaredMetric):
    """A value of each worker as it is now; `mode` makes one of them.

    Attributes:
        mode: how.
    """

    mode: Mode = "livemax"

    def made(self, registry: CollectorRegistry) -> Gauge:
        """The gauge of this process."""
        return Gauge(
            self.name, self.about, self.labels, registry=registry, multiprocess_mode=self.mode
        )


@dataclass(frozen=True, slots=True)
class TimedMetric(DeclaredMetric):
    """How long something took.

    Attributes:
        buckets: their upper bounds in seconds.
    """

    buckets: tuple[float, ...] = ()

    @property
    def exposed(self) -> frozenset[str]:
        """The names of a histogram."""
        return frozenset(f"{self.name}{end}" for end in ("_bucket", "_count", "_sum"))

    @property
    def exposed_labels(self) -> frozenset[str]:
        """Its own labels and the buckets'."""
        return frozenset({*self.labels, "le"})

    def made(self, registry: CollectorRegistry) -> Histogram:
        """The histogram of this process."""
        return Histogram(
            self.name, self.about, self.labels, buckets=self.buckets, registry=registry
        )


@dataclass(frozen=True, slots=True)
class RegistryMetric(DeclaredMetric):
    """A fact of the registry, as one worker of the host read it last."""

    def family(self, samples: Iterable[MetricSample]) -> GaugeMetricFamily:
        """The gauges of these samples."""
        family = GaugeMetricFamily(self.name, self.about, labels=self.labels)
        for sample in samples:
            family.add_metric([sample.labels[name] for name in self.labels], sample.value)
        return family

    def sample(self, value: float, **labels: str) -> MetricSample:
        """One value of it.

        Raises:
            ValueError: other labels than are declared, or a value that a label cannot have.
        """
        if labels.keys() != set(self.labels):
            raise ValueError(f"{self.name} has the labels {', '.join(self.labels)}")
        for name, known in self.values.items():
            if labels[name] not in known:
                raise ValueError(f"{self.name}: {name} cannot be {labels[name]!r}")
        return MetricSample(self.name, labels, value)


@dataclass(frozen=True, slots=True)
class MetricSample:
    """One value of a registry metric."""

    name: str
    labels: Mapping[str, str]
    value: float
