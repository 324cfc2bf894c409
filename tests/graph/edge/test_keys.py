"""Tests the file of API keys: what writes it at once, and what a server trusts while it cannot be read."""

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError

from graph.edge.auth import Keys
from graph.edge.keys_file import add, edited, load, remove
from graph.execute.context import Viewer
from graph.settings import Settings, SettingsError
from store.troubles import Troubles
from tests.graph.edge.test_websocket import ACK, INIT, opened, receive, send
from tests.serving import exchange, request, serving, until_told
from tests.small import post, small_app

ADDS = """
import sys
from pathlib import Path
from graph.edge.keys_file import add, remove
from graph.settings import SettingsError
path, number = Path(sys.argv[1]), int(sys.argv[2])
add(path, f"passing-{number}", [])
for n in range(5):
    add(path, f"of-{number}-{n}", ["drafts:read"])
remove(path, f"passing-{number}")
try:
    add(path, "contested", [])
except SettingsError:
    sys.exit(3)
"""


def test_keys_that_many_processes_add_and_remove_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    command = [sys.executable, "-c", ADDS, str(path)]
    processes = [subprocess.Popen([*command, str(number)]) for number in range(6)]
    assert sorted(process.wait() for process in processes) == [0, 3, 3, 3, 3, 3]
    assert {key.name for key in load(path)} == {"contested", *(f"of-{p}-{n}" for p in range(6) for n in range(5))}
    assert list(tmp_path.iterdir()) == [path]


def file_of_another(folder: Path) -> Path:
    """Return a file that belongs to somebody else."""
    if os.geteuid():
        return Path("/etc/passwd")
    path = folder / "keys"
    add(path, "desk", [])
    os.chown(path, 12_345, 12_345)
    return path


def test_a_file_of_another_owner_is_refused_in_words_and_left_as_it_is(tmp_path: Path) -> None:
    path = file_of_another(tmp_path)
    before = path.read_bytes(), path.stat()
    for change in (lambda: add(path, "other", []), lambda: remove(path, "desk")):
        with pytest.raises(SettingsError, match=r"belongs to .*, not to .*: run this as its owner"):
            change()
    assert (path.read_bytes(), path.stat()) == before


def test_mode_comments_and_links_stay_when_keys_change(tmp_path: Path) -> None:
    path, link = tmp_path / "keys", tmp_path / "link"
    add(path, "desk", [])
    path.write_text("# the desk\n\n" + path.read_text())
    path.chmod(0o640)
    link.symlink_to(path)
    add(link, "other", [])
    assert remove(link, "desk")
    lines = path.read_text().splitlines()
    assert (lines[:2], lines[2].partition(":")[0], len(lines)) == (["# the desk", ""], "other", 3)
    assert (path.stat().st_mode & 0o777, link.is_symlink()) == (0o640, True)


def test_a_file_that_is_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").symlink_to("keys")
    with pytest.raises(OSError, match="symbolic links"), edited(tmp_path / "keys"):
        pass


def test_a_file_that_cannot_be_replaced_stays_as_it_is_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        add(path, "desk", [])
    assert list(tmp_path.iterdir()) == [path]


def typo(path: Path) -> None:
    path.write_text("# one\ndesk:abc\n")


def no_unicode(path: Path) -> None:
    path.write_bytes(b"# one\ndesk\xff\n")


