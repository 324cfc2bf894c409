"""Runs a real `broadsheet serve` in a process of its own, and reads from outside what it costs and what it logs."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE, until

JSON = {"content-type": "application/json"}
STOP_SECONDS = 30
MEASURED = "COVERAGE_PROCESS_CONFIG"
"""Has coverage.py measure a process. Not these: what they cost is held to bars, and measuring costs, too."""
RESET_PEAK = "5"
"""What makes Linux forget the most memory that a process has had (proc_pid_clear_refs(5))."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What the body says."""
        return json.loads(self.body)

    @property
    def codes(self) -> list[str]:
        """The codes of its errors."""
        return [error["extensions"]["code"] for error in self.json.get("errors", ())]


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    process: "subprocess.Popen[bytes]"
    address: tuple[str, int]
    log: Path

    def ask(self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        """Send one request, and return its answer."""
        connection = HTTPConnection(*self.address, timeout=PATIENCE)
        connection.request(method, target, body, headers or {})
        return reply(connection)

    def post(self, query: str, variables: Any = None, headers: dict[str, str] | None = None, **more: Any) -> Reply:
        """Ask by POST."""
        body = json.dumps({"query": query, **({"variables": variables} if variables else {}), **more}).encode()
        return self.ask("POST", "/graphql", body, {**JSON, **(headers or {})})

    def post_at_once(self, query: str, count: int) -> list[Reply]:
        """Ask by POST over *count* connections, all of which are there before the server looks at the first."""
        body = json.dumps({"query": query}).encode()
        connections = [HTTPConnection(*self.address, timeout=PATIENCE) for _ in range(count)]
        self.process.send_signal(signal.SIGSTOP)
        try:
            for connection in connections:
                connection.request("POST", "/graphql", body, JSON)
        finally:
            self.process.send_signal(signal.SIGCONT)
        return [reply(connection) for connection in connections]

    @property
    def well(self) -> bool:
        """Whether it runs and answers."""
        return self.process.poll() is None and self.post("{ articles(first: 1) { nodes { title } } }").status == 200

    @property
    def cpu(self) -> float:
        """Return the processor time that all of its threads have taken, in seconds."""
        return time.clock_gettime((~self.process.pid << 3) | 2)  # the clock of another process (clock_getcpuclockid(3))

    @property
    def resident(self) -> int:
        """Return its memory, in bytes."""
        return self._memory("VmRSS:")

    @property
    def peak(self) -> int:
        """Return the most memory that it has had since `forget_peak`, in bytes."""
        return self._memory("VmHWM:")

    def forget_peak(self) -> None:
        """Begin to look for the most memory anew."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text(RESET_PEAK)

    def _memory(self, name: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition(name)[2].split()[0]) * 1024

    def lines(self) -> list[str]:
        """Return what it has logged."""
        return self.log.read_text().splitlines()

    def settled(self) -> None:
        """Wait until it does nothing, such as index what it has loaded."""
        while True:
            before = self.cpu
            time.sleep(0.25)
            if self.cpu - before < 0.02:
                return


def reply(connection: HTTPConnection) -> Reply:
    """Return the answer to the request that was sent, and close."""
    try:
        answer = connection.getresponse()
        given = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, given, answer.read())
    finally:
        connection.close()


@contextmanager
def serving(log: Path, *arguments: str | Path, **environment: str) -> Iterator[Served]:
    """Serve until the context ends, with standard error in the file *log*."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address: tuple[str, int] = free.getsockname()
    command = [sys.executable, "-m", "graph", "serve", *map(str, arguments), "--port", str(address[1])]
    inherited = {name: value for name, value in os.environ.items() if name != MEASURED}
    with log.open("ab") as file, subprocess.Popen(command, stderr=file, env=inherited | environment) as process:
        server = Served(process, address, log)
        try:
            _started(server)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)


def _started(server: Served) -> None:
    def answers() -> bool:
        assert server.process.poll() is None, server.log.read_text()
        try:
            assert server.ask("GET", "/health").status == 200
        except ConnectionRefusedError:
            return False
        return True

    until(answers)
