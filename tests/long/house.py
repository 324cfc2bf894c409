"""Looks into a running server with workers: its processes, their memory, what `/ready` says; and makes it trouble."""

import os
import resource
import signal
from pathlib import Path
from typing import Any

from tests.hostile.served import Served
from tests.patience import until

LOGGED = 2**30
"""Where the log goes on once `House` looks at it, in bytes: a bound of files below it stops the log alone."""
ASKED = 12
"""How many times `/ready` is asked, each over a connection of its own, so that every worker is asked."""


class House:
    """A server, and the processes that it is made of."""

    def __init__(self, server: Served) -> None:
        self.server = server
        os.truncate(server.log, LOGGED)

    @property
    def processes(self) -> list[int]:
        """The server's process, and all below it."""
        found = [self.server.process.pid]
        for process in found:
            found += _children(process)
        return found

    @property
    def workers(self) -> list[int]:
        """Those that answer."""
        return [each for each in _children(self.server.process.pid) if b"spawn_main" in _command(each)]

    @property
    def resident(self) -> int:
        """The memory of its largest process, in bytes."""
        return max(map(_resident, self.processes))

    def troubles(self) -> list[str]:
        """Return what `/ready` of any worker tells of at the moment."""
        return [f"{each['task']}: {each['reason']}" for _ in range(ASKED) for each in self._ready()["troubles"]]

    def until_told(self, word: str) -> None:
        """Return once `/ready` tells of a trouble that has this word."""
        until(lambda: any(word in trouble for trouble in self.troubles()))

    def until_well(self) -> None:
        """Return once `/ready` tells of no trouble."""
        until(lambda: not self.troubles())

    def kill_worker(self) -> None:
        """Kill a worker, and return once there are as many as before."""
        before = self.workers
        os.kill(before[0], signal.SIGKILL)
        until(lambda: before[0] not in self.workers and len(self.workers) == len(before))

    def fill_disk(self) -> None:
        """Leave no room for the log, as a full disk does."""
        self._limit_files(LOGGED // 2)

    def free_disk(self) -> None:
        """Leave room again."""
        self._limit_files(resource.RLIM_INFINITY)

    def log_since(self, start: int) -> list[str]:
        """Return the lines of the log that begin at *start* or after it, in bytes."""
        with self.server.log.open("rb") as file:
            file.seek(max(start, LOGGED))
            return file.read().decode().splitlines()

    def _limit_files(self, most: int) -> None:
        for process in self.processes:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def _ready(self) -> Any:
        try:
            return self.server.ask("GET", "/ready").json
        except ConnectionError:  # of a worker that was killed
            return {"troubles": []}


def _children(process: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _resident(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(status.partition("VmRSS:")[2].split()[0] or 0) * 1024 if "VmRSS:" in status else 0
