"""Saves and removes articles: file and store say the same, or nothing was changed and the answer says why."""

import asyncio
import fcntl
import gc
import os
import re
import resource
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from graph.execute.context import Context, Viewer
from graph.serve.site import operations
from graph.settings import MIB, Settings
from store.base import Applied, ChangeKind, Put, Remove
from store.errors import ArticleError, FileChangedError, FileNotWrittenError, StoreReadOnlyError
from store.files.folder import Folder
from store.files.ingest import Report, ingest
from store.files.place import Content, placed
from store.files.source import Source
from store.files.write_back import Desk, Written
from store.tiny.store import TinyStore
from tests.graph.schema.test_mutation import REMOVE, SAVE, text
from tests.newsroom import news

pytestmark = pytest.mark.anyio
OPERATIONS = operations(Settings())


@dataclass(frozen=True)
class Newsroom:
    """A store, its folders, and mutations as a server with `--write-back` answers them."""

    store: TinyStore
    sources: list[Source]

    @property
    def folder(self) -> Path:
        return self.sources[0].folder

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        context = Context(self.store, Viewer(write=True), desk=Desk(self.store, self.sources))
        answer = await OPERATIONS.prepare(document, None).execute(variables, context)
        body: dict[str, Any] = orjson.loads(answer.body)
        return body

    async def save(self, path: str, content: str) -> Any:
        """Return the answer's data, or the code of its error."""
        body = await self.ask(SAVE, path=path, text=content)
        return body["data"]["saveArticle"] if body["data"] else body["errors"][0]["extensions"]["code"]

    async def remove(self, path: str) -> Any:
        body = await self.ask(REMOVE, by={"path": path})
        return body["data"]["removeArticle"] if body["data"] else body["errors"][0]["extensions"]["code"]

    async def ingest(self) -> Report:
        return await ingest(self.store, self.sources, processes=1)

    async def titles(self) -> list[str]:
        answer = await self.ask("{ articles { nodes { title } } }")
        return sorted(node["title"] for node in answer["data"]["articles"]["nodes"])


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    sources = [Source(tmp_path / "unnamed"), Source(tmp_path / "a", "a"), Source(tmp_path / "ab", "a.b")]
    for source in sources:
        source.folder.mkdir()
    (tmp_path / "unnamed" / "one.md").write_text(text("One"))
    with TinyStore(tmp_path / "news.json") as store:
        room = Newsroom(store, sources)
        asyncio.run(room.ingest())
        yield room


def nothing_changed(report: Report) -> bool:
    return not (report.added or report.updated or report.removed or report.failed)


async def test_a_saved_article_is_its_text_in_the_folder(room: Newsroom) -> None:
    assert (await room.save("_news/2026/new.md", text("New")))["created"] is True
    assert (room.folder / "_news/2026/new.md").read_text() == text("New")
    (room.folder / "one.md").chmod(0o640)
    assert (await room.save("one.md", text("Uno")))["created"] is False
    assert (room.folder / "one.md").read_text() == text("Uno")
    assert (room.folder / "one.md").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in room.folder.rglob("*") if path.is_file()) == ["new.md", "one.md"]
    assert nothing_changed(await room.ingest())
    assert await room.titles() == ["New", "Uno"]


async def test_a_removed_article_is_no_file_any_more(room: Newsroom) -> None:
    assert (await room.remove("one.md"))["__typename"] == "ArticleRemoved"
    assert not (room.folder / "one.md").exists()
    assert nothing_changed(await room.ingest())
    assert await room.titles() == []


async def test_an_article_goes_to_the_folder_its_path_belongs_to(room: Newsroom) -> None:
    for path in ("a/x.md", "a.b/x.md", "ab/x.md"):
        await room.save(path, text(path))
    places = [source.folder / name for source, name in zip(room.sources, ("ab/x.md", "x.md", "x.md"), strict=True)]
    assert [place.read_text() for place in places] == [text("ab/x.md"), text("a/x.md"), text("a.b/x.md")]
    assert nothing_changed(await room.ingest())


async def test_a_path_of_no_folder_is_refused_in_words(room: Newsroom) -> None:
    del room.sources[0]
    refused = await room.save("c/x.md", text("X"))
    assert refused["problems"] == [{"path": "c/x.md", "line": None, "code": "path.invalid"}]
    for path in ("a/_config.yml", ".hidden/x.md", "a/.x.md"):
        assert (await room.save(path, text("X")))["code"] == "INVALID_ARTICLE"
    assert await room.titles() == ["One"]


