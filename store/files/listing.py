"""Lists the files of an open folder that may be documents, counts the others, and says what is refused.

Every directory is walked once, under its own name rather than a link's, so loops end. Links that stay inside the folder
are resolved, since `store.files.folder` opens none; those that leave it are refused. Names that start with a dot are
skipped.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from errno import ENOENT
from heapq import heappop, heappush
from pathlib import Path

from store.errors import Problem, by_location
from store.files.folder import CONFIGURATION, File, Folder, refusal
from store.files.front_matter import FENCED, WHOLE

DEEPEST = 64
"""Directories within directories."""
LOST_AND_FOUND = "lost+found"
"""What a file system that is new holds."""
MOST_LINKS = 40
"""Links that a path may lead through, as in the kernel."""


@dataclass(slots=True)
class Listing:
    """What a folder holds: files by path, how many others were skipped, what is wrong, and what could not be listed."""

    files: list[File] = field(default_factory=list)
    skipped: int = 0
    problems: list[Problem] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Directories whose files are unknown, not gone; each ends in a slash, and is empty for the folder itself."""
    hollow: list[str] = field(default_factory=list)
    """Directories that hold nothing at all, as one does whose disk is not mounted; each ends in a slash."""
    places: set[str] = field(default_factory=set)
    """The real paths of all directories that decide what is listed: those walked, and those that links lead through."""

    def refuse(self, path: str, code: str, message: str) -> None:
        """Note that something there is not read."""
        self.problems.append(Problem(path, None, code, message))


def listed(folder: Folder) -> Listing:
    """Walk the folder; whatever is wrong stands in the listing."""
    return _Walk(folder).run()


class _Walk:
    def __init__(self, folder: Folder) -> None:
        self._folder, self._root = folder, folder.real.rstrip("/")
        self._listing = Listing()
        self._seen: set[tuple[int, int]] = set()
        # Heaps: which of two ways to one directory comes first does not depend on the file system's order.
        self._waiting = [File("", "")]
        self._links: list[File] = []

    def run(self) -> Listing:
        while self._waiting or self._links:
            self._enter(heappop(self._waiting or self._links))
        self._listing.files.sort()
        self._listing.problems.sort(key=by_location)
        return self._listing

    def _enter(self, directory: File) -> None:
        path, real = directory
        if real.count("/") > DEEPEST:
            self._listing.refuse(path, "file.depth", f"lies deeper than {DEEPEST} directories")
            self._listing.unread.append(path)
            return
        try:
            handle = self._folder.directory(real)
            state = os.fstat(handle)
            if (state.st_dev, state.st_ino) not in self._seen:
                self._seen.add((state.st_dev, state.st_ino))
                self._listing.places.add(f"{self._root}/{real}".rstrip("/") or "/")
                with os.scandir(handle) as entries:
                    names = [self._meet(entry, File(path + entry.name, real + entry.name)) for entry in entries]
                if all(name.startswith(".") or name == LOST_AND_FOUND for name in names):
                    self._listing.hollow.append(path)
        except OSError as error:
            self._listing.problems.append(refusal(path.rstrip("/"), error))
            self._listing.unread.append(path)

    def _meet(self, entry: os.DirEntry[str], file: File) -> str:
        if entry.name.startswith(".") or file.real == CONFIGURATION:
            self._listing.skipped += not entry.is_dir(follow_symlinks=False)
            if file.real == CONFIGURATION and entry.is_symlink():
                self._note_way(file)
        elif entry.is_file(follow_symlinks=False):
            self._take(file)
        elif entry.is_symlink():
            self._follow(file)
        elif not entry.is_dir(follow_symlinks=False):
            self._listing.refuse(file.path, "file.special", "is a FIFO, a device or a socket")
        elif self._is_named_well(file.path):
            heappush(self._waiting, File(f"{file.path}/", f"{file.real}/"))
        return entry.name

    def _follow(self, link: File) -> None:
        """Take what a link leads to, if that is inside; a directory only if it was not walked under its own name."""
        root, written = self._root, self._note_way(link)
        try:
            mode = Path(written).stat().st_mode
        except OSError as error:
            nothing = Problem(link.path, None, "file.link", "leads to nothing")
            self._listing.problems.append(nothing if error.errno == ENOENT else refusal(link.path, error))
            self._listing.unread.append(f"{link.path}/")
            return
        target = os.path.realpath(written)
        real = target[len(root) + 1 :]
        if stat.S_ISREG(mode) and not _may_be_document(link.path):
            self._listing.skipped += 1
        elif not f"{target}/".startswith(f"{root}/"):
            self._listing.refuse(link.path, "file.link", f"leads out of the folder, to {target}")
            self._listing.unread.append(f"{link.path}/")
        elif not stat.S_ISDIR(mode):
            self._take(File(link.path, real))
        elif f"{written}/".startswith(f"{target}/"):
            self._listing.refuse(link.path, "file.link", "leads round in a circle")
        else:
            heappush(self._links, File(f"{link.path}/", f"{real}/"))

    def _note_way(self, link: File) -> str:
        """Note the directories that a link leads through, and return the link's whole path."""
        written = f"{self._root}/{link.real}"
        self._listing.places.update(each for each in _passed(written) if f"{each}/".startswith(f"{self._root}/"))
        return written

    def _take(self, file: File) -> None:
        if not _may_be_document(file.path):
            self._listing.skipped += 1
        elif self._is_named_well(file.path):
            self._listing.files.append(file)

    def _is_named_well(self, path: str) -> bool:
        if path.isascii():
            return True
        try:
            path.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(path).decode("utf-8", "backslashreplace")
            self._listing.refuse(shown, "file.name", "has a name that is no UTF-8")
            return False
        return True


def _passed(path: str) -> Iterator[str]:
    """Yield each directory that holds a name or a link on the way to what a path leads to, itself without links."""
    left, place, links = [*reversed(Path(path).parts[1:])], Path("/"), 0
    while left and links < MOST_LINKS:
        name = left.pop()
        if name == "..":
            place = place.parent
            continue
        yield str(place)
        try:
            target = (place / name).readlink()
        except OSError:
            place /= name  # no link, or nothing there
        else:
            links += 1
            place = Path("/") if target.is_absolute() else place
            left += reversed(target.parts[target.is_absolute() :])


def _may_be_document(path: str) -> bool:
    return path.lower().endswith(FENCED + WHOLE)
