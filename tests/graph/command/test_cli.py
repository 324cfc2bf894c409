"""Runs the command line as somebody at a terminal meets it."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB

from graph.schema.build import sdl
from tests.newsrooms import CORPUS, MISSING, NEWSROOM, write
from tests.patience import PATIENCE, until

ONE = """
title: One
publishedDateTime: 2026-11-03T08:00:00Z
provider: {name: A, domain: a.example}
"""


def broadsheet(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, and insist on its exit code."""
    command = [sys.executable, "-m", "graph", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == code, done.stderr
    return done


def titles(store: Path, *more: str) -> list[str]:
    answer = json.loads(broadsheet("query", "{ articles { nodes { title } } }", "--store", store, *more).stdout)
    return [node["title"] for node in answer["data"]["articles"]["nodes"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "in", "one.md", ONE)
    write(tmp_path / "in", "draft.md", ONE.replace("One", "Draft") + "published: false")
    return tmp_path / "in"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "news.json"


def test_ingest_reports_and_writes_nothing_the_second_time(folder: Path, store: Path) -> None:
    (folder / "broken.md").write_text("---\ntitle: [\n---\n")
    report = json.loads(broadsheet("ingest", folder, "--store", store, "--json").stdout)
    (problem,) = report.pop("problems")
    assert report == {"added": 2, "updated": 0, "unchanged": 0, "removed": 0, "skipped": 0, "failed": 1, "held": []}
    assert (problem["path"], problem["line"], problem["code"]) == ("broken.md", 3, "yaml.syntax")
    before = {path.name: path.read_bytes() for path in store.parent.glob("news.json*") if ".lock" not in path.name}
    again = broadsheet("ingest", folder, "--store", store, "--strict", code=1).stdout
    assert again.startswith("0 added, 0 updated, 2 unchanged, 0 removed, 0 skipped, 1 failed\nbroken.md:3: yaml.syntax")
    assert before == {
        path.name: path.read_bytes() for path in store.parent.glob("news.json*") if ".lock" not in path.name
    }


def test_what_is_gone_from_a_folder_goes_from_the_store_unless_it_is_kept(folder: Path, store: Path) -> None:
    broadsheet("ingest", folder, "--store", store)
    (folder / "one.md").unlink()
    broadsheet("ingest", folder, "--store", store, "--keep-missing")
    assert titles(store) == ["One"]
    broadsheet("ingest", folder, "--store", store)
    assert titles(store) == []
    assert titles(store, "--drafts") == ["Draft"]


def test_plain_tinydb_opens_the_store(folder: Path, store: Path) -> None:
    broadsheet("ingest", folder, "--store", store)
    with TinyDB(store) as plain:
        articles = plain.table("articles")
        articles.document_id_class = str
        found = {str(each.doc_id): each["metadata"]["title"] for each in articles.all()}
    assert found == {"one.md": "One", "draft.md": "Draft"}


def test_named_sources_share_a_store(folder: Path, tmp_path: Path, store: Path) -> None:
    write(tmp_path / "other", "one.md", ONE.replace("One", "Other"))
    both = broadsheet("ingest", folder, tmp_path / "other", "--store", store, "--strict", code=1).stdout
    assert "one.md: path.conflict" in both
    broadsheet("ingest", f"b={tmp_path / 'other'}", "--store", store)
    assert sorted(titles(store)) == ["One", "Other"]


def test_check_reads_without_a_store(folder: Path) -> None:
    assert broadsheet("check", folder).stdout == "2 added, 0 updated, 0 unchanged, 0 removed, 0 skipped, 0 failed\n"


def test_query_takes_variables_and_exits_with_one_on_errors(folder: Path, store: Path) -> None:
    broadsheet("ingest", folder, "--store", store)
    query = "query($p: String!) { article(by: {path: $p}) { title } }"
    answer = broadsheet("query", query, "--variables", '{"p": "one.md"}', "--store", store).stdout
    assert json.loads(answer) == {"data": {"article": {"title": "One"}}}
    refused = broadsheet("query", "{ nothing }", "--store", store, code=1).stdout
    assert json.loads(refused)["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "no JSON" in broadsheet("query", query, "--variables", "{", "--store", store, code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("query", "{ articles { totalCount } }", "--store", "nowhere.json"), "there is no store here"),
        (("ingest", "nowhere", "--store", "x.json"), "no folder"),
        (("serve", "--store", "nowhere.json"), "name a folder"),
        (("serve",), "name a folder"),
        (("serve", NEWSROOM, "--port", "many"), "BROADSHEET_PORT: 'many' is not a whole number"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "graph", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=tmp_path)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("serve",), ("query", "{ articles { totalCount } }"), ("compact",)], ids=str)
@pytest.mark.parametrize("left", ["store.json.previous", "store.json.journal.*"])
def test_a_store_whose_file_is_gone_is_told_what_to_do(
    folder: Path, store: Path, command: tuple[str, ...], left: str
) -> None:
    for name in ("one.md", "two.md"):
        write(folder, name, ONE)
        broadsheet("ingest", folder, "--store", store)
    left = left.replace("store.json", store.name)
    for path in store.parent.glob(f"{store.name}*"):
        if not path.match(left):
            path.unlink()
    said = broadsheet(*command, "--store", store, code=1).stderr
    assert "the file is missing" in said
    assert (f"mv '{store}.previous' '{store}'" in said) == left.endswith(".previous")
    assert "ingest again" in said or left.endswith(".previous")


@pytest.mark.parametrize("again", [False, True], ids=["the store alone", "the folder, which has more by now"])
def test_a_server_of_a_store_that_lost_its_journal_says_so_for_as_long_as_it_runs(
    folder: Path, store: Path, again: bool
) -> None:
    broadsheet("ingest", folder, "--store", store)
    write(folder, "two.md", ONE)
    broadsheet("ingest", folder, "--store", store)
    store.with_name(f"{store.name}.previous").replace(store)
    for path in store.parent.glob(f"{store.name}.journal.*"):
        path.unlink()
    write(folder, "three.md", ONE)
    with serving(*([folder] if again else []), "--store", store) as (url, _):
        answer = urllib.request.urlopen(url.replace("/graphql", "/ready"))  # noqa: S310 # our own server
        with answer:
            assert [each["task"] for each in json.load(answer)["troubles"]] == ["store"]


def test_compact_folds_the_journal_into_the_file_beside_a_server(folder: Path, store: Path) -> None:
    with serving(folder, "--store", store) as (url, _):
        write(folder, "two.md", ONE.replace("One", "Two"))
        broadsheet("ingest", folder, "--store", store)
        assert "Two" not in store.read_text()
        broadsheet("compact", "--store", store)
        assert "Two" in store.read_text()
        until(lambda: asked(url, "{ articles { totalCount } }") == {"articles": {"totalCount": 2}})


def test_schema_prints_and_compares(tmp_path: Path) -> None:
    assert broadsheet("schema").stdout == sdl()
    (tmp_path / "same.graphql").write_text(sdl())
    (tmp_path / "other.graphql").write_text(sdl() + "\n")
    broadsheet("schema", "--check", tmp_path / "same.graphql")
    broadsheet("schema", "--check", tmp_path / "other.graphql", code=1)


@pytest.mark.parametrize(
    ("before", "after", "says", "code"),
    [
        ("  heat: Int\n", "  heat: Int\n  gone: Int\n", "breaking: Field Article.gone was removed.", 1),
        ("enum Nulls {", "enum Nulls {\n  MIDDLE", "breaking: Enum value Nulls.MIDDLE was removed.", 1),
        ("  heat: Int\n", "  heet: Int\n", "safe: Field Article.heat was added.", 1),
        ("", "", "", 0),
    ],
)
def test_a_schema_tells_what_changed_since_an_older_one(
    before: str, after: str, says: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / "old.graphql").write_text(sdl().replace(before, after, 1) if before else sdl())
    assert says in broadsheet("schema", "--diff", tmp_path / "old.graphql", code=code).stdout


def test_an_export_is_an_equal_folder(folder: Path, store: Path, tmp_path: Path) -> None:
    broadsheet("ingest", folder, "--store", store)
    broadsheet("export", "--store", store, tmp_path / "out")
    broadsheet("ingest", f"out={tmp_path / 'out'}", "--store", tmp_path / "again.json")
    hashes = "{ articles { nodes { slug contentHash } } }"
    first = broadsheet("query", hashes, "--store", store, "--drafts").stdout
    assert broadsheet("query", hashes, "--store", tmp_path / "again.json", "--drafts").stdout == first


@pytest.mark.skipif(not CORPUS.exists(), reason=MISSING)
def test_the_real_folders_give_their_known_figures(store: Path) -> None:
    report = json.loads(broadsheet("ingest", CORPUS / "powerapps", "--store", store, "--json").stdout)
    assert (report["added"], report["failed"], report["problems"]) == (397 + 30 + 7, 0, [])
    query = """{ published: articles(first: 1) { totalCount nodes { title publishedDateTime } } }"""
    assert json.loads(broadsheet("query", query, "--store", store).stdout)["data"]["published"] == {
        "totalCount": 268,
        "nodes": [
            {
                "title": "Power Platform Developer Tools: November Refresh",
                "publishedDateTime": "2021-12-15T09:00:00Z",
            }
        ],
    }
    everything = """{ articles { totalCount } topics { totalCount }
        articlesOf: articles(filter: {type: {eq: "article"}}) { totalCount }
        videos: articles(filter: {type: {eq: "video"}}) { totalCount } }"""
    found = json.loads(broadsheet("query", everything, "--store", store, "--drafts").stdout)["data"]
    assert {name: connection["totalCount"] for name, connection in found.items()} == {
        "articles": 397,
        "topics": 7,
        "articlesOf": 345,
        "videos": 52,
    }


@contextmanager
def serving(
    *arguments: str | Path, port: int | None = None, before: Sequence[str] = ()
) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run a real server, on a free port unless one is given, until the context ends; *before* stands before it."""
    port = port or free_port()
    command = [*before, sys.executable, "-m", "graph", "serve", *map(str, arguments), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        url = f"http://127.0.0.1:{port}/graphql"
        try:
            until(lambda: asked(url, "{ __typename }") == {"__typename": "Query"})
            yield url, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def asked(url: str, query: str) -> Any:
    """Return the data of an answer; None while nobody listens."""
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})  # noqa: S310 # our own server
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 # our own server
            return json.load(response)["data"]
    except (urllib.error.URLError, ConnectionError):
        return None


def test_serve_answers_and_ends_well_when_told_to(folder: Path) -> None:
    with serving(folder) as (url, process):
        assert asked(url, "{ articles { nodes { title } } }") == {"articles": {"nodes": [{"title": "One"}]}}
    assert process.returncode == 0


def test_the_pages_can_be_left_out(folder: Path) -> None:
    with serving(folder, "--no-web") as (url, _):
        page = urllib.request.Request(url.removesuffix("graphql"))  # noqa: S310 # our own server
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(page, timeout=PATIENCE)  # noqa: S310 # our own server


def test_drafts_are_shown_to_everybody_only_if_told_to(folder: Path) -> None:
    with serving(folder, "--drafts") as (url, _):
        assert asked(url, "{ articles { totalCount } }") == {"articles": {"totalCount": 2}}


def test_an_ingest_beside_a_server_is_in_its_answers(folder: Path, store: Path) -> None:
    broadsheet("ingest", folder, "--store", store)
    with serving("--store", store) as (url, _):
        write(folder, "two.md", ONE.replace("One", "Two"))
        broadsheet("ingest", folder, "--store", store)
        until(lambda: asked(url, "{ articles { totalCount } }") == {"articles": {"totalCount": 2}})


@pytest.mark.parametrize("lost", ["emptied", "gone"])
def test_a_folder_that_is_lost_is_held_by_every_command_until_it_is_meant(folder: Path, store: Path, lost: str) -> None:
    def served(*options: str) -> tuple[int, list[str]]:
        with serving(folder, "--store", store, *options) as (url, _):
            count = asked(url, "{ articles { totalCount } }")["articles"]["totalCount"]
            ready = urllib.request.Request(url.replace("graphql", "ready"))  # noqa: S310 # our own server
            with urllib.request.urlopen(ready, timeout=PATIENCE) as answer:  # noqa: S310 # our own server
                return count, [each["task"] for each in json.load(answer).get("troubles", ())]

    broadsheet("ingest", folder, "--store", store)
    before = len(titles(store))
    if lost == "emptied":
        for path in folder.iterdir():
            path.unlink()
    else:
        folder.rename(folder.with_name("elsewhere"))
    said = broadsheet("ingest", folder, "--store", store, code=1).stdout
    assert "held" in said
    assert "--allow-empty" in said
    assert served() == (before, [f"folder {folder}"])
    assert served("--workers", "2") == (before, [f"folder {folder}"])
    assert served("--allow-empty") == (0, [])
    assert titles(store) == []


def test_a_watched_folder_is_served_as_it_is_edited_and_a_broken_file_as_it_was(folder: Path) -> None:
    query = '{ article(by: {path: "one.md"}) { title } other: article(by: {path: "two.md"}) { title } }'
    with serving(folder, "--watch") as (url, _):
        until(lambda: asked(url, query) == {"article": {"title": "One"}, "other": None})
        (folder / "one.md").write_text("---\ntitle: [\n---\n")
        write(folder, "two.md", ONE.replace("One", "Two"))
        until(lambda: asked(url, query) == {"article": {"title": "One"}, "other": {"title": "Two"}})
        write(folder, "one.md", ONE.replace("One", "Mended"))
        until(lambda: asked(url, query) == {"article": {"title": "Mended"}, "other": {"title": "Two"}})


def test_several_workers_all_answer_from_one_store(folder: Path, store: Path) -> None:
    with serving(folder, "--store", store, "--workers", "2") as (url, process):
        write(folder, "two.md", ONE.replace("One", "Two"))
        broadsheet("ingest", folder, "--store", store)
        until(
            lambda: (
                [asked(url, "{ articles { totalCount } }") for _ in range(20)] == [{"articles": {"totalCount": 2}}] * 20
            )
        )
    assert process.returncode == 0
