"""Checks what is announced of a change, to readers with and without drafts, in one sequence that outlives restarts."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.base import Change, ChangeKind, Put, Remove
from store.errors import CriteriaError
from store.tiny import announcements
from store.tiny.announcements import Announcement, Changes, page_of
from store.tiny.disk.layout import CHANGES
from store.tiny.store import TinyStore
from tests.newsroom import news
from tests.patience import PATIENCE

ADDED, UPDATED, HEAT, REMOVED = ChangeKind.ADDED, ChangeKind.UPDATED, ChangeKind.HEAT, ChangeKind.REMOVED
HISTORY: list[tuple[Put | Remove, ChangeKind | None, ChangeKind | None]] = [
    (Put(news("a.md", heat=1, secured="x")), ADDED, ADDED),
    (Put(news("a.md", heat=1, secured="y")), None, None),
    (Put(news("a.md", heat=2, secured="z")), HEAT, HEAT),
    (Put(news("a.md", "New", heat=2, secured="z")), UPDATED, UPDATED),
    (Put(news("a.md", "New", heat=2, secured="z", body="text")), UPDATED, UPDATED),
    (Put(news("a.md", "New", published=False)), UPDATED, REMOVED),
    (Put(news("a.md", "Newer", published=False)), UPDATED, None),
    (Put(news("a.md", "Newer", published=True)), UPDATED, ADDED),
    (Remove("a.md"), REMOVED, REMOVED),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.json"


def test_each_reader_is_told_of_what_that_reader_sees(path: Path) -> None:
    async def run(store: TinyStore) -> None:
        for change, *_ in HISTORY:
            await store.apply([change])
        assert store.compact()
        for drafts, told in ((True, 1), (False, 2)):
            expected = [(at, each[told]) for at, each in enumerate(HISTORY, 1) if each[told]]
            page = await store.changes(0, drafts=drafts)
            assert [(change.sequence, change.kind) for change in page.changes] == expected
            assert (page.next, page.has_more, page.reset) == (len(HISTORY), False, False)

    with TinyStore(path, follow=False) as store:
        asyncio.run(run(store))
    with TinyStore(path, follow=False) as reopened:
        assert reopened.sequence == len(HISTORY)
        assert [change.kind for change in asyncio.run(reopened.changes(7)).changes] == [ADDED, REMOVED]
        assert reopened.failure is None


def test_a_change_names_the_keys_that_differ(path: Path) -> None:
    with TinyStore(path, follow=False) as store:
        for change, *_ in HISTORY:
            asyncio.run(store.apply([change]))
        keys = {
            change.sequence: set(change.changed_keys) for change in asyncio.run(store.changes(1, drafts=True)).changes
        }
    assert keys[3] == {"heat", "secured"}
    assert keys[4] == {"title"}
    assert keys[5] == {"body"}
    assert keys[7] == {"title"}


def test_pages_of_changes_join_without_gap_or_repeat(path: Path) -> None:
    with TinyStore(path, follow=False) as store:
        for change, *_ in HISTORY:
            asyncio.run(store.apply([change]))
        walked, since, more = [], 0, True
        while more:
            page = asyncio.run(store.changes(since, limit=2))
            assert len(page.changes) <= 2
            walked += [change.sequence for change in page.changes]
            since, more = page.next, page.has_more
    assert walked == [1, 3, 4, 5, 6, 8, 9]


class Counted:
    """The log of a store, and how many of its entries were read."""

    def __init__(self, stored: Changes) -> None:
        self._stored, self.looked = stored, 0

    @property
    def sequence(self) -> int:
        return self._stored.sequence

    def entries(self, log: str, after: int = 0, limit: int | None = None) -> list[tuple[int, bytes]]:
        found = self._stored.entries(log, after, limit)
        self.looked += len(found)
        return found

    def oldest(self, log: str) -> int | None:
        return self._stored.oldest(log)


@pytest.mark.parametrize("drafts", [False, True])
@pytest.mark.parametrize("kinds", [(), (REMOVED,), (UPDATED, HEAT), (ADDED, REMOVED)], ids=str)
def test_pages_are_filled_with_what_is_shown_and_cost_no_more_than_they_may_whatever_their_size(
    path: Path, monkeypatch: pytest.MonkeyPatch, drafts: bool, kinds: tuple[ChangeKind, ...]
) -> None:
    monkeypatch.setattr(announcements, "LOOKED", 11)
    with TinyStore(path, follow=False) as store:
        for _ in range(4):
            for change, *_ in HISTORY:
                asyncio.run(store.apply([change]))
        for limit in range(1, 13):
            walked: list[Change] = []
            since, more = 0, True
            while more:
                counted = Counted(store._storage)
                page = page_of(counted, since, limit, drafts, kinds)
                assert counted.looked <= 11
                assert len(page.changes) <= limit
                assert len(page.changes) == limit or not page.has_more or page.next == since + 11
                walked += page.changes
                since, more = page.next, page.has_more
            assert since == store.sequence
        monkeypatch.setattr(announcements, "LOOKED", 1_000)
        every = asyncio.run(store.changes(0, limit=200, drafts=drafts)).changes
        assert walked == [change for change in every if not kinds or change.kind in kinds]


def test_what_nobody_may_see_costs_one_page_no_more_than_looking_is_bounded_to(path: Path) -> None:
    with TinyStore(path, follow=False) as store:
        hidden = [Put(news(f"{number}.md", published=False)) for number in range(5_000)]
        asyncio.run(store.apply([*hidden, Put(news("shown.md"))]))
        pages, since, more = 0, 0, True
        found: list[str] = []
        while more:
            counted = Counted(store._storage)
            page = page_of(counted, since, 100, drafts=False)
            assert counted.looked <= announcements.LOOKED
            found += [change.path for change in page.changes]
            since, more, pages = page.next, page.has_more, pages + 1
        assert (found, since, pages) == (["shown.md"], store.sequence, 6)


def test_a_batch_is_one_answer_and_says_what_it_did(path: Path) -> None:
    with TinyStore(path, follow=False) as store:
        asyncio.run(store.apply([Put(news("a.md")), Put(news("b.md"))]))
        applied = asyncio.run(
            store.apply([Put(news("a.md")), Put(news("b.md", "B")), Put(news("c.md")), Remove("b.md"), Remove("no.md")])
        )
        assert (applied.added, applied.updated, applied.unchanged, applied.removed) == (
            ("c.md",),
            (),
            ("a.md",),
            ("b.md",),
        )
        assert applied.sequence == store.sequence == 5
        assert asyncio.run(store.apply([Put(news("a.md"))])).sequence == 5


def test_a_sequence_of_another_store_means_reload_everything(path: Path) -> None:
    with TinyStore(path, follow=False) as store:
        asyncio.run(store.apply([Put(news("a.md"))]))
        page = asyncio.run(store.changes(99))
        assert (page.reset, page.next, list(page.changes)) == (True, 1, [])
        with pytest.raises(CriteriaError):
            asyncio.run(store.changes(0, limit=0))


def test_waiting_ends_with_the_next_change_of_any_thread(path: Path) -> None:
    async def run(store: TinyStore) -> int:
        waiting = asyncio.create_task(store.wait(0))
        await asyncio.sleep(0)
        await asyncio.to_thread(lambda: asyncio.run(store.apply([Put(news("a.md"))])))
        return await waiting

    with TinyStore(path, follow=False) as store:
        assert asyncio.run(asyncio.wait_for(run(store), PATIENCE)) == 1


def test_another_process_sees_each_change(path: Path) -> None:
    with TinyStore(path) as writer, TinyStore(path, read_only=True) as reader:
        asyncio.run(writer.apply([Put(news("a.md"))]))
        assert asyncio.run(asyncio.wait_for(reader.wait(0), PATIENCE)) == 1
        assert asyncio.run(reader.articles(["a.md"]))[0] is not None


def test_the_sequence_goes_on_after_a_restart_and_a_compaction(path: Path) -> None:
    def told() -> list[tuple[int, ChangeKind, str]]:
        page = asyncio.run(store.changes(0, drafts=True))
        assert (page.reset, page.next) == (False, store.sequence)
        return [(change.sequence, change.kind, change.path) for change in page.changes]

    expected: list[tuple[int, ChangeKind, str]] = []
    for number in range(3):
        with TinyStore(path, follow=False) as store:
            assert told() == expected
            asyncio.run(store.apply([Put(news(f"{number}.md")), Remove(f"{number - 1}.md")]))
            expected += [(store.sequence - (number > 0), ADDED, f"{number}.md")]
            expected += [(store.sequence, REMOVED, f"{number - 1}.md")] if number else []
            assert told() == expected
            assert store.compact()
            assert told() == expected


class Trimmed:
    """A log whose first entries are gone."""

    sequence = 9

    def entries(self, log: str, after: int = 0, limit: int | None = None) -> list[tuple[int, bytes]]:
        """Return entries from the sixth on."""
        assert log == CHANGES
        at = datetime(2021, 1, 1, tzinfo=UTC)
        kept = [Announcement(number, "a.md", ("title",), at, True, True) for number in range(6, 10)]
        return [(each.sequence, each.encode()) for each in kept if each.sequence > after][:limit]

    def oldest(self, log: str) -> int | None:
        """Return the sixth."""
        assert log == CHANGES
        return 6


def test_who_is_too_far_behind_is_told_to_reload_everything() -> None:
    assert [page_of(Trimmed(), since, 10, drafts=False).reset for since in (0, 4, 5, 9, 10)] == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert [change.sequence for change in page_of(Trimmed(), 5, 10, drafts=False).changes] == [6, 7, 8, 9]
