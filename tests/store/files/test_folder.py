"""Checks that a folder's files are listed and read, none outside of it is opened, and none in it stops the others."""

import os
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from store.errors import ArticleError
from store.files.folder import LARGEST_FILE, File, Folder
from store.files.listing import Listing, listed
from tests.patience import PATIENCE


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = tmp_path / "site"
    (made / "_news").mkdir(parents=True)
    (made / "_news/a.md").write_text("---\ntitle: A\n---\n")
    return made


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    made = tmp_path / "secret.md"
    made.write_text("---\ntitle: Secret\n---\n")
    return made


def listing(site: Path) -> Listing:
    with Folder(site) as folder:
        return listed(folder)


def paths(site: Path) -> list[str]:
    return [file.path for file in listing(site).files]


def problems(site: Path) -> list[str]:
    return list(map(str, listing(site).problems))


def read(site: Path, path: str) -> bytes | None:
    with Folder(site) as folder:
        return folder.read(File(path, path))


def refusal(site: Path, path: str) -> str:
    with pytest.raises(ArticleError) as caught:
        read(site, path)
    return str(caught.value)


def test_files_are_told_by_their_endings_and_others_are_counted(site: Path) -> None:
    for name in ("b.markdown", "c.HTML", "d.txt", "e.yaml", "f.yml", "g.json", "h.jpg", "i", ".keep", ".hidden.md"):
        (site / name).touch()
    (site / ".git").mkdir()
    (site / ".git/config.md").touch()
    (site / "_config.yml").touch()
    found = listing(site)
    assert [file.path for file in found.files] == [
        *("_news/a.md", "b.markdown", "c.HTML", "d.txt", "e.yaml", "f.yml", "g.json"),
    ]
    assert (found.skipped, found.problems) == (5, [])


@pytest.mark.parametrize(
    "name", ["a b.md", "a\nb.md", "\x1b[31m.md", "ä日本😀.md", "--.md", "a\\b.md", "'\".md", "%00.md"]
)
def test_odd_names_are_fine(site: Path, name: str) -> None:
    (site / name).write_text("---\n")
    assert name in paths(site)
    assert read(site, name) == b"---\n"


def test_a_name_that_is_no_utf_8_is_reported(site: Path) -> None:
    Path(os.fsdecode(os.fsencode(site) + b"/\xff.md")).touch()
    assert problems(site) == ["\\xff.md: file.name: has a name that is no UTF-8"]
    assert paths(site) == ["_news/a.md"]


def test_a_link_out_of_the_folder_is_refused(site: Path, secret: Path) -> None:
    (site / "b.md").symlink_to(secret)
    (site / "c").symlink_to(secret.parent)
    (site / "picture.jpg").symlink_to(secret)
    found = listing(site)
    assert list(map(str, found.problems)) == [
        f"b.md: file.link: leads out of the folder, to {secret}",
        f"c: file.link: leads out of the folder, to {secret.parent}",
    ]
    assert found.unread == ["b.md/", "c/"]
    assert [file.path for file in found.files] == ["_news/a.md"]


def test_a_link_that_stays_inside_is_followed(site: Path) -> None:
    (site / "b.md").symlink_to("_news/a.md")
    (site / ".drafts").mkdir()
    (site / ".drafts/c.md").touch()
    (site / "drafts").symlink_to(".drafts")
    (site / "again").symlink_to("_news")
    found = listing(site)
    assert found.files == [
        File("_news/a.md", "_news/a.md"),
        File("b.md", "_news/a.md"),
        File("drafts/c.md", ".drafts/c.md"),
    ]
    assert found.problems == []
    with Folder(site) as folder:
        assert folder.read(File("b.md", "_news/a.md")) == b"---\ntitle: A\n---\n"


