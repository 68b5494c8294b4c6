"""Values on their way into the database: JSON lines in a file without a name, so that memory stays small.

What is slow (git, models) happens while the spool is filled, without any lock; the database then
reads it in one statement with named types, so nothing is guessed from the values. A kill leaves
nothing behind. What the tables mean is not known here.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from typing import TYPE_CHECKING, Literal, Self

from digest_pipeline.models import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from duckdb import DuckDBPyConnection

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_SHORTEST_BUFFER = 2**20


class Spool:
    """Records, drawn on entering the `with` block and kept in `folder` until its end."""

    def __init__(
        self, folder: Path, fields: Mapping[str, str], records: Iterable[Mapping[str, object]]
    ) -> None:
        self._folder = folder
        self._fields = fields
        self._records = records
        self._longest = _SHORTEST_BUFFER

    def __enter__(self) -> Self:
        with self._writing():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile("wb", dir=self._folder)
        try:
            for record in self._records:
                line = storable_json(record).encode() + b"\n"
                self._longest = max(self._longest, len(line))
                with self._writing():
                    self._file.write(line)
            with self._writing():
                self._file.flush()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):  # a full disk: closing tries to write once more
            self._file.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"{self._folder}: cannot be written to: {error.strerror}") from error

    def fill(self, db: DuckDBPyConnection, table: str, *, kind: Literal["TABLE", "VIEW"] = "TABLE") -> None:
        """Make the temporary `table` of the records, in their order, with the fields and their SQL types.

        A VIEW takes no memory, but every statement reads the records anew, and only inside the `with` block.
        """
        columns = ", ".join(f"{name}: '{of}'" for name, of in self._fields.items())
        db.execute(
            f"CREATE OR REPLACE TEMP {kind} {table} AS FROM read_json("
            f"'/dev/fd/{self._file.fileno()}', format = 'newline_delimited', columns = {{{columns}}}, "
            f"maximum_object_size = {self._longest})"
        )


def storable_json(value: object) -> str:
    """JSON of a value whose text the database can hold: NUL is dropped, a lone surrogate becomes U+FFFD."""
    line = _encode(value)
    if "\\u0000" in line or not _is_utf8(line):
        line = _encode(_storable(value))
    return line


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _storable(value: object) -> object:
    if isinstance(value, str):
        return _UNSTORABLE.sub(lambda match: "" if match[0] == "\0" else "\ufffd", value)
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(item) for item in value]
    return value