def gone(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link_in_a_circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def mended(path: Path, content: bytes) -> None:
    """Put a good file in the place of whatever is there."""
    (path.parent / "new").write_bytes(content)
    if path.is_dir():
        path.rmdir()
    (path.parent / "new").replace(path)


BROKEN = [
    (typo, "keys:2: a key is NAME:SHA256"),
    (no_unicode, "keys:2: this is not UTF-8"),
    (gone, "keys: the file is gone"),
    (folder, "keys: this is no file"),
    (link_in_a_circle, "keys: Too many levels of symbolic links"),
    (fifo, "keys: this is no file"),
]


@pytest.mark.parametrize(("broken", "reason"), BROKEN)
def test_a_file_that_cannot_be_read_keeps_its_last_good_keys_for_the_grace_and_no_longer(
    broken: Callable[[Path], None], reason: str, tmp_path: Path
) -> None:
    seconds, path, given = [0.0], tmp_path / "keys", sha256(b"given").hexdigest()
    key = add(path, "desk", ["secured:read"]).encode()
    good = path.read_bytes()
    settings = Settings(keys_file=path, keys=(f"env:{given}:drafts:read",), keys_grace_seconds=60)
    keys = Keys(settings, lambda: seconds[0])
    for _ in range(2):
        assert (keys.viewer(key), keys.problem, keys.expired) == (Viewer(secured=True), None, False)
        broken(path)
        assert not keys.refresh()
        assert reason in str(keys.problem)
        seconds[0] += 59
        assert not keys.refresh()
        assert (keys.viewer(key), keys.expired) == (Viewer(secured=True), False)
        seconds[0] += 1
        assert keys.refresh()
        assert (keys.viewer(key), keys.expired) == (None, True)
        assert keys.viewer(b"given") == Viewer(drafts=True)
        assert not keys.refresh()
        mended(path, good)
        assert keys.refresh()


def test_a_key_that_is_removed_in_the_same_moment_and_size_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    keys = [f"desk:{sha256(name).hexdigest()}:" for name in (b"one", b"two")]
    path.write_text(keys[0])
    trusted = Keys(Settings(keys_file=path))
    status = path.stat()
    for turn in range(20):
        with path.open("r+") as file:  # neither its size nor its inode changes, and its time perhaps not
            file.write(keys[turn % 2])
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        trusted.refresh()
        assert [trusted.viewer(name) is None for name in (b"one", b"two")] == [turn % 2 == 1, turn % 2 == 0]


@pytest.mark.anyio
async def test_a_broken_file_of_keys_is_one_line_of_the_log_for_each_reason_and_a_trouble_while_it_lasts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, troubles, seconds = tmp_path / "keys", Troubles(), [0.0]
    add(path, "desk", [])
    good = path.read_bytes()
    app = small_app(keys_file=path, keys_grace_seconds=60, troubles=troubles, clock=lambda: seconds[0])
    typo(path)
    for _ in range(5):
        await app.refresh_keys()
    (trouble,) = troubles.now()
    assert (trouble.task, [record.getMessage() for record in caplog.records]) == ("keys", [trouble.reason])
    assert trouble.reason.endswith("; its last good keys are trusted for 60 s")
    seconds[0] = 60
    for _ in range(5):
        await app.refresh_keys()
    assert [record.getMessage().rpartition("; ")[2] for record in caplog.records][1:] == ["its keys are refused"]
    assert not any(record.exc_info for record in caplog.records)
    mended(path, good)
    await app.refresh_keys()
    assert troubles.now() == ()


@pytest.mark.anyio
async def test_once_the_grace_is_over_keyed_requests_are_refused_and_others_go_on(tmp_path: Path) -> None:
    path, seconds = tmp_path / "keys", [0.0]
    key = {"x-api-key": add(path, "desk", ["drafts:read"])}
    good = path.read_bytes()
    app = small_app(keys_file=path, keys_grace_seconds=60, clock=lambda: seconds[0])
    assert (await post(app, "{ rights }", headers=key)).json == {"data": {"rights": [True, False, False]}}
    typo(path)
    await app.refresh_keys()
    assert (await post(app, "{ rights }", headers=key)).status == 200
    seconds[0] = 60
    await app.refresh_keys()
    for each in (key, {"x-api-key": "unknown"}):
        reply = await post(app, "{ rights }", headers=each)
        assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "KEYS_UNREADABLE", "1")
    assert (await post(app, "{ rights }")).json == {"data": {"rights": [False, False, False]}}
    mended(path, good)
    await app.refresh_keys()
    assert (await post(app, "{ rights }", headers=key)).json == {"data": {"rights": [True, False, False]}}


def test_on_sockets_a_key_that_cannot_be_checked_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    key = add(path, "desk", ["drafts:read"])
    with serving(keys_file=path, keys_grace_seconds=0) as address:
        typo(path)
        until_told(address, b'broadsheet_trouble_seconds{task="keys"}')
        asked = request(b'{"query": "{ rights }"}', f"x-api-key: {key}\r\n")
        assert b"KEYS_UNREADABLE" in exchange(address, asked)
        keyed = {**INIT, "payload": {"x-api-key": key}}
        with opened(address, keyed) as socket, pytest.raises(ConnectionClosedError, match="4403"):
            receive(socket)
        with opened(address, INIT) as socket:
            assert receive(socket) == ACK
            send(socket, {"type": "subscribe", "id": "1", "payload": {"query": "{ rights }"}})
            assert receive(socket)["payload"] == {"data": {"rights": [False, False, False]}}
