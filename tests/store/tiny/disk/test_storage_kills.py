"""Kills a process that writes and compacts, at every system call and at any moment, and checks what it left."""

import os
import random
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from store.tiny.disk.storage import JournalStorage
from tests.scale import scaled
from tests.storage_files import Killing
from tests.storage_history import KEEP, check, write

ROOT = Path(__file__).parents[4]
FOREVER = 1_000_000


def live(path: Path, kill_at: int) -> None:
    """What the killed child does; leaves the acknowledged numbers in a file that no store knows of."""
    storage = JournalStorage(path, logs=KEEP, files=Killing(kill_at))
    with path.with_suffix(".acknowledged").open("w", encoding="ascii", buffering=1) as acknowledged:
        for number in range(1, 7):
            write(storage, number)
            acknowledged.write(f"{number}\n")
            if number in {2, 4}:
                storage.compact()
    storage.close()


def acknowledged(path: Path) -> int:
    file = path.with_suffix(".acknowledged")
    return len(file.read_text(encoding="ascii").splitlines()) if file.exists() else 0


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_killed_at_any_call_a_process_leaves_all_that_was_acknowledged(tmp_path: Path) -> None:
    for at in count(1):
        path = tmp_path / f"{at}.json"
        child = os.fork()
        if child == 0:
            live(path, at)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        check(path, acknowledged(path), acknowledged(path) + 1)
        if not os.WIFSIGNALED(status):
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert at > 60


def test_killed_at_any_moment_a_process_leaves_all_that_was_acknowledged(tmp_path: Path) -> None:
    path, found, random_ = tmp_path / "store.json", 0, random.Random(1)
    for _ in range(scaled(50, 1_000)):
        arguments = [str(path), str(found + 1), str(found + FOREVER), "300"]
        command = [sys.executable, "-m", "tests.storage_writer", *arguments]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            lines = [writer.stdout.readline() for _ in range(random_.randrange(6))]
            try:
                writer.wait(random_.random() * 0.005)
            except subprocess.TimeoutExpired:
                writer.kill()
            lines += writer.stdout.read().splitlines()
        said = [int(line) for line in lines if line.strip()]
        last = max(said, default=found)
        found = check(path, last, last + 1, 300) + 1