@pytest.mark.parametrize("backwards", [False, True])
def test_of_several_ways_to_a_directory_it_is_always_the_same(
    site: Path, monkeypatch: pytest.MonkeyPatch, backwards: bool
) -> None:
    scan = os.scandir

    def scandir(handle: int) -> Any:
        with scan(handle) as entries:
            return nullcontext(sorted(entries, key=attrgetter("name"), reverse=backwards))

    monkeypatch.setattr(os, "scandir", scandir)  # each file system has an order of its own
    for name in ("a", "b", "c/d", "c/e"):
        (site / ".hidden" / name.replace("/", "-")).mkdir(parents=True)
        (site / ".hidden" / name.replace("/", "-") / "x.md").touch()
    for link, target in {"a": "a", "z": "a", "y/b": "b", "b": "b", "m": "."}.items():
        (site / link).parent.mkdir(exist_ok=True)
        (site / link).symlink_to(os.path.relpath(site / ".hidden" / target, (site / link).parent))
    assert paths(site) == ["_news/a.md", "a/x.md", "b/x.md", "m/c-d/x.md", "m/c-e/x.md"]


def test_links_that_lead_round_in_a_circle_end(site: Path) -> None:
    (site / "_news/up").symlink_to("..")
    (site / "self").symlink_to("self")
    (site / "one").symlink_to("two")
    (site / "two").symlink_to("one")
    (site / "gone.md").symlink_to("nowhere.md")
    assert paths(site) == ["_news/a.md"]
    assert [(problem.path, problem.code) for problem in listing(site).problems] == [
        ("_news/up", "file.link"),
        ("gone.md", "file.link"),
        ("one", "file.link"),
        ("self", "file.link"),
        ("two", "file.link"),
    ]


def test_a_file_that_became_a_link_is_not_opened(site: Path, secret: Path) -> None:
    (site / "b.md").symlink_to(secret)
    assert refusal(site, "b.md").startswith("b.md: file.link: ")


def test_a_directory_that_became_a_link_is_not_entered(site: Path, secret: Path) -> None:
    (site / "c").symlink_to(secret.parent)
    with pytest.raises(ArticleError):
        read(site, "c/secret.md")


