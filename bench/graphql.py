"""Measures how fast Broadsheet and other servers answer five queries, and prints rates, latencies and their ratios.

    python -m bench.graphql [STORE] [--seconds 3] [--runs 5] [--only in-place,mercurius] [--make-corpus TOOL]

Without a store, one of 25,000 articles is made. Needs wrk, taskset, node, and `npm ci` in bench/mercurius. Answers are
compared before anything is timed. All servers run in the same go, one at a time, each with its full text made; the
figures are medians, and the queries and `bench.serving` say what the servers are.
"""

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import Request, urlopen

import orjson
import rich.box
from rich.console import Console
from rich.table import Table

from bench import queries
from bench.articles import TOOL, stored
from bench.queries import QUERIES, Query
from store.tiny.store import TinyStore

PORT = 8765
URL = f"http://127.0.0.1:{PORT}/graphql"
HERE = Path(__file__).parent
ARTICLES = 25_000
OURS = ("plain", "in-place", "articles", "unkept")
SERVERS = ("fixed", "interpreted", "mercurius", *OURS)
COMPARED = 40
"""How many answers of each query are compared."""
BARS: dict[tuple[str, str], dict[str, float]] = {
    ("plain", "mercurius"): {"Q1": 3, "Q2": 1, "Q3": 1, "Q4": 1.5},
    ("plain", "interpreted"): {"Q1": 50},
    ("plain", "fixed"): {"Q5": 0.7},
    ("unkept", "mercurius"): {"Q1": 1},
    ("in-place", "mercurius"): {"Q1": 5, "Q2": 1.7, "Q3": 1.4, "Q4": 2.7, "Q5": 1.05},
}
"""How many times the rate of another server ours is to have."""
TAIL = 4
"""How many times its median latency a server's 99th percentile may be."""
Measured = tuple[float, float, float]
"""Requests a second, and the 50th and 99th percentile of latency in milliseconds."""


