"""Words the error for a file that cannot be read, so that it says what to do about it."""

from pathlib import Path

from store.errors import StoreDamagedError
from store.tiny.disk.files import Files


def previous(path: Path) -> Path:
    """Return the name of the last good snapshot."""
    return path.with_name(path.name + ".previous")


def snapshot_damaged(files: Files, path: Path, reason: str) -> StoreDamagedError:
    """Return the error for a snapshot: its predecessor and the journals give everything back, where they are there."""
    if path != previous(path) and files.find(previous(path)):
        advice = f"With the journals kept, the snapshot before it loses nothing: mv '{previous(path)}' '{path}'"
    else:
        advice = f"Move it away, with any '{path.name}.journal.*' beside it, and ingest again"
    return StoreDamagedError(f"{path}: {reason}. Nothing was overwritten. {advice}.")


def journal_damaged(path: Path, offset: int, reason: str) -> StoreDamagedError:
    """Return the error for a journal: what stands before the damage can be kept, if the rest is given up."""
    return StoreDamagedError(
        f"{path}: {reason} at byte {offset}. Nothing was overwritten. Restore the file from a copy; or give up "
        f"what was written after: copy it away, cut it with: truncate -s {offset} '{path}', remove the journals "
        "numbered above it, and ingest again."
    )
