"""Edits, renames, swaps, re-links, empties and fills folders of articles, as editors, git and deployments do."""

import os
import shutil
from pathlib import Path
from random import Random

from store.files.source import Source
from tests.newsrooms import write

ARTICLES = 40
"""How many articles a folder begins with."""
SECTIONS = ("sea", "city")
TOPICS = ("Ferries", "Trams", "Tides")


class Folders:
    """Three sources: `news` is edited, `site` is a link to releases, `desk` is written by the server."""

    def __init__(self, root: Path, random: Random) -> None:
        self.random = random
        self.news, self.desk, self.site = root / "news", root / "desk", root / "site"
        self._releases, self._away = root / "releases", root / "away"
        self._made = self._released = 0
        for _ in range(ARTICLES):
            self.add()
        write(self.desk, "first.md", self._front_matter("Desk"))
        self._release(old=None)

    @property
    def sources(self) -> list[Source]:
        """The sources under the names that they are served by."""
        return [Source(folder, folder.name) for folder in (self.news, self.site, self.desk)]

    @property
    def arguments(self) -> list[str]:
        """The sources as the command line takes them."""
        return [source.shown for source in self.sources]

    def step(self) -> None:
        """Do one thing that happens to folders every day."""
        self.random.choice((self.add, self.edit, self.edit, self.rename, self.remove, self.swap, self.link))()

    def add(self) -> None:
        """Write a new article."""
        self._made += 1
        write(self.news / self.random.choice(SECTIONS), f"{self._made}.md", self._front_matter("News"), "The body.\n")

    def edit(self) -> None:
        """Save an article again, in place or by way of another file, as editors do either."""
        path = self._any()
        if self.random.random() < 0.5:
            write(path.parent, path.name, self._front_matter("Edited"), "Another body.\n")
            return
        write(path.parent, "scratch.tmp", self._front_matter("Exchanged"), "Another body.\n")
        (path.parent / "scratch.tmp").replace(path)

    def rename(self) -> None:
        """Give an article another name."""
        self._made += 1
        path = self._any()
        path.rename(path.with_name(f"{self._made}.md"))

    def remove(self) -> None:
        """Remove an article, while there are many."""
        if len(self._articles()) > ARTICLES // 2:
            self._any().unlink()

    def swap(self) -> None:
        """Exchange two folders whose files have the same names or others."""
        one, two = (self.news / section for section in SECTIONS)
        spare = self.news.parent / "spare"
        one.rename(spare)
        two.rename(one)
        spare.rename(two)

    def link(self) -> None:
        """Point the link at a new release, and remove the old one, as deployments do."""
        old = self.site.resolve()
        self._release(old)
        shutil.rmtree(old)

    def recreate(self) -> None:
        """Move a whole folder away, and put a copy of it in its place."""
        self.news.rename(self._away)
        shutil.copytree(self._away, self.news)
        shutil.rmtree(self._away)

    def empty(self) -> None:
        """Take everything out of a folder, as a disk does that is no longer mounted."""
        self._away.mkdir()
        for each in self.news.iterdir():
            each.rename(self._away / each.name)

    def fill(self) -> None:
        """Put back what `empty` took out."""
        for each in self._away.iterdir():
            each.rename(self.news / each.name)
        self._away.rmdir()

    def _articles(self) -> list[Path]:
        return sorted(self.news.rglob("*.md"))

    def _any(self) -> Path:
        return self.random.choice(self._articles())

    def _front_matter(self, word: str) -> str:
        number = self.random.randrange(10**9)
        return (
            f"title: {word} {number}\nprovider: {{name: Harbour, domain: harbour.example}}\n"
            f"publishedDateTime: 2026-{number % 12 + 1:02}-{number % 28 + 1:02}T08:00:00Z\n"
            f"topics: [{self.random.choice(TOPICS)}]\nwebUrl: https://harbour.example/{number}"
        )

    def _release(self, old: Path | None) -> None:
        self._released += 1
        release = self._releases / str(self._released)
        if old is None:
            release.mkdir(parents=True)
        else:
            shutil.copytree(old, release)
        write(release, f"{self._released % 5}.md", self._front_matter("Released"))
        fresh = self.site.with_name("site.new")
        fresh.symlink_to(release)
        os.replace(fresh, self.site)  # noqa: PTH105 -- a link is exchanged in one step
