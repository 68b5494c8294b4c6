"""Dagster's own SQLite storage, with the text of its events compressed.

Dagster writes each event as JSON of one to twenty kilobytes, those of assets twice, and most of it is the
same in every event. A night of 20 repositories takes 3.7 MB that way and 0.8 MB this way. What stands in
a storage as plain text is still read. `dagster.yaml` names the class, so every process that opens the
instance has it. Which runs are forgotten is `runs`.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Self

import sqlalchemy as db
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, SqliteStorageConfig

if TYPE_CHECKING:
    from dagster._serdes import ConfigurableClassData

WORDS = Path(__file__).with_suffix(".txt").read_bytes()
"""What the events repeat, the most frequent last. Rows can only be read with the very words they were
written with (zlib checks it), so a change of the file needs a second one beside it."""
COLUMNS = (
    SqlEventLogStorageTable.c.event,
    AssetKeyTable.c.last_materialization,
    AssetCheckExecutionsTable.c.evaluation_event,
)


class Compressed(db.types.TypeDecorator[str]):
    """Text that a database keeps as bytes of zlib."""

    impl = db.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: db.Dialect) -> bytes | None:  # noqa: ARG002 - SQLAlchemy's
        """What is written."""
        return None if value is None else compressed(value)

    def process_result_value(self, value: str | bytes | None, dialect: db.Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """What was written; a row of before is text."""
        return plain(value) if isinstance(value, bytes) else value


def compressed(text: str) -> bytes:
    """The bytes of a text."""
    packer = zlib.compressobj(zdict=WORDS)
    return packer.compress(text.encode("utf-8", "surrogatepass")) + packer.flush()


def plain(data: bytes) -> str:
    """The text of such bytes. Raises zlib.error when they are none, or of other words."""
    return zlib.decompressobj(zdict=WORDS).decompress(data).decode("utf-8", "surrogatepass")


class CompressedStorage(DagsterSqliteStorage):
    """Runs, events and schedules in SQLite files below a folder, events compressed."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        for column in COLUMNS:
            column.type = Compressed()  # before Dagster builds the first statement of this storage
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: SqliteStorageConfig) -> Self:
        """What Dagster calls with the configuration of `dagster.yaml`."""
        return cls.from_local(inst_data=inst_data, **config_value)
