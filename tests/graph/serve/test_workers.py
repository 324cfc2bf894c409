"""Workers that die are replaced, one that cannot start stops the others, and one that does not end is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.serve.workers import SHORTEST_SECONDS
from tests.patience import PATIENCE, until

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from graph.serve.workers import Workers
from tests.graph.serve import test_workers
target, folder = sys.argv[1:]
sys.exit(not Workers(2, getattr(test_workers, target), folder).run(stop_seconds=0.5))
"""


def works(folder: str) -> None:
    """Leave a file of its own, then work until SIGTERM."""
    Path(folder, str(os.getpid())).touch()
    while True:
        signal.pause()


def works_on(folder: str) -> None:
    """Work, and pass over SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    works(folder)


def fails(folder: str) -> None:
    """End at once."""
    sys.exit(3)


@contextmanager
def supervised(target: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a process that keeps two such workers."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM, target, str(folder)], cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def worked(folder: Path) -> dict[int, float]:
    """Return all workers that there were, and when they began."""
    return {int(path.name): path.stat().st_mtime for path in folder.iterdir()}


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with supervised("works", tmp_path) as process:
        until(lambda: len(worked(tmp_path)) == 2)
        until(lambda: time.time() - max(worked(tmp_path).values()) > SHORTEST_SECONDS)
        os.kill(min(worked(tmp_path)), signal.SIGKILL)
        until(lambda: len(worked(tmp_path)) == 3)
    assert process.returncode == 0


def test_workers_that_cannot_start_end_it_all(tmp_path: Path) -> None:
    with supervised("fails", tmp_path) as process:
        assert process.wait(PATIENCE) == 1


def test_a_worker_that_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    with supervised("works_on", tmp_path) as process:
        until(lambda: len(worked(tmp_path)) == 2)
    assert process.returncode == 1
    for number in worked(tmp_path):
        assert not Path(f"/proc/{number}").exists()
