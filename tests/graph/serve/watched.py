"""Watches folders on real threads over a real store, beside a second store that answers as a server's would."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from graph.serve.watch import watching
from store.criteria import Criteria, Page
from store.files.ingest import ingest
from store.files.report import Report
from store.files.source import Source
from store.tiny.store import TinyStore
from store.troubles import Troubles
from tests.patience import until

NUMBERS = count()


def post(path: Path, title: str, more: str = "") -> None:
    """Write a small article's file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\ntitle: {title}\nprovider: {{domain: p.example}}\n{more}---\nBody.\n")


def titles(store: TinyStore) -> dict[str, str]:
    """Return the title of each article by its path."""
    (found,) = asyncio.run(store.find([Criteria(page=Page(first=1000), drafts=True)]))
    return {article.path: article.title for article in found.items}


@dataclass
class Watched:
    """What is served of watched folders, the troubles, and the reports that were shown."""

    store: TinyStore
    troubles: Troubles = field(default_factory=Troubles)
    shown: list[Report] = field(default_factory=list)

    def titles(self) -> dict[str, str]:
        """Return what is served at the moment."""
        return titles(self.store)

    def trouble(self) -> dict[str, str]:
        """Return why each task that is in trouble does not work."""
        return {each.task: each.reason for each in self.troubles.now()}

    def until_watched(self, *folders: Path) -> None:
        """Return once edits of the folders are noticed, by watching one come and go."""
        for folder in folders:
            name = f"sentinel{next(NUMBERS)}.md"
            post(folder / name, name)
            until(lambda name=name: name in self.titles().values())  # type: ignore[misc]
            (folder / name).unlink()
            until(lambda name=name: name not in self.titles().values())  # type: ignore[misc]


@contextmanager
def watched(
    path: Path,
    *arguments: str | Path,
    between: Callable[[], None] = lambda: None,
    show: Callable[[Report], None] = lambda _: None,
) -> Iterator[Watched]:
    """Ingest folders into the store at *path*, then watch them for as long as the context lasts.

    *between* is called after the one and before the other, *show* with each report that is shown.
    """
    sources = [Source.parse(str(argument)) for argument in arguments]
    with TinyStore(path, follow=False) as store:
        report = asyncio.run(ingest(store, sources, processes=1))
    between()
    with TinyStore(path) as store:
        made = Watched(store)

        def tell(report: Report) -> None:
            made.shown.append(report)
            show(report)

        with watching(path, sources, tell, made.troubles, report):
            yield made


def afresh(path: Path, *arguments: str | Path) -> dict[str, str]:
    """Return what an ingest into a new store would serve."""
    sources = [Source.parse(str(argument)) for argument in arguments]
    with TinyStore(path / f"fresh{next(NUMBERS)}.json", follow=False) as store:
        asyncio.run(ingest(store, sources, processes=1))
        return titles(store)
