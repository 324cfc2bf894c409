"""Tests `broadsheet serve` from outside: what clients keep when it is killed, restarted, watched, or many processes."""

import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.graph.command.test_cli import ONE, asked, broadsheet, free_port, serving
from tests.graph.schema.test_mutation import REMOVE, SAVE, text
from tests.newsrooms import write
from tests.patience import PATIENCE, until

KEY = "bs_desk"
KEYS = ("--keys", f"desk:{sha256(KEY.encode()).hexdigest()}:articles:write")
WATCH = "subscription($since: String) { changes(since: $since) { seq kind article { title } } }"
Server = tuple[str, "subprocess.Popen[str]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "in", "one.md", ONE)
    return tmp_path / "in"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "news.json"


def mutate(url: str, document: str, **variables: Any) -> Any:
    """Return the one field of a mutation's data, or the code of its error."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 # our own server
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 # our own server
        answer = json.load(response)
    return next(iter(answer["data"].values())) if answer["data"] else answer["errors"][0]["extensions"]["code"]


@contextmanager
def watching(url: str, since: str | None) -> Iterator[Iterator[dict[str, Any]]]:
    """Subscribe to changes over a socket, and give them as they come until the server is gone."""
    with connect(url.replace("http", "ws", 1), subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        payload = {"query": WATCH, "variables": {"since": since}}
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv(PATIENCE)) == {"type": "connection_ack"}
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))

        def changes() -> Iterator[dict[str, Any]]:
            with suppress(ConnectionClosed):
                while True:
                    message = json.loads(socket.recv(PATIENCE))
                    assert message["type"] == "next", message
                    yield message["payload"]["data"]["changes"]

        yield changes()


def all_changes(url: str) -> list[str]:
    """Return the sequence of everything that was announced."""
    answer = asked(url, "{ changes { changes { seq } hasMore } }")["changes"]
    assert answer["hasMore"] is False
    return [change["seq"] for change in answer["changes"]]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_subscription_goes_on_after_a_restart_without_gap_or_repeat(
    folder: Path, store: Path, workers: str, end: signal.Signals
) -> None:
    port, told = free_port(), list[str]()
    arguments = ("--store", store, "--workers", workers, *KEYS)
    for turn in range(3):
        broadsheet("ingest", folder, "--store", store)  # what happens while nobody serves
        with serving(*arguments, port=port) as (url, process), watching(url, told[-1] if told else "0") as changes:
            for number in range(4):
                saved = mutate(url, SAVE, path=f"{turn}.{number}.md", text=text("News"))
                assert saved["__typename"] == "ArticleSaved"
            told += [next(changes)["seq"] for _ in range(5)]
            mutate(url, SAVE, path="last.md", text=text(f"News {turn}"))
            assert asked(url, "{ __typename }") is not None
            process.send_signal(end)
            told += [change["seq"] for change in changes]  # whatever was still told
            process.wait(PATIENCE)
        write(folder, f"{turn}.md", ONE.replace("One", f"Meanwhile {turn}"))
    with serving(*arguments, port=port) as (url, _), watching(url, told[-1]) as changes:
        expected = all_changes(url)
        told += [next(changes)["seq"] for _ in range(len(expected) - len(told))]
    assert told == expected
    assert len(expected) == 1 + 3 * 5 + 2


def test_a_subscriber_of_one_worker_hears_what_another_and_an_ingest_wrote(folder: Path, store: Path) -> None:
    with serving(folder, "--store", store, "--workers", "2", *KEYS) as (url, _):
        since = all_changes(url)[-1]
        with watching(url, since) as one, watching(url, since) as two, watching(url, since) as three:
            for number in range(6):  # each over a connection of its own, so that both workers write
                mutate(url, SAVE, path=f"{number}.md", text=text(f"News {number}"))
            write(folder, "two.md", ONE.replace("One", "Two"))
            broadsheet("ingest", folder, "--store", store)
            heard = [[next(each)["article"]["title"] for _ in range(7)] for each in (one, two, three)]
    assert heard == [[*(f"News {number}" for number in range(6)), "Two"]] * 3


def test_a_server_that_is_stopped_before_all_workers_serve_ends_well(folder: Path, store: Path) -> None:
    with serving(folder, "--store", store, "--workers", "6") as (_, process):
        pass  # one of them answered, and others may still be starting
    assert process.returncode == 0


def test_a_store_made_anew_at_each_start_says_so_to_whoever_comes_back(folder: Path) -> None:
    with serving(folder) as (url, _):
        place = asked(url, "{ changes { next } }")["changes"]["next"]
    write(folder, "one.md", ONE.replace("One", "Uno"))  # as many changes as before, and others
    with serving(folder) as (url, _):
        found = asked(url, f'{{ changes(since: "{place}") {{ reset changes {{ seq }} }} }}')["changes"]
        assert found == {"reset": True, "changes": []}
        with pytest.raises(AssertionError, match="RESET"), watching(url, place) as changes:
            next(changes)


def test_workers_end_with_the_process_that_started_them(folder: Path, store: Path) -> None:
    with serving(folder, "--store", store, "--workers", "2") as (url, process):
        process.kill()
        until(lambda: asked(url, "{ __typename }") is None)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_edits_are_written_back_beside_a_watcher_and_nothing_goes_round(
    folder: Path, store: Path, workers: str
) -> None:
    arguments = (folder, "--store", store, "--write-back", "--watch", "--workers", workers, *KEYS)
    with serving(*arguments) as (url, _):
        for number in range(8):
            assert mutate(url, SAVE, path="api.md", text=text(f"Saved {number}"))["__typename"] == "ArticleSaved"
            write(folder, f"editor{number}.md", ONE)
            assert (folder / "api.md").read_text() == text(f"Saved {number}")
        until(lambda: asked(url, "{ articles { totalCount } }") == {"articles": {"totalCount": 10}})
        assert mutate(url, REMOVE, by={"path": "one.md"})["__typename"] == "ArticleRemoved"
        write(folder, "end.md", ONE)  # once the watcher has taken up this, it has seen all that was before
        changes = list[dict[str, Any]]()  # each asking may reach the worker that follows the other

        def ended() -> bool:
            changes[:] = asked(url, "{ changes { changes { kind article { path } } } }")["changes"]["changes"]
            return bool(changes[-1]["article"]) and changes[-1]["article"]["path"] == "end.md"

        until(ended)
    kinds = [change["kind"] for change in changes]
    assert [kinds.count(kind) for kind in ("ADDED", "UPDATED", "REMOVED", "HEAT")] == [11, 7, 1, 0]
    assert not (folder / "one.md").exists()


def test_a_get_of_a_trusted_document_can_be_kept_by_a_cdn(folder: Path, store: Path, tmp_path: Path) -> None:
    (tmp_path / "FrontPage.graphql").write_text("query($first: Int!) { articles(first: $first) { totalCount } }")
    (tmp_path / "Up.graphql").write_text("{ __typename }")  # what `serving` asks to know that it serves
    keep = "public, max-age=10, stale-while-revalidate=60"
    arguments = ("--trusted-documents", tmp_path, "--cache-control", keep, *KEYS)

    def got(**headers: str) -> tuple[int, dict[str, str], bytes]:
        address = f'{url}?documentId=FrontPage&variables={{"first":1}}'  # as docs/caching.md has it
        request = urllib.request.Request(address, headers={name.replace("_", "-"): headers[name] for name in headers})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310
                return reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()

    with serving(folder, "--store", store, *arguments) as (url, _):
        status, headers, body = got()
        assert (status, headers["cache-control"], body) == (200, keep, b'{"data":{"articles":{"totalCount":1}}}')
        assert headers["vary"] == "accept, accept-encoding, authorization, x-api-key"
        again, unchanged, nothing = got(if_none_match=headers["etag"])
        assert (again, nothing, unchanged["cache-control"], unchanged["etag"]) == (304, b"", keep, headers["etag"])
        assert got(x_api_key=KEY)[1]["cache-control"] == "private, no-cache"
        write(folder, "two.md", ONE.replace("One", "Two"))
        broadsheet("ingest", folder, "--store", store)
        until(lambda: got(if_none_match=headers["etag"])[2] == b'{"data":{"articles":{"totalCount":2}}}')


@pytest.mark.parametrize("workers", ["1", "2"])
def test_settings_that_cannot_be_are_told_in_words_before_anything_is_served(
    folder: Path, store: Path, workers: str
) -> None:
    (folder / "keys").write_text("nonsense\n")
    for flag, value, says in (
        ("--trusted-documents", folder / "nowhere", "BROADSHEET_TRUSTED_DOCUMENTS: "),
        ("--keys-file", folder / "keys", "keys:1: a key is NAME:SHA256:SCOPE+SCOPE"),
    ):
        done = broadsheet("serve", folder, "--store", store, "--workers", workers, flag, value, code=1)
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_write_back_needs_a_folder(store: Path, folder: Path) -> None:
    broadsheet("ingest", folder, "--store", store)
    done = broadsheet("serve", "--store", store, "--write-back", code=2)
    assert "--write-back writes to the folders that are served: name one" in done.stderr


def counted(url: str) -> dict[str, float]:
    """Return what `/metrics` tells, by sample."""
    with urllib.request.urlopen(url.replace("graphql", "metrics"), timeout=PATIENCE) as reply:  # noqa: S310
        lines = [line.rsplit(" ", 1) for line in reply.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_each_worker_tells_the_metrics_of_all_and_no_counter_falls(folder: Path, store: Path) -> None:
    road = 'broadsheet_requests_total{{code="",kind="query",road="{}",status="200"}}'

    def queries(total: dict[str, float]) -> float:
        return sum(total.get(road.format(name), 0) for name in ("in-place", "asgi"))

    with serving(folder, "--store", store, "--workers", "2") as (url, _):
        for _ in range(40):  # each over a connection of its own
            asked(url, "{ articles { totalCount } }")
        until(lambda: queries(counted(url)) >= 41)  # and the one that found it serving
        totals = [counted(url) for _ in range(20)]
        assert {queries(total) for total in totals} == {41}
        assert {total["broadsheet_store_articles"] for total in totals} == {1}
