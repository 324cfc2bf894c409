"""Tries that a log which cannot be written costs lines of it and nothing else, and says so once it can."""

import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from graph.observe import line_writer
from graph.observe.line_writer import MOST_BYTES, STUCK, LineWriter
from graph.observe.log import LineHandler
from store.troubles import Troubles
from tests.patience import PATIENCE, until

LINE = b"x" * 999 + b"\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_writer, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(line_writer, "STUCK_SECONDS", 0.0)


class Pipe:
    """A pipe whose reader may stop reading."""

    def __init__(self, blocking: bool) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.writing, blocking)
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, 4096)
        self.read = bytearray()
        self.reader = threading.Thread(target=self._read)

    def _read(self) -> None:
        while chunk := os.read(self.reading, 65_536):
            self.read += chunk

    def close(self) -> None:
        """Close both ends, the reader's after it has seen the end."""
        os.close(self.writing)
        if self.reader.ident:
            self.reader.join()
        os.close(self.reading)


@pytest.fixture(params=[True, False], ids=["blocking", "non-blocking"])
def pipe(request: pytest.FixtureRequest) -> Iterator[Pipe]:
    with closing(Pipe(request.param)) as pipe:
        yield pipe


def reasons(troubles: Troubles) -> list[str]:
    return [f"{each.task}: {each.reason}" for each in troubles.now()]


def test_nobody_waits_for_a_pipe_that_nobody_reads_and_its_lines_are_bounded_and_counted(pipe: Pipe) -> None:
    troubles = Troubles()
    writer = LineWriter(troubles, pipe.writing)
    lines = 3 * MOST_BYTES // len(LINE)
    for _ in range(lines):
        writer.write(LINE)
    assert 0 < writer.dropped < lines

    def told() -> bool:
        writer.check()
        return reasons(troubles) == [f"log: {STUCK}"]

    until(told)
    kept = (lines - writer.dropped) * len(LINE)
    assert kept <= MOST_BYTES + 4096
    pipe.reader.start()
    assert writer.flush(PATIENCE)
    until(lambda: pipe.read == LINE * (lines - writer.dropped))
    assert reasons(troubles) == []


def test_what_was_dropped_is_said_in_one_line_when_writing_works_again(pipe: Pipe) -> None:
    writer = LineWriter(Troubles(), pipe.writing)
    logger, handler = logging.getLogger("broadsheet.log"), LineHandler(writer)
    logger.addHandler(handler)
    try:
        while not writer.dropped:
            writer.write(LINE)
        pipe.reader.start()
        until(lambda: pipe.read.endswith(b"}\n"))
    finally:
        logger.removeHandler(handler)
    (said,) = [line for line in pipe.read.decode().splitlines() if "x" * 9 not in line]
    assert json.loads(said)["message"].startswith(f"{writer.dropped} lines of the log were dropped")


def unwritable(reason: str) -> int:
    """Return a descriptor that cannot be written to."""
    if reason == "No space left on device":
        return os.open("/dev/full", os.O_WRONLY)
    if reason == "Broken pipe":
        reading, writing = os.pipe()
        os.close(reading)
        return writing
    return os.open(os.devnull, os.O_RDONLY)


@pytest.mark.parametrize("reason", ["No space left on device", "Broken pipe", "Bad file descriptor"])
def test_what_cannot_be_written_waits_and_is_written_once_it_can_be(reason: str, tmp_path: Path) -> None:
    troubles, descriptor = Troubles(), unwritable(reason)
    writer = LineWriter(troubles, descriptor)
    writer.write(b"one\n")
    until(lambda: reasons(troubles) == [f"log: standard error cannot be written: {reason}"])
    writer.write(b"two\n")
    assert not writer.flush(PATIENCE)
    with (tmp_path / "log").open("wb") as file:
        os.dup2(file.fileno(), descriptor)
    until(lambda: writer.flush(PATIENCE))
    os.close(descriptor)
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"
    assert reasons(troubles) == []
    assert writer.dropped == 0


def test_lines_of_many_threads_stay_whole(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        writer = LineWriter(Troubles(), file.fileno())

        def write(number: int) -> None:
            for _ in range(100):
                writer.write(b"%d " % number * 50 + b"\n")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
        assert writer.flush(PATIENCE)
    lines = (tmp_path / "log").read_bytes().splitlines()
    assert len(lines) == 800
    assert all(len(set(line.split())) == 1 for line in lines)


@pytest.mark.parametrize(
    ("message", "given", "expected"),
    [
        ("odd name %s", ("caf\udce9.md",), "odd name caf\udce9.md"),
        ("%d articles", ("many",), "a line of the log could not be formatted"),
        ("%s", (type("Odd", (), {"__str__": lambda _: 1 / 0})(),), "a line of the log could not be formatted"),
    ],
)
def test_whatever_is_logged_is_one_line_and_raises_nothing(
    message: str, given: tuple[object, ...], expected: str, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("wb") as file:
        writer = LineWriter(Troubles(), file.fileno())
        LineHandler(writer).handle(logging.LogRecord("broadsheet", logging.ERROR, "a.py", 1, message, given, None))
        assert writer.flush(PATIENCE)
    (line,) = (tmp_path / "log").read_bytes().splitlines()
    assert json.loads(line)["message"] == expected
