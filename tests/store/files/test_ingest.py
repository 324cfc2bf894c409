"""Ingests folders: only what changed is touched, nothing good is lost, and the report says what happened."""

import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from store.base import Applied, Put, Remove
from store.criteria import Criteria, Page
from store.errors import StoreError
from store.files import pool
from store.files.ingest import check, ingest
from store.files.report import Report
from store.files.source import Source
from store.tiny.store import TinyStore
from tests.patience import until

pytestmark = pytest.mark.anyio
CORPUS = Path(__file__).parents[4] / "shared/corpus"


class CountedStore(TinyStore):
    """A store that remembers what was asked of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, follow=False)
        self.applied: list[Sequence[Put | Remove]] = []

    async def apply(self, changes: Sequence[Put | Remove]) -> Applied:
        self.applied.append(changes)
        return await super().apply(changes)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CountedStore]:
    with CountedStore(tmp_path / "store.json") as made:
        yield made


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = tmp_path / "site"
    for name in ("a", "b", "c"):
        write(made / f"_news/{name}.md", name)
    return made


def write(path: Path, title: str, more: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\ntitle: {title}\nprovider:\n  domain: example.org\n{more}---\n")


def counts(report: Report) -> tuple[int, int, int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.removed, report.skipped, report.failed


async def titles(store: TinyStore) -> dict[str, str]:
    (found,) = await store.find([Criteria(page=Page(first=100), drafts=True)])
    return {article.path: article.title for article in found.items}


async def test_a_folder_goes_in_and_a_second_time_writes_nothing(store: CountedStore, site: Path) -> None:
    (site / ".keep").touch()
    (site / "readme.md").write_text("No front matter.")
    assert counts(await ingest(store, [Source(site)])) == (3, 0, 0, 0, 2, 0)
    before, store.applied = store.sequence, []
    assert counts(await ingest(store, [Source(site)])) == (0, 0, 3, 0, 2, 0)
    assert (store.sequence, store.applied) == (before, [])
    assert await titles(store) == {"_news/a.md": "a", "_news/b.md": "b", "_news/c.md": "c"}


async def test_only_what_changed_is_touched(store: CountedStore, site: Path) -> None:
    await ingest(store, [Source(site)])
    write(site / "_news/a.md", "new a")
    write(site / "_news/d.md", "d")
    (site / "_news/b.md").touch()
    (site / "_news/c.md").unlink()
    store.applied = []
    assert counts(await ingest(store, [Source(site)])) == (1, 1, 1, 1, 0, 0)
    touched = [
        change.document.path if isinstance(change, Put) else change.path for batch in store.applied for change in batch
    ]
    assert sorted(touched) == ["_news/a.md", "_news/c.md", "_news/d.md"]
    assert await titles(store) == {"_news/a.md": "new a", "_news/b.md": "b", "_news/d.md": "d"}


async def test_an_edit_is_seen_though_size_and_times_stay(store: CountedStore, site: Path) -> None:
    await ingest(store, [Source(site)])
    state = (site / "_news/a.md").stat()
    write(site / "_news/a.md", "x")

    os.utime(site / "_news/a.md", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert counts(await ingest(store, [Source(site)])) == (0, 1, 2, 0, 0, 0)


async def test_an_article_keeps_the_time_it_was_first_read(store: CountedStore, site: Path) -> None:
    await ingest(store, [Source(site)])
    (first,) = await store.articles(["_news/a.md"])
    write(site / "_news/a.md", "new a")
    await ingest(store, [Source(site)])
    (second,) = await store.articles(["_news/a.md"])
    assert first is not None
    assert second is not None
    assert (second.title, second.ingested_at) == ("new a", first.ingested_at)


async def test_of_known_files_only_those_a_watcher_saw_are_read(store: CountedStore, site: Path) -> None:
    await ingest(store, [Source(site)])
    for name in "abd":
        write(site / f"_news/{name}.md", f"new {name}")
    (site / "_news/c.md").unlink()
    report = await ingest(store, [Source(site)], touched=[site / "_news/a.md"])
    assert counts(report) == (1, 1, 1, 1, 0, 0)
    assert await titles(store) == {"_news/a.md": "new a", "_news/b.md": "b", "_news/d.md": "new d"}
    (site / "_config.yml").touch()
    assert counts(await ingest(store, [Source(site)], touched=[site / "_config.yml"])) == (0, 1, 2, 0, 1, 0)


async def test_a_broken_file_is_reported_keeps_its_last_good_version_and_the_others_go_in(
    store: CountedStore, site: Path
) -> None:
    await ingest(store, [Source(site)])
    write(site / "_news/a.md", "a: b")
    write(site / "_news/b.md", "new b")
    (site / "_news/c.md").write_text("")
    report = await ingest(store, [Source(site)])
    assert counts(report) == (0, 1, 0, 0, 0, 2)
    assert list(map(str, report.problems)) == [
        "_news/a.md:2: yaml.syntax: mapping values are not allowed in this context",
        "_news/c.md: yaml.fence: has no front matter any more; the last good version is kept",
    ]
    assert await titles(store) == {"_news/a.md": "a", "_news/b.md": "new b", "_news/c.md": "c"}


async def test_missing_files_are_kept_if_asked(store: CountedStore, site: Path) -> None:
    await ingest(store, [Source(site)])
    (site / "_news/a.md").unlink()
    assert counts(await ingest(store, [Source(site)], keep_missing=True)) == (0, 0, 2, 0, 0, 0)
    assert len(await titles(store)) == 3


async def test_a_directory_that_cannot_be_read_takes_nothing_away(
    store: CountedStore, site: Path, tmp_path: Path
) -> None:
    await ingest(store, [Source(site)])
    (site / "_news").rename(tmp_path / "elsewhere")
    (site / "_news").symlink_to(tmp_path / "elsewhere")
    report = await ingest(store, [Source(site)])
    assert counts(report) == (0, 0, 0, 0, 0, 1)
    assert [problem.code for problem in report.problems] == ["file.link"]
    assert len(await titles(store)) == 3


async def test_named_sources_share_a_store_and_each_removes_only_its_own(
    store: CountedStore, site: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    write(other / "_news/a.md", "other a")
    write(other / "_news/b.md", "other b")
    sources = [Source.parse(f"one={site}"), Source.parse(f"two={other}")]
    assert counts(await ingest(store, sources)) == (5, 0, 0, 0, 0, 0)
    (other / "_news/a.md").unlink()
    assert counts(await ingest(store, sources[1:])) == (0, 0, 1, 1, 0, 0)
    assert sorted(await titles(store)) == ["one/_news/a.md", "one/_news/b.md", "one/_news/c.md", "two/_news/b.md"]
    shutil.move(site, tmp_path / "moved")
    assert counts(await ingest(store, [Source.parse(f"one={tmp_path / 'moved'}")])) == (0, 0, 3, 0, 0, 0)


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_same_path_from_two_sources_is_an_error_that_names_both(
    store: CountedStore, site: Path, tmp_path: Path, at_once: bool
) -> None:
    other = tmp_path / "other"
    write(other / "_news/a.md", "other a")
    write(other / "_news/z.md", "z")
    if at_once:
        report = await ingest(store, [Source(site), Source(other)])
    else:
        await ingest(store, [Source(site)])
        report = await ingest(store, [Source(other)])
    assert (report.failed, report.removed) == (1, 0)
    assert str(report.problems[0]).startswith(f"_news/a.md: path.conflict: comes from {site} and from {other};")
    assert await titles(store) == {"_news/a.md": "a", "_news/b.md": "b", "_news/c.md": "c", "_news/z.md": "z"}


async def test_a_folder_without_a_name_may_move(store: CountedStore, site: Path, tmp_path: Path) -> None:
    await ingest(store, [Source(site)])
    shutil.move(site, tmp_path / "moved")
    report = await ingest(store, [Source(tmp_path / "moved")])
    assert (report.added, report.updated, report.failed) == (0, 3, 0)


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for number in (1, 2):
        write(tmp_path / f"releases/{number}/site/a.md", f"release {number}")
        write(tmp_path / f"releases/{number}/site/only{number}.md", "x")
    (tmp_path / "current").symlink_to("releases/1")
    (tmp_path / "chained").symlink_to("current")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("given", ["current/site", "chained/site", "./releases/../current/site/", "{}/current/site"])
async def test_an_unnamed_folder_is_the_path_that_was_given_wherever_its_links_lead(
    store: CountedStore, releases: Path, given: str
) -> None:
    source = Source.parse(given.format(releases))
    assert counts(await ingest(store, [source])) == (2, 0, 0, 0, 0, 0)
    repoint(releases / "current", "releases/2")
    assert counts(await ingest(store, [source])) == (1, 1, 0, 1, 0, 0)
    assert await titles(store) == {"a.md": "release 2", "only2.md": "x"}


async def test_an_unnamed_folder_that_is_the_working_directory_is_where_the_shell_shows_it(
    store: CountedStore, releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        repoint(releases / "current", f"releases/{number}")
        monkeypatch.chdir(releases / "current/site")
        monkeypatch.setenv("PWD", str(releases / "current/site"))
        assert (await ingest(store, [Source.parse(".")])).failed == 0
    assert await titles(store) == {"a.md": "release 2", "only2.md": "x"}
    monkeypatch.setenv("PWD", "/somewhere/else")
    assert Source.parse(".").identity == str(releases / "releases/2/site")


def test_a_working_directory_that_is_gone_is_what_the_shell_shows(
    releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(releases / "releases/1/site")
    monkeypatch.setenv("PWD", str(releases / "releases/1/site"))
    shutil.rmtree(releases / "releases/1/site")
    assert Source.parse("sub").identity == str(releases / "releases/1/site/sub")
    with pytest.raises(StoreError, match="no folder that can be read"):
        Source.parse(".").open()


def test_a_folder_whose_path_is_no_utf_8_needs_a_name(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    write(odd / "a.md", "A")
    with pytest.raises(StoreError, match=r"caf\\xe9: the path is no UTF-8; give the folder a name: NAME=FOLDER"):
        Source.parse(str(odd))
    assert Source.parse(f"news={odd}").identity == "news"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("releases/1/site", "current/site"),  # what stores of former versions hold for either
        ("current/site", "releases/1/site"),
        ("current/site", "chained/site"),
    ],
)
async def test_a_folder_is_the_same_by_another_path_and_what_is_gone_or_broken_is_taken_over_too(
    store: CountedStore, releases: Path, first: str, then: str
) -> None:
    await ingest(store, [Source.parse(first)])
    (releases / "releases/1/site/only1.md").unlink()
    write(releases / "releases/1/site/a.md", "a: b")
    report = await ingest(store, [Source.parse(then)])
    assert [problem.code for problem in report.problems] == ["yaml.syntax"]
    assert await titles(store) == {"a.md": "release 1"}
    assert dict(await store.digests(Source.parse(first).identity)) == {}
    sequence = store.sequence
    assert (await ingest(store, [Source.parse(then)])).removed == 0
    assert store.sequence == sequence


async def test_a_folder_whose_link_leads_to_nothing_at_the_moment_is_not_gone(
    store: CountedStore, releases: Path
) -> None:
    repoint(releases / "current", "releases/1/site")
    await ingest(store, [Source.parse("current")])
    repoint(releases / "current", "nothing")
    report = await ingest(store, [Source.parse("releases/2/site")])
    assert [(problem.path, problem.code) for problem in report.problems] == [("a.md", "path.conflict")]


def repoint(link: Path, target: str) -> None:
    link.unlink()
    link.symlink_to(target)


async def test_another_base_url_reads_unchanged_files_again(store: CountedStore, site: Path) -> None:
    write(site / "_news/a.md", "a", "images:\n  - url: /a.jpg\n")
    await ingest(store, [Source(site)])
    (site / "_config.yml").write_text("url: https://example.org\nbaseurl: /site\n")
    assert (await ingest(store, [Source(site)])).updated == 3
    assert await pictures(store) == ["https://example.org/site/a.jpg"]
    await ingest(store, [Source(site, base_url="https://b.example")])
    assert await pictures(store) == ["https://b.example/a.jpg"]


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"url: [", b"url: a: b", b"- url", b"htt", b"url: https://\xe9", "url: x".encode("utf-16")]
)
async def test_a_configuration_that_is_broken_keeps_the_last_good_one_and_is_named(
    store: CountedStore, site: Path, raw: bytes
) -> None:
    write(site / "_news/a.md", "a", "images:\n  - url: /a.jpg\n")
    (site / "_config.yml").write_text("url: https://example.org")
    await ingest(store, [Source(site)])
    (site / "_config.yml").write_bytes(raw)
    before, store.applied = store.sequence, []
    report = await ingest(store, [Source(site)])
    assert (counts(report), store.sequence, store.applied) == ((0, 0, 3, 0, 1, 1), before, [])
    assert [problem.path for problem in report.problems] == ["_config.yml"]
    write(site / "_news/a.md", "new a", "images:\n  - url: /a.jpg\n")
    await ingest(store, [Source(site)])
    assert await pictures(store) == ["https://example.org/a.jpg"]
    (site / "_config.yml").write_text("url: https://b.example")
    assert (await ingest(store, [Source(site)])).updated == 3
    (site / "_config.yml").unlink()
    assert (await ingest(store, [Source(site)])).updated == 3
    assert await pictures(store) == ["/a.jpg"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("x/A.md", "x/a.md"), ("X/b.md", "x/b.md"), ("caf\u00e9.md", "cafe\u0301.md"), ("\u00c9.md", "e\u0301.md")],
)
async def test_paths_that_some_systems_take_for_one_are_both_kept_and_named(
    store: CountedStore, tmp_path: Path, one: str, other: str
) -> None:
    write(tmp_path / "in" / one, "one")
    write(tmp_path / "in" / other, "other")
    report = await ingest(store, [Source(tmp_path / "in", "named")])
    assert counts(report) == (2, 0, 0, 0, 0, 0)
    (problem,) = report.problems
    assert problem.code == "path.alike"
    assert {problem.path, problem.message.split()[2]} == {f"named/{one}", f"named/{other}"}


async def pictures(store: TinyStore) -> list[str]:
    (article,) = await store.articles(["_news/a.md"])
    assert article is not None
    return [image.url for image in article.images]


@pytest.mark.parametrize("processes", [1, 2])
async def test_worker_processes_read_the_same(
    store: CountedStore, site: Path, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "FEW", 10)
    monkeypatch.setattr(pool, "CHUNK", 7)
    for number in range(40):
        write(site / f"{number}.md", f"title {number}" if number % 5 else "a: b")
    steps: list[tuple[int, int]] = []
    report = await ingest(store, [Source(site)], processes=processes, progress=lambda *step: steps.append(step))
    assert counts(report) == (35, 0, 0, 0, 0, 8)
    assert [problem.path for problem in report.problems] == sorted(f"{number}.md" for number in range(0, 40, 5))
    assert (await titles(store))["39.md"] == "title 39"
    assert steps[-1] == (43, 43)
    assert steps == sorted(steps)


async def test_what_a_killed_worker_process_leaves_is_read_all_the_same(
    store: CountedStore, site: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pool, "FEW", 10)
    monkeypatch.setattr(pool, "CHUNK", 1)
    monkeypatch.setattr(pool, "AHEAD", 1)
    for number in range(200):
        write(site / f"{number}.md", f"title {number}")

    def kill(done: int, _: int) -> None:
        for process in multiprocessing.active_children() if done == 5 else ():
            process.kill()

    report = await ingest(store, [Source(site)], processes=2, progress=kill)
    assert counts(report) == (203, 0, 0, 0, 0, 0)
    assert len(await store.digests(str(site))) == 203
    assert [record.levelname for record in caplog.records] == ["WARNING"]


READING = """
import asyncio, multiprocessing, sys
from pathlib import Path
from store.files import pool
from store.files.ingest import check
from store.files.source import Source

