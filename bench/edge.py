"""Loads a server with more than it can take, to see goodput at three times its capacity, slow clients, and its memory.

    python -m bench.edge [--seconds 60] [--articles 5000] [--slow 200]

Everything goes to 127.0.0.1. The load is open: requests start at their time, whether earlier ones are answered or not.
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import orjson

from bench import articles

PORT = 8766
TIMES = 3
"""How many times the capacity is asked for."""
CONNECTIONS = 16
HEAVY = "{ __schema { types { name fields { name args { name type { name } } type { name } } } } }"
"""Some ten milliseconds of work, so that it is the server that is measured and not this client."""
LIGHT = "{ articles(first: 20) { nodes { title provider { name } } } }"
SLOW = (b"", b"POST /gra", b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 99\r\n\r\n{")


@dataclass
class Tally:
    """Answers by status, and how long each took, in seconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: dict[int, list[float]] = field(default_factory=dict)

    def add(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.statuses[status] += 1
        self.seconds.setdefault(status, []).append(seconds)

    def percentile(self, status: int, part: int) -> float:
        """Return a percentile of the milliseconds that answers of a status took."""
        taken = self.seconds.get(status, [])
        return quantiles(taken, n=100)[part - 1] * 1000 if len(taken) > 1 else 0.0


@contextlib.contextmanager
def serving(store: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `broadsheet serve` with its settings as they come, on the first core."""
    command = ["taskset", "-c", "0", sys.executable, "-m", "graph", "serve", "--store", str(store), "--port", str(PORT)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while asyncio.run(answered(b'{"query": "{ __typename }"}')) != 200:
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(20)


async def answered(body: bytes) -> int:
    """Return the status of one request on a connection of its own, 0 where there is no answer."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n%b" % (len(body), body)
        )
        received = await reader.read()
        writer.close()
        return int(received[9:12]) if received else 0
    except OSError:
        return 0


async def timed(body: bytes, tally: Tally) -> None:
    """Ask once, and count the answer."""
    start = time.perf_counter()
    status = await answered(body)
    tally.add(status, time.perf_counter() - start)


async def capacity(body: bytes, seconds: float) -> float:
    """Return the answers a second to a few clients that each wait for theirs."""
    tally, end = Tally(), time.perf_counter() + seconds

    async def client() -> None:
        while time.perf_counter() < end:
            await timed(body, tally)

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return tally.statuses[200] / seconds


async def paced(rate: float, seconds: float) -> AsyncIterator[None]:
    """Yield as many times a second as *rate* says."""
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
        yield


async def overload(seconds: float) -> None:
    """Ask for three times what the server can do."""
    body = orjson.dumps({"query": HEAVY})
    most = await capacity(body, min(seconds, 10))
    tally, tasks = Tally(), set()
    start = time.perf_counter()
    async for _ in paced(TIMES * most, seconds):
        tasks.add(task := asyncio.create_task(timed(body, tally)))
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    goodput = tally.statuses[200] / (time.perf_counter() - start)
    say(f"capacity {most:.0f}/s, asked {TIMES * most:.0f}/s for {seconds:g} s: goodput {goodput:.0f}/s")
    say(f"  {100 * goodput / most:.0f} % of capacity; statuses {dict(tally.statuses)}")
    say(f"  503 after {tally.percentile(503, 50):.1f} ms (p50), {tally.percentile(503, 99):.1f} ms (p99)")


async def slow_clients(count: int) -> None:
    """Hold connections that send too little, and ask meanwhile."""
    opened = [await asyncio.open_connection("127.0.0.1", PORT) for _ in range(count)]
    for number, (_, writer) in enumerate(opened):
        writer.write(SLOW[number % len(SLOW)])
    closing = [asyncio.create_task(reader.read()) for reader, _ in opened]
    tally, start, body = Tally(), time.perf_counter(), orjson.dumps({"query": LIGHT})
    while time.perf_counter() - start < 30 and not all(each.done() for each in closing):
        await timed(body, tally)
        await asyncio.sleep(0.05)
    closed = sum(each.done() for each in closing)
    say(f"slow clients: {closed} of {count} closed within {time.perf_counter() - start:.1f} s")
    say(f"  others meanwhile: {dict(tally.statuses)}, worst {max(tally.seconds[200]) * 1000:.0f} ms")
    for task in closing:
        task.cancel()
    for _, writer in opened:
        writer.close()


async def soak(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Ask for something new each time, and look at the memory."""
    sizes, number = [resident(process)], 0
    for _ in range(6):
        end = time.perf_counter() + seconds / 6
        while time.perf_counter() < end:
            number += 1
            query = f"{{ articles(first: 100) {{ nodes {{ a{number}: title excerpt related {{ title }} }} }} }}"
            await answered(orjson.dumps({"query": query}))
        sizes.append(resident(process))
    grown = " ".join(f"{each:.0f}" for each in sizes)
    say(f"soak: {number} requests, all different, in {seconds:g} s; resident {grown} MiB")


def resident(process: "subprocess.Popen[bytes]") -> float:
    """Return the memory of a process, in MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 # it is what this is for


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--slow", type=int, default=200)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="broadsheet-bench-") as folder:
        store = articles.stored(Path(folder), chosen.articles, None)
        with serving(store) as process:
            asyncio.run(overload(chosen.seconds))
            asyncio.run(slow_clients(chosen.slow))
            asyncio.run(soak(process, chosen.seconds))


if __name__ == "__main__":
    main()
