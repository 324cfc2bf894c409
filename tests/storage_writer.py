"""Writes to a store until it is killed, and prints each acknowledged number, for the tests that kill it.

Arguments: PATH FIRST LAST SIZE."""

import sys
from pathlib import Path

from store.tiny.disk.storage import JournalStorage
from tests.storage_history import KEEP, write


def main(path: str, first: int, last: int, size: int) -> None:
    """Write, compacting now and then, and say what was acknowledged."""
    storage = JournalStorage(Path(path), logs=KEEP)
    for number in range(first, last + 1):
        write(storage, number, size)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        if number % 4 == 0:
            storage.compact()
    storage.close()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
