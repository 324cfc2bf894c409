"""Checks that TinyDB's own API works on our storage: each call is one record, and touches only what it names."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB, where
from tinydb.table import Document

from store.tiny.disk.record import Record
from store.tiny.disk.storage import JournalStorage
from store.tiny.disk.table import DocumentTable


@pytest.fixture
def storage(tmp_path: Path) -> JournalStorage:
    return JournalStorage(tmp_path / "store.json")


@pytest.fixture
def table(storage: JournalStorage) -> Iterator[Any]:
    table: Any = DocumentTable(storage, "articles")
    table.insert_multiple([document("a.md", heat=1), document("b.md", heat=5), document("c.md", heat=9)])
    yield table
    held = {identifier: json.loads(text) for identifier, text in storage.documents("articles")}
    assert {each.doc_id: dict(each) for each in table.all()} == held


def document(identifier: Any, **fields: int) -> Document:
    return Document(fields, identifier)  # TinyDB documents text as ids, and types them as int


def test_documents_are_found_by_id_and_by_query(table: Any) -> None:
    assert table.get(doc_id="b.md") == {"heat": 5}
    assert [each.doc_id for each in table.search(where("heat") > 3)] == ["b.md", "c.md"]
    assert table.get(doc_id="z.md") is None
    assert len(table) == 3


def test_a_call_is_one_record_of_what_it_changed(table: Any, storage: JournalStorage) -> None:
    heard: list[Record] = []
    storage.subscribe(heard.append)
    table.update({"heat": 2}, doc_ids=["a.md"])
    table.remove(where("heat") > 8)
    table.upsert(document("d.md", heat=3))
    assert [(record.puts, record.drops) for record in heard] == [
        ((("articles", "a.md", b'{"heat":2}'),), ()),
        ((), (("articles", "c.md"),)),
        ((("articles", "d.md", b'{"heat":3}'),), ()),
    ]


def test_an_update_that_changes_nothing_writes_nothing(table: Any, storage: JournalStorage) -> None:
    before = storage.stamp
    table.update({"heat": 5}, doc_ids=["b.md"])
    assert storage.stamp == before


def test_the_store_does_not_change_with_what_was_handed_out(table: Any) -> None:
    table.get(doc_id="a.md")["heat"] = 99
    assert table.get(doc_id="a.md") == {"heat": 1}


def test_an_id_that_is_taken_is_refused_and_one_that_is_not_given_is_made(table: Any) -> None:
    with pytest.raises(ValueError, match="already exists"):
        table.insert(document("a.md", heat=0))
    identifier = table.insert({"heat": 4})
    assert table.get(doc_id=identifier) == {"heat": 4}


def test_a_table_can_be_emptied(table: Any, storage: JournalStorage) -> None:
    table.truncate()
    assert list(storage.documents("articles")) == []


def test_queries_see_what_others_wrote(table: Any, storage: JournalStorage, tmp_path: Path) -> None:
    hot = where("heat") > 50
    assert table.search(hot) == []
    other: Any = DocumentTable(JournalStorage(tmp_path / "store.json"), "articles")
    other.insert(document("h.md", heat=100))
    storage.poll()
    assert [each.doc_id for each in table.search(hot)] == ["h.md"]


def test_a_plain_database_over_the_storage_reads_and_writes_whole_tables(tmp_path: Path) -> None:
    database = TinyDB(tmp_path / "tinydb.json", storage=JournalStorage)
    database.table("numbers").insert({"n": 1})
    database.table("numbers").update({"n": 2})
    database.drop_table("numbers")
    database.table("letters").insert({"a": 1})
    assert JournalStorage(tmp_path / "tinydb.json").read() == {"letters": {"1": {"a": 1}}, "numbers": {}}
