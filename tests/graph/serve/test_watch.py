"""Tests that watched folders are served as they are, whatever became of directories, links, names and notifications."""

import asyncio
import mmap
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graph.serve import folder_events
from store.criteria import Criteria, Page
from tests.graph.serve.watched import Watched, afresh, post, watched
from tests.patience import until

UNFILTERED = ["node_modules", "__pycache__", "site-packages", "env", "flycheck_a", "a.py", "#a#"]
HIDDEN = [".git", ".hg", ".svn", ".tox", ".venv", ".idea", ".mypy_cache", ".pytest_cache", ".hypothesis"]


@pytest.fixture(autouse=True)
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave it to notifications: what is looked at every minute would hide that they are missed."""
    monkeypatch.setattr(folder_events, "WHOLE_SECONDS", 1e6)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    post(tmp_path / "site/a.md", "a")
    post(tmp_path / "site/posts/b.md", "b")
    post(tmp_path / "site/posts/deep/c.md", "c")
    post(tmp_path / "site/.next/b.md", "next b")
    post(tmp_path / "site/.next/deep/c.md", "next c")
    post(tmp_path / "site/.spare/b.md", "spare b")
    post(tmp_path / "site/.spare/deep/c.md", "spare c")
    post(tmp_path / "releases/1/posts/b.md", "release 1")
    post(tmp_path / "releases/2/posts/b.md", "release 2")
    post(tmp_path / "releases/2/posts/d.md", "release 2 has more")
    (tmp_path / "current").symlink_to("releases/1")
    (tmp_path / "chained").symlink_to("current")
    (tmp_path / "site/inner").symlink_to(".next")
    (tmp_path / "site/chain").symlink_to("inner/deep")
    (tmp_path / "site/alone.md").symlink_to(".next/deep/c.md")
    post(tmp_path / "site/..2024/e.md", "e")
    post(tmp_path / "site/..2024/deep/c.md", "c of 2024")
    (tmp_path / "site/..data").symlink_to("..2024")
    (tmp_path / "site/e.md").symlink_to("..data/e.md")
    (tmp_path / "site/later").symlink_to(".later/here")
    return tmp_path / "site"


def linked(link: Path, target: str) -> None:
    """Point a link elsewhere as deployments do: by a rename, so that it is never missing."""
    (link.parent / ".t").symlink_to(target)
    (link.parent / ".t").replace(link)


def swap_directory(site: Path) -> None:
    (site / "posts").rename(site / ".old")
    (site / ".spare").rename(site / "posts")


def swap_deep_directory(site: Path) -> None:
    (site / "posts/deep").rename(site / ".old")
    (site / ".spare/deep").rename(site / "posts/deep")


def swap_from_elsewhere(site: Path) -> None:
    (site / "posts").rename(site.parent / "old")
    (site.parent / "releases/2/posts").rename(site / "posts")


def replace_by_link(site: Path) -> None:
    shutil.rmtree(site / "posts")
    (site / "posts").symlink_to(".next/deep")


def repoint(site: Path) -> None:
    linked(site / "inner", "..2024")


def repoint_by_unlink(site: Path) -> None:
    (site / "inner").unlink()
    (site / "inner").symlink_to("..2024")


def repoint_configmap(site: Path) -> None:
    post(site / "..2025/e.md", "e of 2025")
    linked(site / "..data", "..2025")


def swap_behind_a_link(site: Path) -> None:
    post(site / ".other/b.md", "another b")
    post(site / ".other/deep/c.md", "another c")
    (site / ".next").rename(site / ".gone")
    (site / ".other").rename(site / ".next")


def edit_behind_a_link(site: Path) -> None:
    post(site / ".next/deep/c.md", "edited behind the link")


def make_what_a_link_leads_to(site: Path) -> None:
    post(site / ".later/here/f.md", "it is there")


def new_tree(site: Path) -> None:
    post(site / "x/y/z/new.md", "new")


def loosen(site: Path) -> None:
    os.utime(site / "posts")
    post(site / "posts/deep/c.md", "after its directory was touched")


CHANGES: list[Callable[[Path], None]] = [
    swap_directory,
    swap_deep_directory,
    swap_from_elsewhere,
    replace_by_link,
    repoint,
    repoint_by_unlink,
    repoint_configmap,
    swap_behind_a_link,
    edit_behind_a_link,
    make_what_a_link_leads_to,
    new_tree,
    loosen,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_whatever_becomes_of_directories_and_links_is_served(
    site: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    with watched(tmp_path / "news.json", site) as served:
        served.until_watched(site)
        before = served.titles()
        change(site)
        expected = afresh(tmp_path, site)
        assert expected != before
        until(lambda: served.titles() == expected)
        edit_everything(site)
        expected = afresh(tmp_path, site)
        until(lambda: served.titles() == expected)
        assert served.trouble() == {}


def edit_everything(site: Path) -> None:
    for path in sorted(site.rglob("*.md")):
        if not path.is_symlink():
            post(path, f"edited {path.name}")


def remove_and_make(root: Path, _: Path) -> None:
    shutil.rmtree(root)
    post(root / "a.md", "made again")


def move_another_there(root: Path, new: Path) -> None:
    root.rename(root.with_name("old"))
    new.rename(root)


def move_what_it_lies_in(root: Path, new: Path) -> None:
    upper = root.parent
    upper.rename(upper.with_name("upper.old"))
    upper.mkdir()
    new.rename(root)


@pytest.mark.parametrize("change", [remove_and_make, move_another_there, move_what_it_lies_in])
@pytest.mark.parametrize("given", ["{}", "named={}", ".", "named=../root"])
def test_a_folder_that_is_made_again_or_exchanged_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, Path], None], given: str
) -> None:
    root, new = tmp_path / "upper/root", tmp_path / "new"
    post(root / "a.md", "one")
    post(new / "a.md", "two")
    post(new / "sub/b.md", "more")
    whole = f"named={root}" if given.startswith("named") else root
    monkeypatch.chdir(root)
    monkeypatch.setenv("PWD", str(root))
    with watched(tmp_path / "news.json", given.format(root)) as served:
        served.until_watched(root)
        change(root, new)
        until(lambda: served.titles() == afresh(tmp_path, whole))
        edit_everything(root)
        until(lambda: served.titles() == afresh(tmp_path, whole))
        until(lambda: served.trouble() == {})


def test_a_folder_that_is_renamed_with_the_link_that_leads_to_it_is_followed(tmp_path: Path) -> None:
    post(tmp_path / "releases/next/a.md", "one")
    (tmp_path / "current").symlink_to("releases/next")
    with watched(tmp_path / "news.json", tmp_path / "current") as served:
        served.until_watched(tmp_path / "current")
        (tmp_path / "releases/next").rename(tmp_path / "releases/42")
        linked(tmp_path / "current", "releases/42")
        post(tmp_path / "current/a.md", "two")
        until(lambda: served.titles() == {"a.md": "two"})
        post(tmp_path / "current/a.md", "three")
        until(lambda: served.titles() == {"a.md": "three"})


def test_a_configuration_that_a_link_leads_to_is_followed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for version in ("1", "2"):
        post(site / f"..{version}/a.md", "a", "images: [{url: /a.png}]\n")
        (site / f"..{version}/_config.yml").write_text(f"url: https://v{version}.example\n")
    (site / "..data").symlink_to("..1")
    for name in ("a.md", "_config.yml"):
        (site / name).symlink_to(f"..data/{name}")

    def picture(served: Watched) -> str:
        (found,) = asyncio.run(served.store.find([Criteria(page=Page(first=1))]))
        return found.items[0].images[0].url

    with watched(tmp_path / "news.json", site) as served:
        served.until_watched(site)
        assert picture(served) == "https://v1.example/a.png"
        linked(site / "..data", "..2")
        until(lambda: picture(served) == "https://v2.example/a.png")
        (site / "..2/_config.yml").write_text("url: https://v3.example\n")
        until(lambda: picture(served) == "https://v3.example/a.png")
        assert served.trouble() == {}


def test_a_directory_that_is_in_a_folder_twice_is_watched(tmp_path: Path) -> None:
    site = tmp_path / "site"
    post(site / "a/x.md", "one")
    (site / "b").mkdir()
    mount = ("mount", "--bind", str(site / "a"), str(site / "b"))
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let us mount")
    try:
        with watched(tmp_path / "news.json", site) as served:
            served.until_watched(site)
            for number in range(10):
                post(site / "a/x.md", f"edit {number}")
                until(lambda number=number: served.titles() == {"a/x.md": f"edit {number}"})  # type: ignore[misc]
    finally:
        subprocess.run(("umount", str(site / "b")), check=True)  # noqa: S607


@pytest.mark.parametrize("served_as", ["current", "chained", "above/current/posts"])
@pytest.mark.parametrize("way", [linked, lambda link, target: (link.unlink(), link.symlink_to(target))])
def test_a_folder_whose_link_is_pointed_elsewhere_is_followed(
    site: Path, tmp_path: Path, served_as: str, way: Callable[[Path, str], None]
) -> None:
    (tmp_path / "above").symlink_to(".")
    root = tmp_path / served_as
    with watched(tmp_path / "news.json", root) as served:
        served.until_watched(root)
        way(tmp_path / "current", "releases/2")
        expected = afresh(tmp_path, root)
        assert "release 2 has more" in expected.values()
        until(lambda: served.titles() == expected)
        edit_everything(tmp_path / "releases/2")
        expected = afresh(tmp_path, root)
        until(lambda: served.titles() == expected)


@pytest.mark.parametrize("name", [*UNFILTERED, *HIDDEN])
def test_a_folder_is_watched_whatever_lies_above_it_is_called(tmp_path: Path, name: str) -> None:
    site = tmp_path / name / "site"
    post(site / "a.md", "one")
    with watched(tmp_path / "news.json", site) as served:
        served.until_watched(site)
        post(site / "a.md", "two")
        until(lambda: served.titles() == {"a.md": "two"})


def test_a_file_is_watched_whatever_it_and_its_directories_are_called(tmp_path: Path) -> None:
    paths = [tmp_path / "site" / name / f"{name}.md" for name in UNFILTERED]
    for path in paths:
        post(path, "one")
    with watched(tmp_path / "news.json", tmp_path / "site") as served:
        served.until_watched(tmp_path / "site")
        for path in paths:
            post(path, "two")
        until(lambda: list(served.titles().values()) == ["two"] * len(paths))


NOT_UTF8 = os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize(
    "name", [NOT_UTF8, f"{NOT_UTF8}.jpg", f"{NOT_UTF8}.md", f".{NOT_UTF8}.swp", f"{NOT_UTF8}/x.md"]
)
@pytest.mark.parametrize("way", ["made", "moved in", "there before"])
def test_a_name_that_is_no_utf_8_costs_itself_alone(tmp_path: Path, name: str, way: str) -> None:
    site, odd = tmp_path / "site", tmp_path / "site" / name
    post(site / "a.md", "one")
    if way == "there before":
        post(odd, "odd")
    with watched(tmp_path / "news.json", site) as served:
        served.until_watched(site)
        if way == "made":
            post(odd, "odd")
        elif way == "moved in":
            post(tmp_path / name, "odd")
            (tmp_path / name.partition("/")[0]).rename(site / name.partition("/")[0])
        post(site / "a.md", "two")
        until(lambda: served.titles() == {"a.md": "two"})
        post(site / "a.md", "three")
        until(lambda: served.titles() == {"a.md": "three"})
        assert served.trouble() == {}


@contextmanager
def written_unnoticed(path: Path, old: str, new: str) -> Iterator[None]:
    """Write to a file through memory, of which the system does not notify as long as the file is open."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        start = memory.find(old.encode())
        memory[start : start + len(new)] = new.encode()
        yield