def tell(done, total):
    print(*(each.pid for each in multiprocessing.active_children()), flush=True)
    sys.stdin.read()

if __name__ == "__main__":
    pool.FEW = pool.CHUNK = 1
    asyncio.run(check([Source(Path(sys.argv[1]))], processes=2, progress=tell))
"""


def test_worker_processes_end_with_the_one_that_is_killed(site: Path, tmp_path: Path) -> None:
    (tmp_path / "reads.py").write_text(READING)
    command = [sys.executable, str(tmp_path / "reads.py"), str(site)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        workers = [int(pid) for pid in process.stdout.readline().split()]
        assert len(workers) == 2
        process.kill()
    until(lambda: not any(map(is_alive, workers)))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_check_reads_the_same_and_keeps_nothing(site: Path) -> None:
    write(site / "_news/a.md", "a: b")
    report = await check([Source(site)])
    assert counts(report) == (2, 0, 0, 0, 0, 1)
    assert str(report) == (
        "2 added, 0 updated, 0 unchanged, 0 removed, 0 skipped, 1 failed\n"
        "_news/a.md:2: yaml.syntax: mapping values are not allowed in this context"
    )


async def test_a_report_as_json_has_these_keys(site: Path) -> None:
    (site / "_news/a.md").write_text("---\ntitle: a\n---\n")
    made: dict[str, Any] = orjson.loads(orjson.dumps((await check([Source(site)])).as_json()))
    assert list(made) == ["added", "updated", "unchanged", "removed", "skipped", "failed", "problems", "held"]
    assert made["problems"] == [
        {
            "path": "_news/a.md",
            "line": 2,
            "code": "value.missing",
            "message": "provider: expected a provider with a domain, or a URL to take it from",
            "column": 1,
        }
    ]


async def test_a_folder_that_never_was_one_is_an_error(store: CountedStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no folder that can be read: No such file or directory"):
        await ingest(store, [Source(tmp_path / "nowhere")])


def emptied(site: Path) -> None:
    for path in site.rglob("*.md"):
        path.unlink()


def removed(site: Path) -> None:
    shutil.rmtree(site)


def unmounted(site: Path) -> None:
    shutil.rmtree(site)
    (site / "lost+found").mkdir(parents=True)
    (site / ".keep").touch()


def wrong_checkout(site: Path) -> None:
    shutil.rmtree(site / "_news")
    (site / "README.md").write_text("Nothing is published from here.")
    (site / "_config.yml").write_text("url: https://example.org")
    (site / "broken.md").write_text("---\ntitle: [\n---\n")


def replaced_by_a_file(site: Path) -> None:
    shutil.rmtree(site)
    site.touch()


def linked_to_nothing(site: Path) -> None:
    shutil.rmtree(site)
    site.symlink_to("nothing")


def make_way(site: Path) -> None:
    if site.is_symlink() or site.is_file():
        site.unlink()


LOSSES = [emptied, removed, unmounted, wrong_checkout, replaced_by_a_file, linked_to_nothing]


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("name", ["", "named="])
async def test_a_folder_that_has_nothing_any_more_removes_nothing_until_that_is_meant(
    store: CountedStore, site: Path, lose: Callable[[Path], None], name: str
) -> None:
    source = Source.parse(f"{name}{site}")
    await ingest(store, [source])
    before = await titles(store)
    lose(site)
    for _ in range(2):
        report = await ingest(store, [source])
        assert (report.removed, report.updated, await titles(store)) == (0, 0, before)
        (held,) = report.held
        assert (held.folder, held.documents) == (source.shown, 3)
        assert "--allow-empty" in held.reason
        assert ", 3 held\n" in str(report)
        assert any(problem.code in {"folder.empty", "folder.missing"} for problem in report.problems)
    make_way(site)
    report = await ingest(store, [Source.parse(f"{name}{site}", may_be_empty=True)])
    assert (report.removed, report.held, await titles(store)) == (3, [], {})


@pytest.mark.parametrize("lose", LOSSES)
async def test_a_folder_that_is_filled_again_is_held_no_more(
    store: CountedStore, site: Path, lose: Callable[[Path], None]
) -> None:
    await ingest(store, [Source(site)])
    lose(site)
    await ingest(store, [Source(site)])
    make_way(site)
    write(site / "_news/z.md", "z")
    report = await ingest(store, [Source(site)])
    assert (report.added, report.removed, report.held) == (1, 3, [])
    assert await titles(store) == {"_news/z.md": "z"}


async def test_one_folder_that_is_lost_holds_up_no_other(store: CountedStore, site: Path, tmp_path: Path) -> None:
    for name in ("x", "y"):
        write(tmp_path / name / "1.md", f"{name} 1")
    sources = [Source.parse(f"{path.name}={path}") for path in (tmp_path / "x", site, tmp_path / "y")]
    await ingest(store, sources)
    removed(site)
    for name in ("x", "y"):
        write(tmp_path / name / "1.md", "edited")
    report = await ingest(store, sources)
    assert (report.updated, report.removed, len(report.held)) == (2, 0, 1)


async def test_a_directory_whose_disk_is_not_mounted_removes_nothing_and_one_that_is_removed_does(
    store: CountedStore, site: Path
) -> None:
    for name in ("d", "e"):
        write(site / f"_posts/2026/{name}.md", name)
    write(site / "_posts/alone/f.md", "f")
    await ingest(store, [Source(site)])
    for name in ("2026/d", "2026/e", "alone/f"):
        (site / f"_posts/{name}.md").unlink()
    report = await ingest(store, [Source(site)])
    assert (report.removed, [each.documents for each in report.held]) == (1, [2])
    assert report.held[0].reason.startswith("_posts/2026: is empty; its 2 articles are kept until it is filled or")
    (site / "_posts/2026").rmdir()
    report = await ingest(store, [Source(site)])
    assert (report.removed, report.held) == (2, [])


@pytest.mark.parametrize("below", ["", "/inner"])
async def test_a_link_in_a_folder_that_leads_to_nothing_removes_nothing(
    store: CountedStore, site: Path, below: str
) -> None:
    write(site / f".releases/1{below}/d.md", "d")
    (site / "linked").symlink_to(".releases/1")
    await ingest(store, [Source(site)])
    repoint(site / "linked", ".releases/2")
    report = await ingest(store, [Source(site)])
    assert (report.removed, [problem.code for problem in report.problems]) == (0, ["file.link"])


async def test_a_source_given_twice_is_an_error(store: CountedStore, site: Path) -> None:
    with pytest.raises(StoreError, match="are the same source"):
        await ingest(store, [Source.parse(f"a={site}"), Source.parse(f"a={site.parent}")])


@pytest.mark.parametrize(
    ("argument", "name", "folder"),
    [
        ("articles", "", "articles"),
        ("news=articles", "news", "articles"),
        ("a/b=c", "", "a/b=c"),
        ("a=b=c", "a", "b=c"),
    ],
)
async def test_a_source_is_a_folder_or_a_name_and_a_folder(argument: str, name: str, folder: str) -> None:
    source = Source.parse(argument)
    assert (source.name, str(source.folder)) == (name, folder)


async def test_the_real_folders_give_the_known_figures(store: CountedStore) -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"{CORPUS} is not here")
    report = await ingest(
        store, [Source.parse(f"ai={CORPUS / 'ai'}"), Source.parse(f"powerapps={CORPUS / 'powerapps'}")]
    )
    assert counts(report) == (435, 0, 0, 0, 0, 0)
    everything = Criteria(page=Page(first=1000), drafts=True)
    (found,) = await store.find([everything])
    ai = [article for article in found.items if article.path.startswith("ai/")]
    powerapps = [article for article in found.items if article.path.startswith("powerapps/")]
    assert [len(article.related) for article in ai] == [6]
    assert len(powerapps) == 397
    assert len([article for article in powerapps if article.type == "video"]) == 52
    assert len([article for article in powerapps if article.type == "article"]) == 345
    assert len({article.provider.domain for article in powerapps}) == 62
    published = [article for article in powerapps if article.published]
    assert len(published) == 268
    newest = max(published, key=lambda article: article.published_at or article.ingested_at)
    assert newest.title == "Power Platform Developer Tools: November Refresh"
    assert str(newest.published_at) == "2021-12-15 09:00:00+00:00"
