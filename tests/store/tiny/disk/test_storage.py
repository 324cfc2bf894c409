"""Checks that what is committed is there: in this process, in another, after reopening, and for TinyDB itself."""

import threading
from pathlib import Path

import pytest

from store.errors import StoreReadOnlyError
from store.tiny.disk.record import Batch, Record
from store.tiny.disk.storage import JournalStorage
from store.tiny.disk.transaction import Transaction


def put(storage: JournalStorage, identifier: str, document: bytes, table: str = "articles") -> Record | None:
    return storage.commit(lambda transaction: Batch(transaction.sequence + 1, [(table, identifier, document)]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.json"


def test_a_committed_document_is_found_by_the_committer_and_after_reopening(path: Path) -> None:
    storage = JournalStorage(path)
    put(storage, "a.md", b'{"title":"A"}')
    put(storage, "a.md", b'{"title":"B"}')
    for opened in (storage, JournalStorage(path), JournalStorage(path, read_only=True)):
        assert opened.document("articles", "a.md") == b'{"title":"B"}'
        assert list(opened.documents("articles")) == [("a.md", b'{"title":"B"}')]
        assert (opened.sequence, opened.stamp) == (2, storage.stamp)


def test_a_dropped_document_is_gone(path: Path) -> None:
    storage = JournalStorage(path)
    put(storage, "a.md", b"{}")
    storage.commit(lambda transaction: Batch(transaction.sequence + 1, drops=[("articles", "a.md")]))
    assert storage.document("articles", "a.md") is None
    assert JournalStorage(path).document("articles", "a.md") is None


def test_a_log_gives_its_entries_after_a_number_oldest_first(path: Path) -> None:
    storage = JournalStorage(path)
    storage.commit(lambda _: Batch(5, [("changes", "4", b'{"n":4}'), ("changes", "5", b'{"n":5}')]))
    storage.commit(lambda _: Batch(9, [("changes", "7", b'{"n":7}')]))
    assert storage.entries("changes", after=4) == [(5, b'{"n":5}'), (7, b'{"n":7}')]
    assert storage.entries("changes", after=0, limit=1) == [(4, b'{"n":4}')]
    assert storage.oldest("changes") == 4
    assert JournalStorage(path).entries("changes", after=5) == [(7, b'{"n":7}')]


def test_two_openings_see_each_others_records_in_one_order(path: Path) -> None:
    first, second = JournalStorage(path), JournalStorage(path)
    heard: list[Record] = []
    second.subscribe(heard.append)
    put(first, "a.md", b"{}")
    put(second, "b.md", b"{}")
    put(first, "c.md", b"{}")
    assert second.poll() == 3
    assert [record.sequence for record in heard] == [1, 2, 3]
    assert second.stamp == first.stamp


def test_a_follower_hears_what_another_opening_commits(path: Path) -> None:
    writer, reader = JournalStorage(path), JournalStorage(path, read_only=True)
    heard = threading.Event()
    reader.subscribe(lambda _: heard.set())
    reader.follow()
    put(writer, "a.md", b"{}")
    assert heard.wait(10)
    assert reader.document("articles", "a.md") == b"{}"
    reader.close()


def test_preparing_sees_what_is_durable_and_what_threads_just_before_it_write(path: Path) -> None:
    storage = JournalStorage(path)

    def count(transaction: Transaction) -> Batch:
        number = int((transaction.document("articles", "n") or b'{"n":0}')[5:-1]) + 1
        return Batch(transaction.sequence + 1, [("articles", "n", b'{"n":%d}' % number)])

    def increments() -> None:
        for _ in range(25):
            storage.commit(count)

    threads = [threading.Thread(target=increments) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert JournalStorage(path).document("articles", "n") == b'{"n":400}'


def test_a_batch_of_none_writes_nothing(path: Path) -> None:
    storage = JournalStorage(path)
    assert storage.commit(lambda _: None) is None
    assert storage.sequence == 0


@pytest.mark.parametrize("document", [b"", b"[]", b'{"a":1', b'{"a":\n1}', b'{"a":"\xff"}', b'{"a":1} {"b":2}'])
def test_what_is_no_json_object_in_one_line_is_refused_and_the_next_batch_is_written(
    path: Path, document: bytes
) -> None:
    storage = JournalStorage(path)
    with pytest.raises(ValueError, match="not a JSON object in one line"):
        put(storage, "a.md", document)
    assert put(storage, "b.md", b"{}")
    assert JournalStorage(path).sequence == 1


@pytest.mark.parametrize("identifier", ["", 'a":{"b', "a\\", "ü\u2028\n", '"'])
def test_any_text_is_an_id(path: Path, identifier: str) -> None:
    put(JournalStorage(path), identifier, b"{}")
    assert list(JournalStorage(path).documents("articles")) == [(identifier, b"{}")]


def test_a_storage_opened_for_reading_refuses_to_write(path: Path) -> None:
    JournalStorage(path)
    with pytest.raises(StoreReadOnlyError, match="reading only"):
        put(JournalStorage(path, read_only=True), "a.md", b"{}")
