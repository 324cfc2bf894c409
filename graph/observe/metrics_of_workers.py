"""Merges the metrics of all workers, so that a scrape of any worker shows the whole server.

Each worker keeps a file of its own in a folder that they share. Counts of a worker that ended stay, so that no counter
ever falls; its gauges go with it. The client's own multiprocess mode would do it too, but collects no custom collectors
and nothing of the process, and each count costs ten times as much (`graph.observe.metrics`).
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from prometheus_client.core import Metric

LEAST = frozenset(
    {"process_start_time_seconds", "process_max_fds", "broadsheet_search_ready", "broadsheet_store_writable"}
)
MOST = frozenset(
    {
        "python_info",
        "broadsheet_store_articles",
        "broadsheet_store_sequence",
        "broadsheet_store_stale",
        "broadsheet_trouble_seconds",
    }
)
"""Gauges of which the workers' least or greatest counts; of all others it is the sum."""

Key = tuple[str, tuple[tuple[str, str], ...]]


class Family(msgspec.Struct, frozen=True):
    """One metric, its samples by name and labels."""

    name: str
    help: str
    type: str
    samples: list[tuple[str, dict[str, str], float]]


class SharedMetrics:
    """The metrics that the workers of one server share by way of *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.own = folder, folder / f"{os.getpid()}.json"

    def publish(self, metrics: Iterable[Metric]) -> None:
        """Write this worker's metrics to where the others find them."""
        unfinished = self.own.with_suffix(".unfinished")
        unfinished.write_bytes(msgspec.json.encode([family(each) for each in metrics]))
        unfinished.replace(self.own)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of all workers, as they were last published."""
        found: dict[str, tuple[Family, dict[Key, float]]] = {}
        for path in sorted(self.folder.glob("*.json")):
            gone = not is_alive(int(path.stem))
            for each in msgspec.json.decode(path.read_bytes(), type=list[Family]):
                if not (gone and each.type == "gauge"):
                    add(each, found.setdefault(each.name, (each, {}))[1])
        for each, samples in found.values():
            metric = Metric(each.name, each.help, each.type)
            for (name, labels), value in samples.items():
                metric.add_sample(name, dict(labels), value)
            yield metric


def family(metric: Metric) -> Family:
    """Return a metric as it is published."""
    samples = [(sample.name, dict(sample.labels), float(sample.value)) for sample in metric.samples]
    return Family(metric.name, metric.documentation, metric.type, samples)


def add(each: Family, into: dict[Key, float]) -> None:
    """Add the samples of one worker to those of others."""
    join: Callable[[float, float], float] = min if each.name in LEAST else max if each.name in MOST else float.__add__
    for name, labels, value in each.samples:
        key = (name, tuple(labels.items()))
        into[key] = join(into[key], value) if key in into else value


def is_alive(pid: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it is there, and somebody else's
    return True
