"""Tests from outside that a background task which cannot do its work harms no request, and that `/ready` names it."""

import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from graph.edge.keys_file import add, remove
from tests.graph.command.test_cli import ONE, free_port
from tests.newsrooms import write
from tests.patience import PATIENCE, until

QUERY = b'{"query": "{ articles { totalCount } }"}'
ANSWER = {"data": {"articles": {"totalCount": 1}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "in", "one.md", ONE)
    return tmp_path / "in"


class Server:
    """A server in a process of its own, asked over a new connection each time."""

    def __init__(self, address: str, process: "subprocess.Popen[bytes]") -> None:
        self.address, self.process = address, process

    def got(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Return the status and the JSON of an answer; 0 while nobody listens."""
        request = urllib.request.Request(self.address + path, body, {"content-type": "application/json", **headers})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310 # our own server
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except (urllib.error.URLError, ConnectionError):
            return 0, None

    def asked(self, key: str = "") -> tuple[int, Any]:
        """Return the answer to a query, asked with a key if one is given."""
        return self.got("/graphql", QUERY, **({"x-api-key": key} if key else {}))

    def troubles(self) -> dict[str, str]:
        """Return what `/ready` says does not work, and why."""
        status, told = self.got("/ready")
        return {each["task"]: each["reason"] for each in told["troubles"]} if status == 200 else {}


@contextmanager
def served(*arguments: str | Path, stderr: int) -> Iterator[Server]:
    """Run a server whose standard error is *stderr*, until it ends, which it must do well."""
    port = free_port()
    command = [sys.executable, "-m", "graph", "serve", *map(str, arguments), "--port", str(port)]
    with subprocess.Popen(command, stderr=stderr) as process:
        server = Server(f"http://127.0.0.1:{port}", process)
        try:
            until(lambda: server.asked()[0] == 200)
            yield server
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()


@contextmanager
def full_disk() -> Iterator[int]:
    with Path("/dev/full").open("wb") as file:
        yield file.fileno()


@contextmanager
def closed_pipe() -> Iterator[int]:
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@contextmanager
def unread_pipe(blocking: bool = True) -> Iterator[int]:
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writing, b"x" * 4096)
    yield writing
    os.close(reading)
    os.close(writing)


@contextmanager
def unread_pipe_that_does_not_block() -> Iterator[int]:
    with unread_pipe(blocking=False) as writing:
        yield writing


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("stderr", [full_disk, closed_pipe, unread_pipe, unread_pipe_that_does_not_block])
def test_a_log_that_cannot_be_written_costs_no_request_and_stops_no_task(
    stderr: Any, workers: str, folder: Path, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    key = add(keys, "desk", ["drafts:read"])
    arguments = ("--store", tmp_path / "news.json", "--workers", workers, "--keys-file", keys, "--watch")
    with stderr() as descriptor, served(folder, *arguments, stderr=descriptor) as server:
        assert [server.asked(key) for _ in range(20)] == [(200, ANSWER)] * 20
        until(lambda: "standard error" in server.troubles().get("log", ""))
        remove(keys, "desk")
        until(lambda: [server.asked(key)[0] for _ in range(6)] == [401] * 6)
        (folder / "broken.md").write_text("---\ntitle: [\n---\n")  # is reported, too
        write(folder, "two.md", ONE.replace("One", "Two"))
        until(lambda: server.asked()[1] == {"data": {"articles": {"totalCount": 2}}})


def children(process: "subprocess.Popen[bytes]") -> set[int]:
    """Return the workers that a server has started."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return {int(each) for each in found if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()}


def test_a_worker_is_replaced_while_the_file_of_keys_is_broken(folder: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    key = add(keys, "desk", ["drafts:read"])
    good = keys.read_bytes()
    arguments = ("--store", tmp_path / "news.json", "--workers", "2", "--keys-file", keys)
    with (tmp_path / "log").open("wb") as log, served(folder, *arguments, stderr=log.fileno()) as server:
        keys.write_text("nonsense\n")
        until(lambda: "keys" in server.troubles())
        until(lambda: len(children(server.process)) == 2)
        before = children(server.process)
        os.kill(min(before), signal.SIGKILL)
        until(lambda: "workers" in server.troubles())
        until(lambda: len(children(server.process)) == 2 and "workers" not in server.troubles())
        assert [server.asked() for _ in range(10)] == [(200, ANSWER)] * 10
        keys.write_bytes(good)
        until(lambda: [server.asked(key)[0] for _ in range(10)] == [200] * 10)
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seconds", [0.0, 0.3, 0.9, 1.8])
def test_a_server_that_is_told_to_end_while_it_starts_ends_well(
    workers: str, number: signal.Signals, seconds: float, folder: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "graph", "serve", str(folder), "--store", str(tmp_path / "news.json")]
    command += ["--workers", workers, "--port", str(free_port())]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            assert any("1 added" in line for line in process.stderr)
            time.sleep(seconds)  # wherever in its start it is then
            process.send_signal(number)
            said = process.communicate(timeout=PATIENCE)[1]
        finally:
            process.kill()
    assert process.returncode == 0, said


def test_a_server_without_descriptors_says_so_and_takes_connections_again_when_there_are_some(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    with path.open("wb") as log, served(folder, stderr=log.fileno()) as server:
        used = len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
        before = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (used + 4, before[1]))
        opened = list[socket.socket]()

        def is_told() -> bool:
            port = int(server.address.rpartition(":")[2])
            opened.append(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            return "no connection can be taken: Too many open files" in path.read_text()

        until(is_told)
        for each in opened:
            each.close()
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, before)
        until(lambda: server.asked() == (200, ANSWER) and "accept" not in server.troubles())
    assert "Traceback" not in path.read_text()