async def test_an_article_of_another_source_is_saved_in_the_store_alone(room: Newsroom) -> None:
    await room.store.apply([Put(news("x.md", "Elsewhere"))])
    assert (await room.save("x.md", text("Here")))["created"] is False
    (stored,) = await room.store.documents(["x.md"])
    assert stored is not None
    assert (stored.source, (room.folder / "x.md").exists()) == ("test", False)
    assert (await room.remove("x.md"))["__typename"] == "ArticleRemoved"


async def test_an_article_that_only_the_store_had_is_given_a_file(room: Newsroom) -> None:
    await Desk(room.store).save("x.md", text("First"))
    assert not (room.folder / "x.md").exists()
    assert (await room.save("x.md", text("Second")))["created"] is False
    assert (room.folder / "x.md").read_text() == text("Second")
    assert nothing_changed(await room.ingest())


@pytest.mark.parametrize("there", [text("Edited"), "---\ntitle: [\n---\n", "no front matter"])
async def test_a_file_that_was_edited_or_broken_meanwhile_is_left_alone(room: Newsroom, there: str) -> None:
    (room.folder / "one.md").write_text(there)
    (room.folder / "two.md").write_text(there)
    assert await room.save("one.md", text("Mine")) == "FILE_CHANGED"
    assert await room.save("two.md", text("Mine")) == "FILE_CHANGED"
    assert await room.remove("one.md") == "FILE_CHANGED"
    assert [(room.folder / name).read_text() for name in ("one.md", "two.md")] == [there, there]
    assert await room.titles() == ["One"]


async def test_a_deleted_file_is_not_brought_back_and_its_article_may_be_removed(room: Newsroom) -> None:
    (room.folder / "one.md").unlink()
    assert await room.save("one.md", text("Mine")) == "FILE_CHANGED"
    assert (await room.remove("one.md"))["__typename"] == "ArticleRemoved"
    assert not (room.folder / "one.md").exists()


