"""The copy for people: made beside the old one and put in its place in one step.

Whoever has the old copy open keeps it, unchanged, until they close it. Only files are handled here:
the caller holds the lock and has no connection to the source, because closing a file drops every
POSIX lock that the process has on it, DuckDB's included (updates were lost that way, silently).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from digest_pipeline.models import StoreError


def publish_copy(source: Path, copy: Path) -> bool:
    """Make `copy` a read-only (0444) copy of the closed database file `source`, durably and atomically.

    False if it is one already. A write-ahead log that somebody who opened the copy for writing left
    behind is removed, otherwise DuckDB would apply it to the new copy. Raises StoreError when it
    cannot be written; then the old copy stays.
    """
    if _is_current(source, copy):
        return False
    # A fixed name: what a killed run left behind is overwritten by the next.
    new = copy.with_name(f".{copy.name}.new")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        shutil.copyfile(source, new)
        stat = source.stat()
        os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        new.chmod(0o444)
        _sync(new)
        _log_of(copy).unlink(missing_ok=True)
        new.replace(copy)
        _log_of(copy).unlink(missing_ok=True)
        _sync(copy.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise StoreError(f"{copy}: cannot be published: {error.strerror}; the copy before stays") from error
    return True


def _is_current(source: Path, copy: Path) -> bool:
    """Equal size and time of change, as rsync decides; a copy that somebody wrote to differs."""
    if not copy.exists() or _log_of(copy).exists():
        return False
    there, here = source.stat(), copy.stat()
    return (there.st_size, there.st_mtime_ns, 0o444) == (here.st_size, here.st_mtime_ns, here.st_mode & 0o777)


def _log_of(database: Path) -> Path:
    return Path(f"{database}.wal")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
