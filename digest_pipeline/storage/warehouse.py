"""The one door to DuckDB: opening the pipeline's file and the published copy, and the schema's versions.

The pipeline's file is only ever opened here, under the lock beside it, for one short transaction.
What the tables mean is the business of `store`; nothing is imported until a database is opened.
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest_pipeline.lockfile import locked
from digest_pipeline.models import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

# People's tools lag behind: files of this version open in every DuckDB since 1.5, and unlike older
# ones they refuse the write-ahead log of another file.
_CONFIG: dict[str, Any] = {"storage_compatibility_version": "v1.5.0"}
_RETRY_SECONDS = 0.2


class Warehouse:
    """The pipeline's DuckDB file; `published` is only named in messages."""

    def __init__(self, path: Path, published: Path, wait_seconds: float) -> None:
        self.path = path
        self._published = published
        self._wait_seconds = wait_seconds
        self._of_thread = threading.local()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[DuckDBPyConnection]:
        """A connection in one transaction: committed at the end, rolled back after any exception.

        Keep it short: everybody else waits. The file is created when missing. One inside of another of
        the same thread is a part of it. Raises StoreError when the lock or the file is not to be had in
        time, and for every error of the database.
        """
        outer: DuckDBPyConnection | None = getattr(self._of_thread, "connection", None)
        if outer is not None:
            yield outer
            return
        _warm_up()
        with self._lock(), self._open() as connection:
            connection.execute("BEGIN")
            self._of_thread.connection = connection
            try:
                yield connection
            finally:
                self._of_thread.connection = None
            connection.execute("COMMIT")

    @contextlib.contextmanager
    def at_rest(self) -> Iterator[Path]:
        """The path of the complete file, with the lock held and nobody connected; never in a transaction."""
        if getattr(self._of_thread, "connection", None) is not None:
            raise RuntimeError(f"{self.path}: would wait for the transaction of its own thread")
        with self._lock():
            if not self.path.exists() or self._log.exists():
                # A killed run left commits in the write-ahead log; a checkpoint moves them into the file.
                with self._open() as connection:
                    connection.execute("CHECKPOINT")
            if self._log.exists():
                raise StoreError(f"{self.path}: its write-ahead log cannot be emptied; is the disk full?")
            yield self.path

    def _lock(self) -> contextlib.AbstractContextManager[None]:
        return locked(Path(f"{self.path}.lock"), self._wait_seconds)

    @property
    def _log(self) -> Path:
        return Path(f"{self.path}.wal")

    @contextlib.contextmanager
    def _open(self) -> Iterator[DuckDBPyConnection]:
        with _in_one_line(f"{self.path}: "):
            if not self.path.exists():
                self._create()
            with _closing(self._connect(self.path)) as connection:
                migrate(connection, self.path, schema_versions())
                yield connection

    def _create(self) -> None:
        """Make the empty database under another name first: a kill leaves none that is half made."""
        new = Path(f"{self.path}.new")
        for leftover in (new, Path(f"{new}.wal"), self._log):  # a log without its file serves nobody
            leftover.unlink(missing_ok=True)
        with _closing(self._connect(new)) as connection:
            migrate(connection, new, schema_versions())
        new.replace(self.path)

    def _connect(self, path: Path) -> DuckDBPyConnection:
        """Connect, waiting for a person who opened the pipeline's own file; the queue holds all others."""
        import duckdb  # noqa: PLC0415 - see `_warm_up`

        end = time.monotonic() + self._wait_seconds
        while True:
            try:
                return duckdb.connect(str(path), config=_CONFIG)
            except duckdb.IOException as error:
                if "Could not set lock" not in str(error):
                    raise
                if time.monotonic() > end:
                    holder = re.search(r"PID (\d+)", str(error))
                    who = f"process {holder[1]}" if holder else "another process"
                    raise StoreError(
                        f"{path}: waited {self._wait_seconds:g} s for {who}, which has the file open; "
                        f"close it there and open {self._published} instead"
                    ) from error
                time.sleep(_RETRY_SECONDS)


@functools.cache
def _warm_up() -> None:
    """Load before the queue what DuckDB loads at its first parameter: pandas, for half a second."""
    import duckdb  # noqa: PLC0415 - costs 0.2 s, and importing the store shall cost nothing

    with duckdb.connect() as connection:
        connection.execute("SELECT ?", [1])


def read_published(path: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a person's SQL on the published copy, read-only: column names and rows.

    Raises StoreError, in one line, when there is no copy yet or the SQL is wrong.
    """
    import duckdb  # noqa: PLC0415 - see `_warm_up`

    if not path.exists():
        raise StoreError(f"{path}: nothing is published yet; `digest run` makes it")
    with _in_one_line(""), _closing(duckdb.connect(str(path), read_only=True)) as connection:
        answer = connection.execute(sql)
        if answer.description is None:
            return [], []
        return [column[0] for column in answer.description], answer.fetchall()


@contextlib.contextmanager
def _closing(connection: DuckDBPyConnection) -> Iterator[DuckDBPyConnection]:
    try:
        yield connection
    except BaseException:
        # A query that Ctrl-C broke off goes on in DuckDB's threads: closing would wait for its end, and
        # without the rollback the next connection of this process to the file would wait for ever.
        connection.interrupt()
        with contextlib.suppress(Exception):  # the first error is the one to tell
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.close()


@contextlib.contextmanager
def _in_one_line(subject: str) -> Iterator[None]:
    """Make StoreErrors of DuckDB's, without its drawing of the place in the SQL."""
    import duckdb  # noqa: PLC0415 - see `_warm_up`

    try:
        yield
    except duckdb.Error as error:
        text = " ".join(str(error).partition("\n\nLINE ")[0].split())
        if "not a valid DuckDB database" in text or "Corrupt database" in text:
            text += "; move the file away, the next run makes it anew"
        raise StoreError(subject + text) from error
    except RuntimeError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # DuckDB wraps a Ctrl-C
            raise KeyboardInterrupt from error
        raise


def schema_versions() -> tuple[list[str], str]:
    """The scripts of `schema.sql`: what leads to version 1, 2 … and what makes the views."""
    text = resources.files("digest_pipeline").joinpath("schema.sql").read_text("utf-8")
    tables, _, views = text.partition("-- views\n")
    return re.split(r"^-- version \d+\n", tables, flags=re.MULTILINE)[1:], views


def migrate(connection: DuckDBPyConnection, path: Path, schema: tuple[list[str], str]) -> None:
    """Bring a database to the newest version in one transaction; raises StoreError if it is newer."""
    scripts, views = schema
    version = _version(connection)
    if version > len(scripts):
        raise StoreError(
            f"{path}: its schema is version {version}, this program knows {len(scripts)}; "
            "update the program or use the folder's own one"
        )
    if version == len(scripts):
        return
    connection.execute("BEGIN")
    for script in [*scripts[version:], views]:
        connection.execute(script)
    connection.execute("DELETE FROM pipeline.schema_version")
    connection.execute("INSERT INTO pipeline.schema_version VALUES (?)", [len(scripts)])
    connection.execute("COMMIT")


def _version(connection: DuckDBPyConnection) -> int:
    import duckdb  # noqa: PLC0415 - see `_warm_up`

    try:  # to ask the catalogue first takes five times as long, and every transaction asks
        row = connection.execute("SELECT version FROM pipeline.schema_version").fetchone()
    except duckdb.CatalogException:
        return 0
    return row[0] if row else 0
