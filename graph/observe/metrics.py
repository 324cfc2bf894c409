"""Counts requests for Prometheus.

Counting a request is a few additions to dictionaries (0.6 µs; 6 µs by the client's own counters in its multiprocess
mode, which leaves custom collectors out besides); Prometheus's own classes are made only when it asks.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from graph.observe.metrics_of_workers import SharedMetrics
from graph.observe.request_record import RequestRecord

BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
Values = Mapping[str, tuple[str, float]]
"""Name → (what it is, its value now)."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What is counted elsewhere, and read when Prometheus asks: numbers that only grow, and numbers that do not.

    `troubles` are the tasks that do not work at the moment, and for how many seconds.
    """

    counters: Values
    gauges: Values
    troubles: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Latency:
    """How long requests of one kind took."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0


class Metrics(Collector):
    """The counts of one process."""

    def __init__(self, shared: Path | None = None) -> None:
        """Count the requests of this process; *shared* is the folder that the workers of one server share."""
        self.samples = Samples({}, {})
        self.shared = None if shared is None else SharedMetrics(shared)
        self.requests: Counter[tuple[str, str, str, int]] = Counter()
        self.answers: Counter[str] = Counter()
        self.latencies: dict[str, Latency] = {}
        self.registry = CollectorRegistry()
        self.registry.register(self)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)

    def __call__(self, record: RequestRecord) -> None:
        """Count a request."""
        self.requests[record.road, record.kind, record.code, record.status] += 1
        self.answers[record.how] += 1
        latency = self.latencies.get(record.kind)
        if latency is None:
            latency = self.latencies[record.kind] = Latency()
        latency.counts[bisect_left(BUCKETS, record.seconds)] += 1
        latency.seconds += record.seconds

    def collect(self) -> Iterator[Metric]:
        """Return what was counted, as Prometheus's classes."""
        requests = CounterMetricFamily(
            "broadsheet_requests", "Requests answered.", labels=["road", "kind", "code", "status"]
        )
        for (road, kind, code, status), count in self.requests.items():
            requests.add_metric([road, kind, code, str(status)], count)
        yield requests
        answers = CounterMetricFamily("broadsheet_answers", "Answers, by what made them.", labels=["how"])
        for how, count in self.answers.items():
            answers.add_metric([how or "refused"], count)
        yield answers
        seconds = HistogramMetricFamily("broadsheet_request_seconds", "Time to answer.", labels=["kind"])
        bounds = [*map(str, BUCKETS), "+Inf"]
        for kind, latency in self.latencies.items():
            buckets = list(zip(bounds, accumulate(latency.counts), strict=True))
            seconds.add_metric([kind], buckets, latency.seconds)
        yield seconds
        for name, (about, value) in self.samples.counters.items():
            yield CounterMetricFamily(f"broadsheet_{name}", about, value=value)
        for name, (about, value) in self.samples.gauges.items():
            yield GaugeMetricFamily(f"broadsheet_{name}", about, value=value)
        troubles = GaugeMetricFamily(
            "broadsheet_trouble_seconds", "For how long a task has not worked; none while it works.", labels=["task"]
        )
        for task, lasted in self.samples.troubles.items():
            troubles.add_metric([task], lasted)
        yield troubles

    def publish(self, samples: Samples) -> None:
        """Take up what was counted elsewhere, and let other workers know."""
        self.samples = samples
        if self.shared is not None:
            self.shared.publish(self.registry.collect())

    def text(self) -> bytes:
        """Return the metrics in Prometheus's text format, those of other workers with them where there are any."""
        return generate_latest(self.shared or self.registry)