def test_an_edit_that_nobody_was_notified_of_is_seen_all_the_same(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_events, "WHOLE_SECONDS", 1.0)
    with watched(tmp_path / "news.json", site) as served:
        served.until_watched(site)
        with written_unnoticed(site / "a.md", "title: a", "title: z"):
            until(lambda: served.titles()["a.md"] == "z")


def test_very_many_paths_at_once_make_every_file_suspect(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_events, "MANY", 5)
    with watched(tmp_path / "news.json", site) as served:
        served.until_watched(site)
        with written_unnoticed(site / "a.md", "title: a", "title: z"):
            post(site / "b.md", "seen")
            until(lambda: served.titles().get("b.md") == "seen")
            assert served.titles()["a.md"] == "a"
            for number in range(100):
                (site / f"{number}.jpg").touch()
            until(lambda: served.titles()["a.md"] == "z")


def test_what_is_edited_before_the_watch_has_begun_is_not_lost(tmp_path: Path, site: Path) -> None:
    with watched(tmp_path / "news.json", site, between=lambda: post(site / "a.md", "edited meanwhile")) as served:
        until(lambda: served.titles()["a.md"] == "edited meanwhile")


def test_a_broken_file_is_shown_once_for_each_time_that_it_is_saved(site: Path, tmp_path: Path) -> None:
    def told(served: Watched) -> list[str]:
        return [problem.path for report in served.shown for problem in report.problems]

    (site / "broken.md").write_text("---\ntitle: [\n---\n")
    (site / "round.md").symlink_to("round.md")
    with watched(tmp_path / "news.json", site) as served:
        served.until_watched(site)
        (site / "dir").mkdir()  # everything is looked at
        served.until_watched(site)
        assert told(served) == []
        (site / "broken.md").write_text("---\ntitle: [\n---\n")
        until(lambda: told(served) == ["broken.md"])
        (site / "broken.md").write_text("---\ntitle: [\n---\n")
        until(lambda: told(served) == ["broken.md"] * 2)
        served.until_watched(site)
        assert told(served) == ["broken.md"] * 2
        assert served.trouble() == {}
