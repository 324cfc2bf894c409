"""Tests that a server with workers stays whole for as long as everything goes wrong around it.

`BROADSHEET_LONG_SECONDS` says for how long: five minutes in CI, an hour before a release.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from graph.edge import keys_file
from store.files.ingest import ingest
from store.tiny.store import TinyStore
from tests.hostile.served import Served, serving
from tests.long.folders import TOPICS, Folders
from tests.long.house import House
from tests.long.visitors import Poller, Reader, SocketSubscriber, StreamSubscriber, Subscriber, Visitor, Writer
from tests.newsrooms import ask
from tests.patience import until

SECONDS = float(os.environ.get("BROADSHEET_LONG_SECONDS", "0"))
SEED = int(os.environ.get("BROADSHEET_LONG_SEED", "11"))
GROWTH = 64 * 2**20
"""Bytes by which the largest process may grow from the end of the first round of mishaps to the end of the last."""
STEPS = 20
"""How many edits there are before each mishap."""
ALL = """query($after: String) { articles(first: 100, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { path title publishedDateTime topics { name slug } provider { name } webUrl } } }"""
COUNTS = "{ articles(first: 1) { totalCount facets { topics { count topic { slug } } } } }"
ASKED = (COUNTS, *(f'{{ topic(slug: "{topic.lower()}") {{ name articles {{ totalCount }} }} }}' for topic in TOPICS))
CHANGES = "query($since: String) { changes(since: $since) { changes { seq } next hasMore reset } }"

pytestmark = pytest.mark.skipif(not SECONDS, reason="BROADSHEET_LONG_SECONDS says for how many seconds")


def everything(answer: Any) -> dict[str, Any]:
    """Return all articles by path, by way of *answer*, which takes a query and its variables."""
    found: dict[str, Any] = {}
    after, more = None, True
    while more:
        page = answer(ALL, {"after": after})["data"]["articles"]
        found |= {node["path"]: node for node in page["nodes"]}
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


def answers(answer: Any) -> tuple[Any, ...]:
    """Return what a store says to each question, in an order that does not depend on when it learnt it."""
    return (everything(answer), *(answer(query, {})["data"] for query in ASKED))


def fresh(folders: Folders, store: Path) -> tuple[Any, ...]:
    """Return the answers of a store that is made now of the same folders."""
    with TinyStore(store, follow=False) as made:
        asyncio.run(ingest(made, folders.sources, processes=1))
        return answers(lambda query, variables: asyncio.run(ask(made, query, variables)))


def told(server: Served) -> list[str]:
    """Return the sequence of every change that is kept."""
    found: list[str] = []
    since, more = "0", True
    while more:
        page = server.post(CHANGES, {"since": since}).json["data"]["changes"]
        found += [change["seq"] for change in page["changes"]]
        since, more = page["next"], page["hasMore"]
    return found


def break_keys(house: House, keys: Path) -> None:
    """Save a typo in the file of keys, and mend it."""
    whole = keys.read_text()
    _save(keys, f"{whole}a typo\n")
    house.until_told("keys")
    _save(keys, whole)


def _save(path: Path, text: str) -> None:
    """Write a file by way of another, so that nobody reads half of it."""
    fresh = path.with_name("keys.new")
    fresh.write_text(text)
    fresh.replace(path)


def remove_key(house: House, keys: Path) -> None:
    """Make a key, and remove it; every worker takes it and then refuses it."""
    headers = {"authorization": f"Bearer {keys_file.add(keys, 'guest', ['drafts:read'])}"}
    until(lambda: _statuses(house.server, headers) == {200})
    keys_file.remove(keys, "guest")
    until(lambda: _statuses(house.server, headers) == {401})


def _statuses(server: Served, headers: dict[str, str]) -> set[int]:
    return {server.post("{ __typename }", headers=headers).status for _ in range(12)}


def fill_log(house: House) -> None:
    """Fill the log's disk, and make room again; lines are written again."""
    house.fill_disk()
    house.until_told("log")
    house.free_disk()
    end = house.server.log.stat().st_size
    until(lambda: house.log_since(end))


def empty_folder(house: House, folders: Folders) -> None:
    """Empty a folder, and fill it again; meanwhile no article is gone."""
    count = len(everything(lambda *asked: house.server.post(*asked).json))
    folders.empty()
    house.until_told("folder")
    assert len(everything(lambda *asked: house.server.post(*asked).json)) >= count
    folders.fill()


@contextmanager
def visited(*visitors: Visitor) -> Iterator[None]:
    """Have a server visited, and raise what a visitor failed with."""
    for visitor in visitors:
        visitor.start()
    yield
    for visitor in visitors:
        visitor.end()


def test_nothing_goes_blind_silent_or_past_its_limit(tmp_path: Path) -> None:
    random, keys = Random(SEED), tmp_path / "keys"
    folders = Folders(tmp_path / "folders", random)
    writer_key = keys_file.add(keys, "writer", ["articles:write"])
    options = ("--watch", "--workers", "2", "--write-back", "--keys-file", keys, "--store", tmp_path / "news.json")
    with serving(tmp_path / "log", *folders.arguments, *options) as server:
        house = House(server)
        until(lambda: len(house.workers) == 2)
        mishaps = (
            lambda: empty_folder(house, folders),
            lambda: break_keys(house, keys),
            lambda: fill_log(house),
            lambda: remove_key(house, keys),
            house.kill_worker,
            folders.recreate,
        )
        last = told(server)[-1]
        subscribers: list[Subscriber] = [
            SocketSubscriber(server, Random(1), last),
            StreamSubscriber(server, Random(2), last),
        ]
        writer = Writer(server, Random(3), writer_key)
        visitors = [Reader(server, Random(4)), Poller(server, Random(5)), *subscribers, writer]
        with visited(*visitors):
            memory = go_wrong(house, folders, random, mishaps)
        house.until_well()
        assert house.resident - memory <= GROWTH
        assert all(visitor.visits for visitor in visitors)
        _agrees(server, folders, tmp_path / "fresh.json")
        _nothing_lost(server, writer, subscribers)


def go_wrong(house: House, folders: Folders, random: Random, mishaps: tuple[Any, ...]) -> int:
    """Have everything go wrong until the time is over, and return the memory after all of it happened once."""
    end, memory, rounds = time.monotonic() + SECONDS, 0, 0
    while time.monotonic() < end or not rounds:
        for mishap in random.sample(mishaps, len(mishaps)):
            for _ in range(STEPS):
                folders.step()
                time.sleep(random.choice((0, 0.01, 0.3)))
            mishap()
            house.until_well()
        rounds += 1
        memory = memory or house.resident
    return memory


def _agrees(server: Served, folders: Folders, store: Path) -> None:
    """Check that every worker's answers become those of a fresh ingest."""
    expected = fresh(folders, store)
    until(lambda: all(answers(lambda *asked: server.post(*asked).json) == expected for _ in range(4)))


def _nothing_lost(server: Served, writer: Writer, subscribers: list[Subscriber]) -> None:
    """Check that acknowledged writes are there, and that subscribers were told of each change once, in order."""
    found = everything(lambda *asked: server.post(*asked).json)
    assert {path: found[path]["title"] for path in writer.saved} == writer.saved
    changes = told(server)
    for subscriber in subscribers:
        heard = subscriber.told[1:]
        start = changes.index(heard[0])
        assert heard == changes[start : start + len(heard)]
