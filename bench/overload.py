"""Asks a server for three times the heavy queries that it can answer, all different, and looks at who waits how long.

    python -m bench.overload [--articles 25000] [--seconds 30] [--burst 30] [--tool make_corpus.py]

Each query compares every article with 39 conditions that no index answers. Told are the refusals, `/health`, and what
was answered; then a burst of such queries at once, as one client may send it. Everything goes to 127.0.0.1.
"""

import argparse
import asyncio
import tempfile
import time
from itertools import count
from pathlib import Path

import orjson

from bench import articles
from bench.edge import PORT, TIMES, Tally, answered, paced, say, serving, timed

CONDITIONS = 39
HEALTH_SECONDS = 0.05
_numbers = count()


def heavy() -> bytes:
    """Return a request that nobody has sent before."""
    name = next(_numbers)
    conditions = " ".join(f'{{excerpt: {{contains: "x{name}y{n}"}}}}' for n in range(CONDITIONS))
    return orjson.dumps({"query": f"{{ articles(first: 1, filter: {{or: [{conditions}]}}) {{ totalCount }} }}"})


async def capacity(seconds: float) -> float:
    """Return the heavy answers a second to two clients that each wait for theirs."""
    done, start = 0, time.perf_counter()

    async def client() -> None:
        nonlocal done
        while time.perf_counter() - start < seconds:
            done += await answered(heavy()) == 200

    await asyncio.gather(client(), client())
    return done / (time.perf_counter() - start)


async def health(tally: Tally) -> None:
    """Ask `/health` all the time, and count its answers."""
    while True:
        start = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(b"GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        received = await reader.read()
        writer.close()
        tally.add(int(received[9:12]) if received else 0, time.perf_counter() - start)
        await asyncio.sleep(HEALTH_SECONDS)


def told(name: str, tally: Tally, status: int) -> None:
    """Print how long answers of one status took."""
    half, most, worst = tally.percentile(status, 50), tally.percentile(status, 99), max(tally.seconds.get(status, [0]))
    say(f"  {name}: {tally.statuses[status]}; {half:.0f} ms (p50), {most:.0f} ms (p99), {worst * 1000:.0f} ms (worst)")


async def watched(asked: Tally, requests: "asyncio.Task[None]") -> None:
    """Print what became of *requests*, which are counted as *asked*, and of `/health` meanwhile."""
    healthy = Tally()
    asking = asyncio.create_task(health(healthy))
    start = time.perf_counter()
    await requests
    asking.cancel()
    say(f"  goodput {asked.statuses[200] / (time.perf_counter() - start):.1f}/s; statuses {dict(asked.statuses)}")
    for name, tally, status in (("answered", asked, 200), ("503", asked, 503), ("/health", healthy, 200)):
        told(name, tally, status)


async def flood(rate: float, seconds: float, tally: Tally) -> None:
    """Send as many heavy requests a second as *rate* says, whether earlier ones are answered or not."""
    tasks = [asyncio.create_task(timed(heavy(), tally)) async for _ in paced(rate, seconds)]
    await asyncio.gather(*tasks)


async def burst(number: int, tally: Tally) -> None:
    """Send *number* heavy requests at once."""
    await asyncio.gather(*(timed(heavy(), tally) for _ in range(number)))


async def overload(seconds: float, number: int) -> None:
    """Measure and print."""
    most = await capacity(min(seconds, 10))
    say(f"capacity {most:.1f}/s; asked {TIMES * most:.1f}/s for {seconds:g} s")
    tally = Tally()
    await watched(tally, asyncio.create_task(flood(TIMES * most, seconds, tally)))
    say(f"{number} at once")
    tally = Tally()
    await watched(tally, asyncio.create_task(burst(number, tally)))


def main() -> None:
    """Make a store, serve it, and ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=25_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--burst", type=int, default=30)
    parser.add_argument("--tool", type=Path, help="a program that writes a corpus, instead of our own small one")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="broadsheet-bench-") as folder:
        store = articles.stored(Path(folder), chosen.articles, chosen.tool)
        with serving(store):
            asyncio.run(overload(chosen.seconds, chosen.burst))


if __name__ == "__main__":
    main()
