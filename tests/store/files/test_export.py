"""Exports documents: they become files inside the folder and nowhere else, and those files parse to the same."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from store.base import Document, Kind
from store.files.documents import Origin
from store.files.export import export
from store.files.folder import Folder
from store.files.listing import listed
from store.files.pool import Task, outcomes

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ARTICLE = {"title": "A", "provider": {"domain": "example.org"}}
CORPUS = Path(__file__).parents[4] / "shared/corpus"
NEWSROOM = Path(__file__).parents[3] / "examples/newsroom"


def document(path: str, body: str | None = None) -> Document:
    return Document(path, "test", Kind.ARTICLE, "", NOW, ARTICLE, body)


def documents(folder: Path) -> dict[str, Document]:
    with Folder(folder) as opened:
        made = outcomes(opened, Task(str(folder), "", Origin("test", NOW)), listed(opened).files)
    assert made.problems == []
    return {each.path: each for each in made.documents}


@pytest.mark.parametrize("name", ["ai", "powerapps", "newsroom"])
def test_every_file_survives_reading_storing_and_exporting(name: str, tmp_path: Path) -> None:
    folder = NEWSROOM if name == "newsroom" else CORPUS / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    before = documents(folder)
    stored = msgspec.json.decode(msgspec.json.encode(list(before.values())), type=list[Document])
    assert export(stored, tmp_path / "out") == []
    after = documents(tmp_path / "out")
    assert list(after) == list(before)
    for path, one in before.items():
        assert after[path].metadata == one.metadata
        assert list(after[path].metadata) == list(one.metadata)
        assert (after[path].body, after[path].kind) == (one.body, one.kind)


def test_a_path_says_by_its_ending_which_file_is_written(tmp_path: Path) -> None:
    assert export(map(document, ["a/b/c.md", "d.yaml", "e.json", "f"]), tmp_path) == []
    assert (tmp_path / "a/b/c.md").read_text() == "---\ntitle: A\n\nprovider:\n  domain: example.org\n---\n"
    assert (tmp_path / "d.yaml").read_text() == "title: A\n\nprovider:\n  domain: example.org\n"
    assert (
        tmp_path / "e.json"
    ).read_text() == '{\n  "title": "A",\n  "provider": {\n    "domain": "example.org"\n  }\n}\n'
    assert (tmp_path / "f").read_text().startswith("---\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "d.yaml", "e.json", "f"]


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("older and longer" * 100)
    assert export([document("a.md", "The body.")], tmp_path) == []
    assert (tmp_path / "a.md").read_text().endswith("---\n\nThe body.\n")


@pytest.mark.parametrize("path", ["../a.md", "a/../../b.md", "/etc/a.md", "a//b.md", "./a.md", "a/..", "", "a\0.md"])
def test_a_path_that_leaves_the_folder_is_refused(path: str, tmp_path: Path) -> None:
    (problem,) = export([document(path), document("good.md")], tmp_path / "out")
    assert str(problem).endswith(": file.unwritable: is not written: its path leads out of the folder")
    assert sorted(file.name for file in tmp_path.rglob("*.md")) == ["good.md"]


def test_a_link_in_the_folder_leads_nothing_out_of_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.md").write_text("kept")
    out = tmp_path / "out"
    out.mkdir()
    (out / "link").symlink_to(outside)
    (out / "kept.md").symlink_to(outside / "kept.md")
    (problem,) = export([document("link/a.md"), document("kept.md")], out)
    assert (problem.path, problem.code) == ("link/a.md", "file.unwritable")
    assert (outside / "kept.md").read_text() == "kept"
    assert list(outside.iterdir()) == [outside / "kept.md"]
    assert (out / "kept.md").read_text().startswith("---\n")


def test_a_body_that_has_no_place_is_reported_rather_than_lost(tmp_path: Path) -> None:
    (problem,) = export([document("a.yaml", "The body.")], tmp_path)
    assert str(problem) == "a.yaml: file.unwritable: is not written: a.yaml: a data file has no place for a body"