@contextmanager
def serving(kind: str, data: Path) -> Iterator[None]:
    """Run a server on the first core."""
    own = ["node", str(HERE / "mercurius" / "server.js"), str(data), str(PORT)]
    python = [sys.executable, "-m", "bench.serving", kind, str(data), str(PORT)]
    command = ["taskset", "-c", "0", *(own if kind == "mercurius" else python)]
    process = subprocess.Popen(command, cwd=HERE.parent, stderr=subprocess.DEVNULL)  # our own servers
    try:
        _wait_for(process, lambda: answer(QUERIES[4].text, "https://example.com/") is not None)
        if kind not in ("mercurius", "fixed"):
            _wait_for(process, _has_full_text)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(process: "subprocess.Popen[bytes]", ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(URLError, ConnectionError):
            if ready():
                return
        time.sleep(0.05)
    raise SystemExit("the server did not start")


def _has_full_text() -> bool:
    with urlopen(URL.replace("/graphql", "/health"), timeout=30) as response:  # noqa: S310  # on this machine
        return bool(orjson.loads(response.read())["search"] == "ready")


def answer(text: str, value: str) -> bytes:
    """Return the body of one answer."""
    body = orjson.dumps({"query": text, "variables": {"v": value}})
    request = Request(URL, body, {"content-type": "application/json"})  # on this machine
    with urlopen(request, timeout=30) as response:  # noqa: S310  # the same
        read: bytes = response.read()
    return read


def measured(script: Path, seconds: float) -> Measured:
    """Have wrk ask for some seconds."""
    command = ["taskset", "-c", "1", "wrk", "-t1", "-c16", f"-d{seconds:g}s", "--latency", "-s", str(script), URL]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # wrk
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    p50, p99 = (re.search(rf"{part}%\s+([\d.]+)(us|ms|s)", output) for part in (50, 99))
    if not (rate and p50 and p99):
        raise SystemExit(output)
    return float(rate[1]), _milliseconds(p50), _milliseconds(p99)


def _milliseconds(match: "re.Match[str]") -> float:
    return float(match[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[match[2]]


def compare(kind: str, given: dict[str, list[str]], expected: dict[tuple[str, str], object]) -> None:
    """Check a server's answers against those seen before, or note them as the first."""
    for query in QUERIES:
        for value in given[query.variable][:COMPARED]:
            got = orjson.loads(answer(query.text, value))
            if expected.setdefault((query.name, value), got) != got:
                raise SystemExit(f"{kind} answers {query.name} with {value} differently")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, nargs="?")
    parser.add_argument("--make-corpus", type=Path, default=TOOL if TOOL.exists() else None, metavar="TOOL")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join(SERVERS))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen.store = chosen.store or stored(folder, ARTICLES, chosen.make_corpus)
        with TinyStore(chosen.store, follow=False) as store:
            articles = asyncio.run(queries.newest_first(store))
            (folder / "data.json").write_bytes(asyncio.run(queries.data(store, articles)))
        given = queries.values(articles)
        queries.write_scripts(folder, given)
        rates = {kind: measure(kind, chosen, folder, given) for kind in chosen.only.split(",")}
    Console(width=150).print(table(rates))


EXPECTED: dict[tuple[str, str], object] = {}
"""The answers seen so far."""


def measure(kind: str, chosen: argparse.Namespace, folder: Path, given: dict[str, list[str]]) -> dict[str, Measured]:
    """Return what one server does on each query."""
    if kind == "fixed":
        return {query.name: _fixed(query, chosen, folder, given) for query in QUERIES}
    data = folder / "data.json" if kind == "mercurius" else chosen.store
    with serving(kind, data):
        compare(kind, given, EXPECTED)
        return {query.name: _timed(kind, query, chosen, folder) for query in QUERIES}


def _fixed(query: Query, chosen: argparse.Namespace, folder: Path, given: dict[str, list[str]]) -> Measured:
    """Measure a body as large as the query's answers are."""
    with serving("plain", chosen.store):
        sizes = [len(answer(query.text, value)) for value in given[query.variable][:COMPARED]]
    (folder / "body").write_bytes(b"x" * round(median(sizes)))
    with serving("fixed", folder / "body"):
        return _timed("fixed", query, chosen, folder)


def _timed(kind: str, query: Query, chosen: argparse.Namespace, folder: Path) -> Measured:
    script = folder / f"{query.name}.lua"
    measured(script, chosen.seconds)  # warm
    runs = [measured(script, chosen.seconds) for _ in range(chosen.runs)]
    rate, p50, p99 = (median(each) for each in zip(*runs, strict=True))
    output = f"{kind:12} {query.name} {rate:10,.0f}/s  p50 {p50:8.2f} ms  p99 {p99:8.2f} ms"
    print(output, file=sys.stderr, flush=True)  # noqa: T201
    return rate, p50, p99


def table(rates: dict[str, dict[str, Measured]]) -> Table:
    """Return all rates, each of ours as a multiple of the others' too, with the bars and whether they hold."""
    shown = Table("", *(query.name for query in QUERIES), box=rich.box.MARKDOWN)
    for kind, found in rates.items():
        shown.add_row(f"{kind}, requests/s", *(f"{found[query.name][0]:,.0f}" for query in QUERIES))
    for kind in [kind for kind in OURS if kind in rates]:
        for other in [other for other in rates if other not in OURS]:
            bars = BARS.get((kind, other), {})
            pairs = ((rates[kind][q.name][0] / rates[other][q.name][0], bars.get(q.name)) for q in QUERIES)
            shown.add_row(f"{kind} ÷ {other}", *(_verdict(ratio, bar) for ratio, bar in pairs))
    for kind in [kind for kind in OURS if kind in rates]:
        tails = (rates[kind][query.name][2] / rates[kind][query.name][1] for query in QUERIES)
        shown.add_row(
            f"{kind}, p99 ÷ p50", *(f"{tail:.1f}{'' if tail <= TAIL else f' (≤ {TAIL} MISSED)'}" for tail in tails)
        )
    return shown


def _verdict(ratio: float, bar: float | None) -> str:
    return f"{ratio:.2f}" if bar is None else f"{ratio:.2f} (≥ {bar:g} {'holds' if ratio >= bar else 'MISSED'})"


if __name__ == "__main__":
    main()
