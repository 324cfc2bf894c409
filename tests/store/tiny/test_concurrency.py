"""Writes and reads from many threads and tasks at once: nothing is lost, and nobody sees half of a batch."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from store.base import Put
from store.criteria import Criteria, Page
from store.tiny.gate import Gate
from store.tiny.store import TinyStore
from tests.newsroom import news
from tests.patience import PATIENCE

WRITERS, BATCHES, SIZE = 16, 6, 5


def test_sixteen_threads_write_and_every_batch_is_seen_whole(tmp_path: Path) -> None:
    done = Event()
    torn: list[int] = []

    def write(store: TinyStore, writer: int) -> None:
        for batch in range(BATCHES):
            documents = [news(f"{writer}/{batch}/{number}.md") for number in range(SIZE)]
            asyncio.run(store.apply(list(map(Put, documents))))

    async def read(store: TinyStore) -> None:
        while not done.is_set():
            async with store.reading():
                before = store.sequence
                first = (await store.count([Criteria()]))[0]
                await asyncio.sleep(0)
                second = len((await store.find([Criteria(page=Page(None))]))[0].items)
                if first != second or first % SIZE or before != store.sequence != first:
                    torn.append(first)
            await asyncio.sleep(0)

    with TinyStore(tmp_path / "store.json") as store, ThreadPoolExecutor(WRITERS + 2) as pool:
        readers = [pool.submit(asyncio.run, read(store)) for _ in range(2)]
        writers = [pool.submit(write, store, number) for number in range(WRITERS)]
        for each in writers:
            each.result()
        done.set()
        for each in readers:
            each.result()
        assert store.sequence == asyncio.run(store.count([Criteria()]))[0] == WRITERS * BATCHES * SIZE
    assert torn == []


def test_a_writer_waits_for_readers_inside_and_goes_before_those_that_come_later() -> None:
    async def run() -> list[str]:
        gate, order, waits = Gate(), [], asyncio.Event()

        def write() -> None:
            with gate.writing:
                order.append("written")

        async def come_later() -> None:
            async with gate.reading():
                order.append("read later")

        async with gate.reading():
            writer = asyncio.create_task(asyncio.to_thread(write))
            while not gate._writers:  # noqa: ASYNC110 # a thread sets it
                await asyncio.sleep(0.001)
            later = asyncio.create_task(come_later())
            given_up = asyncio.create_task(come_later())
            await asyncio.sleep(0)
            given_up.cancel()
            waits.set()
            order.append("read")
        await asyncio.gather(writer, later)
        assert given_up.cancelled()
        async with gate.reading():
            order.append("read at last")
        return order

    assert asyncio.run(asyncio.wait_for(run(), PATIENCE)) == ["read", "written", "read later", "read at last"]


def test_reading_does_not_suspend_while_nothing_is_applied(tmp_path: Path) -> None:
    async def run(store: TinyStore) -> None:
        async with store.reading():
            await store.find([Criteria()])
            await store.related((await store.find([Criteria()]))[0].items)

    with TinyStore(tmp_path / "store.json", follow=False) as store:
        asyncio.run(store.apply([Put(news("a.md"))]))
        suspended = True
        try:
            run(store).send(None)
        except StopIteration:
            suspended = False
        assert not suspended
