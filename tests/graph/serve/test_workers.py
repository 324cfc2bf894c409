"""Workers that die are replaced, after pauses that grow, one that does not end is killed, a signal ends them all."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import c_bool
from itertools import pairwise
from pathlib import Path

import pytest

from tests.patience import PATIENCE, until

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from graph.serve.workers import Workers
from store.troubles import Troubles
from tests.graph.serve import test_workers
target, folder = sys.argv[1:]
stop_seconds = 0.5 if target == "works_on" else test_workers.PATIENCE  # else as long as it takes
sys.exit(not Workers(2, Troubles(), getattr(test_workers, target), folder).run(stop_seconds))
"""

READY = """
from graph.serve import workers
class Workers(workers.Workers):
    def _start_those_due(self):
        print("starts", flush=True)
        super()._start_those_due()
workers.Workers = Workers
"""


def works(begun: c_bool, folder: str) -> None:
    """Leave a file of its own, then work until SIGTERM."""
    begun.value = True
    Path(folder, str(os.getpid())).touch()
    while True:
        signal.pause()


def works_on(begun: c_bool, folder: str) -> None:
    """Work, and pass over SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    works(begun, folder)


def fails(_: c_bool, folder: str) -> None:
    """End at once."""
    Path(folder, str(os.getpid())).touch()
    sys.exit(3)


def fails_sometimes(begun: c_bool, folder: str) -> None:
    """End at once, if one works already and less than four have failed."""
    if 1 <= len(worked(Path(folder))) < 5:
        fails(begun, folder)
    works(begun, folder)


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


def group(number: int) -> list[str]:
    """Return the processes of a group that live, or that their parent has not waited for."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent, own = path.read_text().rpartition(")")[2].split()[:3]
            if int(own) == number and (state, parent) != ("Z", "1"):
                found.append(path.parent.name)
    return found


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with supervised("works", tmp_path) as process:
        until(lambda: len(worked(tmp_path)) == 2)
        os.kill(min(worked(tmp_path)), signal.SIGKILL)
        until(lambda: len(worked(tmp_path)) == 3)
    assert process.returncode == 0


def test_workers_of_which_none_can_begin_end_it_all(tmp_path: Path) -> None:
    with supervised("fails", tmp_path) as process:
        assert process.wait(PATIENCE) == 1
    assert len(worked(tmp_path)) == 2


def test_a_worker_that_dies_at_once_is_tried_again_after_pauses_that_grow(tmp_path: Path) -> None:
    with supervised("fails_sometimes", tmp_path) as process:
        until(lambda: len(worked(tmp_path)) == 6)
    assert process.returncode == 0
    times = sorted(worked(tmp_path).values())[1:]
    pauses = [after - before for before, after in pairwise(times)]
    assert all(pause >= least for pause, least in zip(pauses, (1, 2, 4), strict=False))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.2, 0.4, 0.8])
def test_a_signal_while_workers_start_ends_them_all_well(
    number: signal.Signals, seconds: float, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", READY + PROGRAM, "works", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline()
        time.sleep(seconds)  # wherever in their start they are then
        os.killpg(process.pid, number)  # as a terminal does
        said = process.communicate(timeout=PATIENCE)[1]
    assert (process.returncode, said) == (0, b"")
    until(lambda: not group(process.pid))


def test_a_worker_that_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    with supervised("works_on", tmp_path) as process:
        until(lambda: len(worked(tmp_path)) == 2)
    assert process.returncode == 1
    for number in worked(tmp_path):
        assert not Path(f"/proc/{number}").exists()
