"""Tests what an operator is answered: alive, ready or why not, and counts that agree with what was asked."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from graph.edge.asgi import App
from graph.errors import Refusal
from graph.observe.metrics_of_workers import Family
from graph.observe.troubles_of_parent import TroublesOfParent
from graph.serve.site import operations
from graph.settings import Settings
from store.base import Put
from store.tiny.store import TinyStore
from store.troubles import Troubles
from tests.newsroom import news
from tests.serving import exchange, request, serving, until_told
from tests.small import SmallStore, ask, post, small_app

pytestmark = pytest.mark.anyio


@pytest.fixture
async def app() -> AsyncIterator[App]:
    app = small_app()
    async with app.lifespan():
        yield app


def small(app: App) -> SmallStore:
    return cast("SmallStore", app.store)


def metrics(text: bytes) -> dict[str, float]:
    """Return samples without labels by name, and those with labels by `name{value,value}`."""
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = ",".join(sample.labels.values())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


async def test_health_says_whether_a_search_would_wait(app: App) -> None:
    reply = await ask(app, "GET", path="/health")
    assert (reply.status, reply.json) == (200, {"status": "ok", "search": "preparing"})
    small(app).search_ready = True
    assert (await ask(app, "GET", path="/health")).json == {"status": "ok", "search": "ready"}
    assert reply.headers["cache-control"] == "no-store"


async def test_ready_tells_what_is_loaded_and_counts_no_drafts(app: App) -> None:
    reply = await ask(app, "GET", path="/ready")
    told = {"status": "ready", "sequence": 7, "articles": 2, "writable": True, "troubles": []}
    assert (reply.status, reply.json) == (200, told)
    small(app).failure = "/srv/news.json: writing failed"
    reply = await ask(app, "GET", path="/ready")
    assert (reply.status, reply.json) == (200, {**told, "writable": False})


async def test_ready_says_when_files_cannot_be_written(app: App) -> None:
    app.probes.desk.failure = "a.md: No space left on device"
    assert (await ask(app, "GET", path="/ready")).json["writable"] is False
    app.probes.desk.failure = None
    assert (await ask(app, "GET", path="/ready")).json["writable"] is True


async def test_who_reads_an_old_state_is_not_ready(app: App) -> None:
    small(app).stale = "/srv/news.json: replaced"
    reply = await ask(app, "GET", path="/ready")
    assert (reply.status, reply.json) == (503, {"status": "unready", "reason": "the store is no longer followed"})


async def test_what_does_not_work_is_told_with_its_reason_until_it_works_again(tmp_path: Path) -> None:
    own, of_parent = Troubles(), Troubles()
    told = TroublesOfParent(tmp_path)
    app = small_app(troubles=own, shared_metrics=tmp_path)

    async def tasks() -> tuple[list[str], set[str]]:
        told.publish(of_parent)
        ready = (await ask(app, "GET", path="/ready")).json["troubles"]
        for each in ready:
            assert each.keys() == {"task", "since", "reason"}
            assert datetime.fromisoformat(each["since"]).tzinfo == UTC
        found = metrics((await ask(app, "GET", path="/metrics")).body)
        prefix = "broadsheet_trouble_seconds{"
        return [f"{each['task']}: {each['reason']}" for each in ready], {
            name.removeprefix(prefix)[:-1] for name in found if name.startswith(prefix)
        }

    async with app.lifespan():
        assert await tasks() == ([], set())
        own.report("keys", "keys:1: nonsense")
        of_parent.report("watch", "no folder")
        assert await tasks() == (["keys: keys:1: nonsense", "watch: no folder"], {"keys", "watch"})
        of_parent.report("watch", "not readable")
        own.resolve("keys")
        assert await tasks() == (["watch: not readable"], {"watch"})
        of_parent.resolve("watch")
        assert await tasks() == ([], set())


async def test_a_file_of_troubles_that_cannot_be_written_is_logged_once_and_written_when_it_can_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, troubles = tmp_path / "gone", Troubles()
    told = TroublesOfParent(folder)
    troubles.report("watch", "no folder")
    for _ in range(3):
        told.publish(troubles)
    assert caplog.text.count("workers cannot be told of troubles") == 1
    folder.mkdir()
    told.publish(troubles)
    assert list(told.now()) == list(troubles.now())


async def test_nobody_is_ready_before_the_start_and_after_the_stop() -> None:
    app = small_app()
    unready = {"status": "unready", "reason": "the server starts or stops"}
    for _ in range(2):
        reply = await ask(app, "GET", path="/ready")
        assert (reply.status, reply.json) == (503, unready)
        async with app.lifespan():
            assert (await ask(app, "GET", path="/ready")).status == 200


async def test_a_store_that_cannot_be_read_is_not_ready(app: App, caplog: pytest.LogCaptureFixture) -> None:
    del small(app).sequence
    reply = await ask(app, "GET", path="/ready")
    assert (reply.status, reply.json) == (503, {"status": "unready", "reason": "the store cannot be read"})
    assert "/ready" in caplog.text


async def test_requests_and_refusals_are_counted_by_code_and_timed(app: App) -> None:
    for query in ("{ hello }", "{ hello }", "{ nothing }", "{ refused }"):
        await post(app, query)
    found = metrics((await ask(app, "GET", path="/metrics")).body)
    assert found["broadsheet_requests_total{,query,asgi,200}"] == 2
    assert found["broadsheet_requests_total{GRAPHQL_VALIDATION_FAILED,,asgi,400}"] == 1
    assert found["broadsheet_requests_total{BAD_USER_INPUT,query,asgi,200}"] == 1
    assert found["broadsheet_answers_total{interpreted}"] == 3
    assert found["broadsheet_answers_total{refused}"] == 1
    assert (
        found["broadsheet_request_seconds_bucket{query,+Inf}"] == found["broadsheet_request_seconds_count{query}"] == 3
    )
    assert found["broadsheet_request_seconds_sum{query}"] > 0


async def test_what_was_shed_is_a_counter() -> None:
    app = small_app(concurrency=0)
    await post(app, "{ hello }")
    reply = await ask(app, "GET", path="/metrics")
    assert b"# TYPE broadsheet_shed_total counter" in reply.body
    assert metrics(reply.body)["broadsheet_shed_total"] == 1


async def test_plans_and_kept_bytes_are_counted(tmp_path: Path) -> None:
    settings = Settings(request_log=False)
    with TinyStore(tmp_path / "news.json", follow=False) as store:
        await store.apply([Put(news("a.md")), Put(news("b.md", published=False))])
        app = App(store, operations(settings), settings)
        await post(app, "{ articles { nodes { title } } }")
        first = metrics((await ask(app, "GET", path="/metrics")).body)
        await post(app, "{ articles { nodes { title } } } # another answer of the same articles")
        second = metrics((await ask(app, "GET", path="/metrics")).body)
    assert (first["broadsheet_answers_total{planned}"], second["broadsheet_answers_total{planned}"]) == (1, 2)
    assert first["broadsheet_kept_bytes_misses_total"] == second["broadsheet_kept_bytes_misses_total"] > 0
    assert second["broadsheet_kept_bytes_hits_total"] > first["broadsheet_kept_bytes_hits_total"]
    assert second["broadsheet_plan_defects_total"] == 0
    assert (second["broadsheet_store_articles"], second["broadsheet_store_sequence"]) == (2, 2)
    assert (second["broadsheet_store_writable"], second["broadsheet_store_stale"]) == (1, 0)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with serving() as address:
        yield address


def test_open_subscriptions_are_counted_until_they_end(address: tuple[str, int]) -> None:
    watch = {"query": "subscription { count(to: 9, seconds: 30) }"}
    url = f"ws://{address[0]}:{address[1]}/graphql"
    with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        for message in (
            {"type": "connection_init"},
            *({"type": "subscribe", "id": name, "payload": watch} for name in "ab"),
            {"type": "subscribe", "id": "c", "payload": {"query": "{ slow(seconds: 30) }"}},
        ):
            socket.send(json.dumps(message))
        until_told(address, b"broadsheet_subscriptions 2.0")
        socket.send('{"type": "complete", "id": "a"}')
        until_told(address, b"broadsheet_subscriptions 1.0")
    until_told(address, b"broadsheet_subscriptions 0.0")
    until_told(address, b"broadsheet_sockets 0.0")


def test_an_event_stream_is_an_open_subscription(address: tuple[str, int]) -> None:
    body = b'{"query": "subscription { count(to: 1, seconds: 2) }"}'
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(exchange, address, request(body, "accept: text/event-stream\r\n"))
        until_told(address, b"broadsheet_subscriptions 1.0")
        until_told(address, b"broadsheet_streams 1.0")
        assert b"event: complete" in stream.result()
    until_told(address, b"broadsheet_subscriptions 0.0")


WORKER = """
import sys
from pathlib import Path
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from graph.observe.metrics_of_workers import SharedMetrics
SharedMetrics(Path(sys.argv[1])).publish([
    CounterMetricFamily("broadsheet_shed", "Shed.", value=int(sys.argv[2])),
    GaugeMetricFamily("broadsheet_sockets", "Sockets.", value=5),
    GaugeMetricFamily("broadsheet_store_sequence", "Sequence.", value=int(sys.argv[2])),
])
"""


async def test_a_worker_that_ended_leaves_its_counts_and_takes_its_gauges(tmp_path: Path) -> None:
    for shed in ("3", "100"):
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", WORKER, str(tmp_path), shed], check=True)
    app = small_app(shared_metrics=tmp_path, sockets=2)
    with app.admission.sockets, app.admission.sockets:
        for _ in range(4):
            with pytest.raises(Refusal), app.admission.sockets:
                pass
        found = metrics((await ask(app, "GET", path="/metrics")).body)
    assert (found["broadsheet_shed_total"], found["broadsheet_sockets"]) == (107, 2)
    assert found["broadsheet_store_sequence"] == 7


async def test_of_workers_that_live_gauges_are_added_where_that_makes_sense(tmp_path: Path) -> None:
    (tmp_path / f"{os.getppid()}.json").write_bytes(
        msgspec.json.encode(
            [
                Family("broadsheet_sockets", "Sockets.", "gauge", [("broadsheet_sockets", {}, 5)]),
                Family("broadsheet_store_sequence", "Sequence.", "gauge", [("broadsheet_store_sequence", {}, 6)]),
                Family("broadsheet_store_writable", "Writable.", "gauge", [("broadsheet_store_writable", {}, 0)]),
                Family("broadsheet_answers", "By.", "counter", [("broadsheet_answers_total", {"how": "planned"}, 9)]),
            ]
        )
    )
    app = small_app(shared_metrics=tmp_path)
    await post(app, "{ hello }")
    found = metrics((await ask(app, "GET", path="/metrics")).body)
    assert [found[f"broadsheet_{name}"] for name in ("sockets", "store_sequence", "store_writable")] == [5, 7, 0]
    assert [found[f"broadsheet_answers_total{{{how}}}"] for how in ("planned", "interpreted")] == [9, 1]
