"""Notes beside the store up to which change everything was acknowledged, and tells on opening whether less is there.

A journal that was cut at a record, or removed, reads like one that never held more. The note stands in the lock file,
behind the name of the lock's holder; it is written after the sync of what it tells of, so that no crash leaves it ahead
of the journal. Without the file, or with a note that is torn or of another store, nothing is known.
"""

from pathlib import Path
from zlib import crc32

import msgspec
from msgspec import Struct

from store.tiny.disk.files import Files, Handle

OFFSET = 512
"""Where in the lock file: behind the name of the holder."""
SIZE = 128


class Witness(Struct, frozen=True):
    """Everything up to change `sequence` of this store was acknowledged."""

    store: str
    sequence: int


def note(files: Files, handle: Handle, witness: Witness) -> None:
    """Write the note into the open lock file; what fails costs the note only, since the change is on disk already."""
    text = msgspec.json.encode(witness)
    try:
        files.write(handle, OFFSET, (b"%08x %b" % (crc32(text), text)).ljust(SIZE - 1) + b"\n")
    except OSError:
        return


def noted(files: Files, path: Path) -> Witness | None:
    """Return the note of the lock file at *path*, None where there is none that can be read."""
    try:
        line = files.read(files.open(path), OFFSET, SIZE).rstrip()
        found = msgspec.json.decode(line[9:], type=Witness)
        return found if int(line[:8], 16) == crc32(line[9:]) else None
    except (OSError, ValueError):
        return None