async def test_nothing_outside_the_folder_is_written(room: Newsroom, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.md").write_text("as it was")
    (room.folder / "out").symlink_to(outside)
    (room.folder / "link.md").symlink_to(outside / "x.md")
    (room.folder / "file").write_text("")
    (room.folder / "dir.md").mkdir()
    for path in ("out/x.md", "out/y.md", "link.md", "file/x.md", "dir.md", f"{'n' * 300}.md"):
        assert await room.save(path, text("X")) == "FILE_NOT_WRITTEN", path
    assert [(path.name, path.read_text()) for path in outside.iterdir()] == [("x.md", "as it was")]
    assert await room.titles() == ["One"]


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


SPECIAL: dict[str, Callable[[Path], object]] = {
    "directory": lambda path: path.mkdir(),
    "full directory": lambda path: (path / "in").mkdir(parents=True),
    "link": lambda path: path.symlink_to("one.md"),
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "pipe": os.mkfifo,
    "socket": bound,
}


@pytest.mark.parametrize("make", SPECIAL.values(), ids=SPECIAL.keys())
async def test_what_is_no_file_is_refused_and_costs_no_descriptor(
    room: Newsroom, make: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(room.folder)
    make(Path("odd.md"))
    assert await room.save("odd.md", text("X")) == "FILE_NOT_WRITTEN"
    for _ in range(20):
        assert await room.save("odd.md", text("X")) == "FILE_NOT_WRITTEN"
    gc.collect()
    assert open_below(room.folder) == []
    assert await room.titles() == ["One"]


def open_below(folder: Path) -> list[str]:
    """Return what is open below a folder in this process, whatever other threads have open elsewhere."""
    found = []
    for descriptor in Path("/dev/fd").iterdir():
        with suppress(OSError):
            found.append(str(descriptor.readlink()))
    return [each for each in found if Path(each).is_relative_to(folder)]


BAD = "---\ntitle: [\n---\n"


@pytest.mark.parametrize(
    ("path", "content"),
    [("new/deep/x.md", BAD), ("new/new/new/x.md", BAD), ("new/x.md", text("X") + "x" * 3 * MIB), ("a/new/y.md", BAD)],
)
async def test_a_refused_article_leaves_no_directory_behind(room: Newsroom, path: str, content: str) -> None:
    before = sorted(each.name for source in room.sources for each in source.folder.rglob("*"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, hard))
    try:
        await room.save(path, content)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (await room.remove("no/such/article.md"))["__typename"] == "NotFound"
    assert sorted(each.name for source in room.sources for each in source.folder.rglob("*")) == before
    assert await room.titles() == ["One"]


async def test_directories_go_with_what_the_store_refuses_unless_somebody_uses_them(
    room: Newsroom, tmp_path: Path
) -> None:
    (room.folder / "there").mkdir()
    with TinyStore(tmp_path / "news.json", read_only=True) as refusing:
        desk = Desk(refusing, room.sources)
        for path in ("new/new/x.md", "there/new/x.md"):
            with pytest.raises(StoreReadOnlyError):
                await desk.save(path, text("Mine"))
    assert sorted(path.name for path in room.folder.rglob("*")) == ["one.md", "there"]


async def test_a_removal_makes_no_directory(room: Newsroom) -> None:
    await room.save("new/x.md", text("X"))
    shutil.rmtree(room.folder / "new")
    assert (await room.remove("new/x.md"))["__typename"] == "ArticleRemoved"
    assert [path.name for path in room.folder.iterdir()] == ["one.md"]


def write_in_place(root: int, number: int) -> None:
    with placed(root, "same.md", durable=False) as place:
        place.put(Content(b"%d" % (number % 10) * 50_000))


def test_writers_of_one_directory_do_not_clobber_each_other(tmp_path: Path) -> None:
    root = os.open(tmp_path, os.O_RDONLY)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(partial(write_in_place, root), range(200)))
    finally:
        os.close(root)
    assert [path.name for path in tmp_path.iterdir()] == ["same.md"]
    content = (tmp_path / "same.md").read_bytes()
    assert (len(content), len(set(content))) == (50_000, 1)


async def test_what_a_killed_writer_left_is_swept_and_what_one_is_writing_stays(room: Newsroom) -> None:
    left, old, busy = (room.folder / name for name in (".exporting-0123", ".exporting", ".exporting-4567"))
    for path in (left, old, busy):
        path.write_text("half")
    with busy.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        await room.save("x.md", text("X"))
    assert sorted(path.name for path in room.folder.iterdir()) == [".exporting-4567", "one.md", "x.md"]


PAIRS = [
    ("one.md", "ONE.md"),
    ("one.md", "One.MD"),
    ("caf\u00e9.md", "cafe\u0301.md"),
    ("cafe\u0301.md", "CAF\u00c9.md"),
    ("stra\u00dfe.md", "STRASSE.md"),
    ("News/a.md", "news/A.md"),
    ("\u212bngstrom.md", "\u00e5ngstrom.md"),
]


@pytest.mark.parametrize(("kept", "other"), PAIRS)
@pytest.mark.parametrize("written_back", [True, False], ids=["folder", "store"])
async def test_paths_that_some_file_systems_take_for_the_same_are_refused_with_both_names(
    room: Newsroom, kept: str, other: str, written_back: bool
) -> None:
    room = room if written_back else Newsroom(room.store, [])
    await room.save(kept, text("Kept"))
    refused = await room.save(other, text("Other"))
    assert [(each["path"], each["code"]) for each in refused["problems"]] == [(other, "path.alike")]
    with pytest.raises(ArticleError, match=f"{re.escape(other)}.*{re.escape(repr(kept))}"):
        await Desk(room.store, room.sources).save(other, text("Other"))
    assert (await room.save(kept, text("Kept again")))["created"] is False
    (found,) = await room.store.documents([other])
    assert found is None
    await room.remove(kept)
    assert (await room.save(other, text("Other")))["created"] is True


async def test_a_file_that_is_no_article_counts_too(room: Newsroom) -> None:
    (room.folder / "README.md").write_text("no front matter")
    refused = await room.save("readme.md", text("Mine"))
    assert [each["code"] for each in refused["problems"]] == ["path.alike"]


@pytest.mark.parametrize("written_back", [True, False], ids=["folder", "store"])
async def test_of_two_alike_that_are_saved_at_once_one_is_kept(
    room: Newsroom, tmp_path: Path, written_back: bool
) -> None:
    sources = room.sources if written_back else []
    with TinyStore(tmp_path / "news.json") as other:
        desks = [Desk(store, sources) for store in (room.store, other)]
        names = ["two.md", "TWO.md", "Two.md", "twO.md"] * 3
        outcomes = await asyncio.gather(
            *(desks[n % 2].save(name, text(name)) for n, name in enumerate(names)), return_exceptions=True
        )
        kept = {each.document.path for each in outcomes if isinstance(each, Written)}
        refused = [each for each in outcomes if not isinstance(each, Written)]
    assert len(kept) == 1
    assert {type(each) for each in refused} <= {ArticleError, FileChangedError}
    assert [path.path for path in room.store.all_documents()].count(*kept) == 1


EVERYTHING = """mutation($path: String!, $text: String!) { saveArticle(input: {path: $path, text: $text}) {
    ... on ArticleSaved { created article {
        id path title body extra topics { name } provider { name articles { totalCount } } related { title }
    } } } }"""


async def test_an_article_that_is_removed_at_once_is_told_as_it_was_saved(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other removes it between the save and the answer, each time."""
    apply = room.store.apply

    async def apply_and_remove(changes: Sequence[Put | Remove]) -> Applied:
        applied = await apply(changes)
        await apply([Remove(change.document.path) for change in changes if isinstance(change, Put)])
        return applied

    monkeypatch.setattr(room.store, "apply", apply_and_remove)
    answer = await room.ask(EVERYTHING, path="x.md", text=text("Short-lived"))
    assert "errors" not in answer
    told = answer["data"]["saveArticle"]
    assert (told["created"], told["article"]["path"], told["article"]["title"]) == (True, "x.md", "Short-lived")


async def test_a_disk_that_refuses_is_told_until_it_takes_a_file_again(room: Newsroom) -> None:
    desk = Desk(room.store, room.sources)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    told = [desk.failure]
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(FileNotWrittenError):
            await desk.save("new.md", text("X"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    told.append(desk.failure)
    with pytest.raises(FileNotWrittenError):
        await desk.save("one.md/x.md", text("what this path cannot hold says nothing of the disk"))
    told.append(desk.failure)
    await desk.save("two.md", text("Two"))
    told.append(desk.failure)
    assert told == [None, "new.md: File too large", "new.md: File too large", None]


async def test_a_full_disk_leaves_file_and_store_as_they_were(room: Newsroom) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, hard))
    try:
        assert await room.save("one.md", text("Mine") + "x" * 3 * MIB) == "FILE_NOT_WRITTEN"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [(path.name, path.read_text()) for path in room.folder.iterdir()] == [("one.md", text("One"))]
    assert await room.titles() == ["One"]


async def test_what_the_store_refuses_leaves_the_file_as_it_was(room: Newsroom, tmp_path: Path) -> None:
    (room.folder / "one.md").chmod(0o600)
    with TinyStore(tmp_path / "news.json", read_only=True) as refusing:
        desk = Desk(refusing, room.sources)
        for path in ("one.md", "two.md"):
            with pytest.raises(StoreReadOnlyError):
                await desk.save(path, text("Mine"))
        with pytest.raises(StoreReadOnlyError):
            await desk.remove("one.md")
    assert [(path.name, path.read_text()) for path in room.folder.iterdir()] == [("one.md", text("One"))]
    assert (room.folder / "one.md").stat().st_mode & 0o777 == 0o600


async def test_a_folder_that_is_being_read_is_waited_for(room: Newsroom) -> None:
    with Folder(room.folder) as folder:
        assert folder.lock()
        saving = asyncio.create_task(room.save("one.md", text("Mine")))
        await asyncio.sleep(0.1)
        assert (room.folder / "one.md").read_text() == text("One")
    assert (await saving)["__typename"] == "ArticleSaved"


async def test_writers_of_one_article_leave_file_and_store_equal(room: Newsroom, tmp_path: Path) -> None:
    with TinyStore(tmp_path / "news.json") as other:
        desks = [Desk(store, room.sources) for store in (room.store, other)]
        await asyncio.gather(*(desks[n % 2].save("one.md", text(f"Number {n}")) for n in range(12)))
    await room.store.wait(12)  # what the other wrote is seen by the one within some 20 ms
    (title,) = await room.titles()
    assert (room.folder / "one.md").read_text() == text(title)
    page = await room.store.changes(1)
    assert [change.kind for change in page.changes] == [ChangeKind.UPDATED] * 12
    assert nothing_changed(await room.ingest())


async def test_an_ingest_meanwhile_takes_nothing_back(room: Newsroom, tmp_path: Path) -> None:
    done = asyncio.Event()

    async def ingests() -> None:
        with TinyStore(tmp_path / "news.json", follow=False) as watcher:
            while not done.is_set():
                await ingest(watcher, room.sources, processes=1)

    ingesting = asyncio.create_task(asyncio.to_thread(asyncio.run, ingests()))
    for n in range(20):
        assert (await room.save(f"{n % 5}.md", text(f"Number {n}")))["__typename"] == "ArticleSaved"
    done.set()
    await ingesting
    assert await room.titles() == sorted(["One", *(f"Number {n}" for n in range(15, 20))])
    assert not [change for change in (await room.store.changes(0)).changes if change.kind is ChangeKind.REMOVED]


async def test_a_refusal_says_what_to_do_and_names_no_folder(room: Newsroom, tmp_path: Path) -> None:
    (room.folder / "one.md").write_text(text("Edited"))
    with pytest.raises(FileChangedError, match=r"^one\.md: .*--watch") as caught:
        await Desk(room.store, room.sources).save("one.md", text("Mine"))
    assert str(tmp_path) not in str(caught.value)
