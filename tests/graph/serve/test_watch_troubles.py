"""Tests that a folder that cannot be watched costs itself alone, is named while that lasts, and is taken up again."""

import fcntl
import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from graph.serve import folder_events
from store.files import ingest
from store.files.report import Report
from tests.graph.command.test_cli import asked, serving
from tests.graph.serve.watched import afresh, post, watched
from tests.patience import PATIENCE, until


@pytest.fixture(autouse=True)
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_events, "WHOLE_SECONDS", 1e6)


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def move_away(folder: Path) -> None:
    folder.rename(folder.with_name("moved away"))


def make_a_file_of(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.touch()


def link_to_nothing(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to("nothing")


@pytest.mark.parametrize("lose", [remove, move_away, make_a_file_of, link_to_nothing])
@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_folder_that_is_gone_is_named_and_the_others_go_on(
    tmp_path: Path, lose: Callable[[Path], None], lost: int
) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    sources = [f"{folder.name}={folder}" for folder in folders]
    for folder in folders:
        post(folder / "a.md", f"{folder.name} a")
        post(folder / "b.md", f"{folder.name} b")
    gone, rest = folders[lost], [folder for folder in folders if folder is not folders[lost]]
    with watched(tmp_path / "news.json", *sources) as served:
        served.until_watched(*folders)
        lose(gone)
        until(lambda: list(served.trouble()) == [f"folder {gone.name}"])
        for folder in rest:
            post(folder / "a.md", "edited")
            post(folder / "c.md", "new")
            (folder / "b.md").unlink()
        expected = afresh(tmp_path, *(f"{folder.name}={folder}" for folder in rest))
        kept = {f"{gone.name}/{name}.md": f"{gone.name} {name}" for name in "ab"}
        until(lambda: served.titles() == expected | kept)
        if gone.is_symlink() or gone.is_file():
            gone.unlink()
        post(gone / "a.md", "it is back")
        until(lambda: served.titles() == expected | {f"{gone.name}/a.md": "it is back"})
        until(lambda: served.trouble() == {})
        post(gone / "a.md", "and edited")
        until(lambda: served.titles()[f"{gone.name}/a.md"] == "and edited")


def test_a_watched_folder_that_is_emptied_is_held_and_named_until_it_is_filled(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name in "ab":
        post(site / f"{name}.md", name)
    with watched(tmp_path / "news.json", f"news={site}") as served:
        served.until_watched(site)
        before = served.titles()
        shutil.rmtree(site)
        site.mkdir()
        until(lambda: "none of its 2 articles is there any more" in served.trouble().get("folder news", ""))
        assert served.titles() == before
        post(site / "c.md", "c")
        until(lambda: served.titles() == {"news/c.md": "c"})
        until(lambda: served.trouble() == {})


def alike(tmp_path: Path) -> tuple[Path, Path]:
    """Return two folders that have a path in common, and one each of its own."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        post(folder / "same.md", f"from {folder.name}")
        post(folder / f"{folder.name}.md", "its own")
    return one, two


def test_what_one_folder_loses_another_may_serve(tmp_path: Path) -> None:
    one, two = alike(tmp_path)
    with watched(tmp_path / "news.json", one, two) as served:
        served.until_watched(one, two)
        assert served.titles()["same.md"] == "from one"
        (one / "same.md").unlink()
        until(lambda: served.titles().get("same.md") == "from two")


def test_a_folder_that_is_away_for_a_while_loses_nothing_to_another(tmp_path: Path) -> None:
    one, two = alike(tmp_path)
    with watched(tmp_path / "news.json", one, two) as served:
        served.until_watched(one, two)
        one.rename(tmp_path / "away")
        until(lambda: "its 2 articles are kept" in served.trouble().get(f"folder {one}", ""))
        post(two / "same.md", "edited")
        post(two / "two.md", "edited too")
        until(lambda: served.titles()["two.md"] == "edited too")
        assert served.titles()["same.md"] == "from one"
        (tmp_path / "away").rename(one)
        until(lambda: served.trouble() == {})
        post(one / "same.md", "from one again")
        until(lambda: served.titles()["same.md"] == "from one again")


def test_a_folder_that_another_process_keeps_locked_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "LONG_WAIT", 0.1)
    site = tmp_path / "site"
    post(site / "a.md", "one")
    with watched(tmp_path / "news.json", site) as served:
        served.until_watched(site)
        folder = os.open(site, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        post(site / "a.md", "two")
        until(lambda: "another process has" in served.trouble().get(f"folder {site}", ""))
        assert served.titles() == {"a.md": "one"}
        os.close(folder)
        until(lambda: served.titles() == {"a.md": "two"})
        until(lambda: served.trouble() == {})


def test_a_watch_that_ends_unexpectedly_is_logged_once_named_and_begun_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site, fails = tmp_path / "site", Event()
    post(site / "a.md", "one")

    def fail(_: Report) -> None:
        if fails.is_set():
            raise ZeroDivisionError("unexpected")

    with watched(tmp_path / "news.json", site, show=fail) as served:
        served.until_watched(site)
        fails.set()
        post(site / "a.md", "two")
        until(lambda: served.trouble() == {f"folder {site}": "ZeroDivisionError: unexpected"})
        until(lambda: served.trouble() == {})
        fails.clear()
        post(site / "a.md", "three")
        until(lambda: served.titles() == {"a.md": "three"})
    assert [each.exc_info[0] for each in caplog.records if each.exc_info] == [ZeroDivisionError]


AS_NOBODY_SPECIAL = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
LIMITED = ("unshare", "--map-root-user", "--user", "sh", "-c", 'echo 2 >"/proc/sys/user/$0" && exec "$@"')
LIMITS = ["max_inotify_watches", "max_inotify_instances"]


def able(*command: str) -> bool:
    """Tell whether this machine lets us run a program under such restrictions."""
    try:
        return subprocess.run([*command, "true"], capture_output=True, check=False, timeout=PATIENCE).returncode == 0
    except OSError:
        return False


def troubles(url: str) -> Any:
    with urllib.request.urlopen(url.replace("graphql", "ready"), timeout=PATIENCE) as answer:  # noqa: S310 # our own server
        return [each["task"] for each in json.load(answer).get("troubles", ())]


@pytest.mark.skipif(os.geteuid() == 0 and not able(*AS_NOBODY_SPECIAL), reason="root may read everything here")
@pytest.mark.parametrize("mode", [0o000, 0o200, 0o300, 0o400, 0o100])
@pytest.mark.parametrize("where", ["secret", "posts/deep/secret"])
@pytest.mark.parametrize("later", [False, True])
def test_a_directory_that_may_not_be_read_costs_itself_alone(
    tmp_path: Path, mode: int, where: str, later: bool
) -> None:
    site, secret = tmp_path / "site", tmp_path / "site" / where
    post(site / "a.md", "one")
    post(site / "posts/deep/b.md", "one")
    post(secret / "s.md", "one")
    paths = ["a.md", "posts/deep/b.md", f"{where}/s.md"]
    query = "{" + " ".join(f'_{n}: article(by: {{path: "{path}"}}) {{ title }}' for n, path in enumerate(paths)) + "}"

    def served(url: str) -> list[str | None]:
        return [each and each["title"] for each in asked(url, query).values()]

    before = AS_NOBODY_SPECIAL if os.geteuid() == 0 else ()
    if not later:
        secret.chmod(mode)
    try:
        with serving(site, "--watch", before=before) as (url, _):
            if later:
                until(lambda: served(url) == ["one", "one", "one"])
                secret.chmod(mode)
            if os.geteuid() == 0:
                post(secret / "s.md", "written by somebody who may")
            for path in paths[:2]:
                post(site / path, "two")
            until(lambda: served(url)[:2] == ["two", "two"])
            assert troubles(url) == []
            secret.chmod(0o755)
            post(secret / "s.md", "readable again")
            until(lambda: served(url) == ["two", "two", "readable again"])
            post(secret / "s.md", "edited")
            until(lambda: served(url) == ["two", "two", "edited"])
    finally:
        secret.chmod(0o755)


@pytest.mark.parametrize("limit", LIMITS)
def test_where_the_system_notifies_no_more_folders_are_looked_at_every_few_seconds(tmp_path: Path, limit: str) -> None:
    if not able(*LIMITED, limit):
        pytest.skip("this machine does not let us lower its limits")
    sites = [tmp_path / name for name in "abcd"]
    for site in sites:
        post(site / "sub/a.md", "one")
    query = "{ articles { nodes { title } } }"
    with serving(*(f"{site.name}={site}" for site in sites), "--watch", before=(*LIMITED, limit)) as (url, _):
        for each in sites:
            post(each / "sub/a.md", "two")
        until(lambda: [each["title"] for each in asked(url, query)["articles"]["nodes"]] == ["two"] * 4)
        assert troubles(url)