@pytest.fixture
def special(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    os.mkfifo(site / "fifo.md")
    monkeypatch.chdir(site)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.md")
        yield site


def test_what_is_no_regular_file_is_named_and_never_waited_for(special: Path) -> None:
    assert [(problem.path, problem.code) for problem in listing(special).problems] == [
        ("fifo.md", "file.special"),
        ("socket.md", "file.special"),
    ]
    assert paths(special) == ["_news/a.md"]


@pytest.mark.parametrize("name", ["fifo.md", "socket.md", "_news"])
def test_opening_something_special_does_not_hang(special: Path, name: str) -> None:
    refused: list[str] = []
    reading = threading.Thread(target=lambda: refused.append(refusal(special, name)), daemon=True)
    reading.start()
    reading.join(PATIENCE)
    assert refused
    assert refused[0].startswith(f"{name}: file.")


def test_a_file_that_vanished_is_reported(site: Path) -> None:
    with Folder(site) as folder:
        files = listed(folder).files
        (site / "_news/a.md").unlink()
        with pytest.raises(ArticleError, match=r"^_news/a.md: file.vanished: was there a moment ago$"):
            folder.read(files[0])


@pytest.fixture
def nobody() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_what_may_not_be_read_is_reported(site: Path, request: pytest.FixtureRequest) -> None:
    (site / "b.md").touch(0o000)
    (site / "locked").mkdir()
    (site / "locked").chmod(0o000)
    site.chmod(0o755)
    with Folder(site) as folder:
        request.getfixturevalue("nobody")
        found = listed(folder)
        with pytest.raises(ArticleError, match=r"^b.md: file.unreadable: cannot be read: Permission denied$"):
            folder.read(File("b.md", "b.md"))
    assert found.unread == ["locked/"]
    assert list(map(str, found.problems)) == ["locked: file.unreadable: cannot be read: Permission denied"]


def test_a_gigabyte_is_not_read(site: Path) -> None:
    for name, start in (("large.md", b"---\ntitle: A\n"), ("large.json", b"{"), ("large.txt", b"no front matter")):
        with (site / name).open("wb") as file:
            file.write(start)
            file.truncate(2**30)
    assert refusal(site, "large.md") == f"large.md: file.size: is larger than {LARGEST_FILE:,} bytes"
    assert refusal(site, "large.json").startswith("large.json: file.size: ")
    assert read(site, "large.txt") is None


def test_directories_end_somewhere(site: Path) -> None:
    deep = site
    for _ in range(70):
        deep /= "d"
    deep.mkdir(parents=True)
    (deep / "b.md").touch()
    (found,) = listing(site).problems
    assert (found.code, found.path.count("/")) == ("file.depth", 65)
    assert paths(site) == ["_news/a.md"]


@pytest.fixture
def few_open_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = max(int(name) for name in os.listdir("/dev/fd"))  # noqa: PTH208 -- names, not paths
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + 100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("few_open_files")
def test_many_directories_do_not_run_out_of_open_files(site: Path) -> None:
    for number in range(300):
        (site / f"{number}/x").mkdir(parents=True)
        (site / f"{number}/x/a.md").write_text(str(number))
    with Folder(site) as folder:
        files = listed(folder).files
        assert len(files) == 301
        assert all(folder.read(file) == file.path.split("/")[0].encode() for file in files if "x" in file.path)


@pytest.mark.parametrize(
    ("configuration", "base_url"),
    [
        ("url: https://example.org\nbaseurl: /site\n", "https://example.org/site"),
        ("url: https://example.org/ # here\nbaseurl: ''\ntitle: [a]\n", "https://example.org"),
        ("title: A\n", None),
        ("title: A\nurl:\n", None),
    ],
)
def test_the_configuration_names_the_base_url(site: Path, configuration: str, base_url: str | None) -> None:
    (site / "_config.yml").write_text(configuration)
    with Folder(site) as folder:
        assert folder.base_url() == base_url


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("../outside.yml", "_config.yml: file.link: leads out of the folder, to /"),
        ("nowhere.yml", "_config.yml: file.link: leads to nothing"),
        ("_config.yml", "_config.yml: file.link: is a link that leads round in a circle"),
        ("_news", "_config.yml: file.special: "),
        ("..data/_config.yml", None),
    ],
)
def test_a_configuration_may_be_a_link_that_stays_inside(site: Path, target: str, says: str | None) -> None:
    (site.parent / "outside.yml").write_text("url: https://outside.example")
    (site / "..data").mkdir()
    (site / "..data/_config.yml").write_text("url: https://inside.example")
    (site / "_config.yml").symlink_to(target)
    with Folder(site) as folder:
        if says is None:
            assert folder.base_url() == "https://inside.example"
        else:
            with pytest.raises(ArticleError, match=f"^{says}"):
                folder.base_url()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"url: a: b", "_config.yml:1: yaml.syntax: "),
        (b"", "_config.yml: yaml.empty: "),
        (b" \n", "_config.yml: yaml.empty: "),
        (b"# nothing yet\n", "_config.yml: yaml.empty: "),
        (b"---\n", "_config.yml: yaml.empty: "),
        (b"{}", "_config.yml: yaml.empty: "),
        (b"url: [https://one.example]", "_config.yml: value.type: url: "),
        (b"url: https://one.example\nbaseurl: {a: b}", "_config.yml: value.type: baseurl: "),
        (b"- url", "_config.yml:1: value.type: "),
        (b"url", "_config.yml:1: value.type: "),
        (b"url: https://caf\xe9.example", "_config.yml: text.encoding: "),
    ],
)
def test_a_broken_configuration_is_named(site: Path, raw: bytes, says: str) -> None:
    with Folder(site) as folder:
        assert folder.base_url() is None
        (site / "_config.yml").write_bytes(raw)
        with pytest.raises(ArticleError, match=f"^{says}"):
            folder.base_url()
