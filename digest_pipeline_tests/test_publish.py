from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from digest_pipeline.models import StoreError
from digest_pipeline.storage.publish import publish_copy

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "pipeline" / "warehouse.duckdb"
    path.parent.mkdir()
    path.write_bytes(b"one")
    return path


def rewrite(path: Path, content: bytes) -> None:
    """What a program with more rights than it should have does; the time of change moves on."""
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(0o444)


def test_the_copy_is_read_only_and_equal(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data" / "digest.duckdb"
    assert publish_copy(source, copy)
    assert copy.read_bytes() == b"one"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o444
    assert list(copy.parent.iterdir()) == [copy]


def test_an_unchanged_source_is_not_copied_again(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "digest.duckdb"
    publish_copy(source, copy)
    inode = copy.stat().st_ino
    assert not publish_copy(source, copy)
    assert copy.stat().st_ino == inode
    source.write_bytes(b"second")
    assert publish_copy(source, copy)
    assert copy.read_bytes() == b"second"


def test_who_has_the_old_copy_open_keeps_it(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "digest.duckdb"
    publish_copy(source, copy)
    with copy.open("rb") as reader:
        source.write_bytes(b"second")
        publish_copy(source, copy)
        assert reader.read() == b"one"


def test_a_copy_that_somebody_changed_is_replaced(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "digest.duckdb"
    publish_copy(source, copy)
    rewrite(copy, b"mine")
    assert publish_copy(source, copy)
    assert copy.read_bytes() == b"one"


def test_the_log_of_somebody_who_wrote_is_not_applied_to_the_new_copy(source: Path, tmp_path: Path) -> None:
    copy, log = tmp_path / "digest.duckdb", tmp_path / "digest.duckdb.wal"
    publish_copy(source, copy)
    log.write_bytes(b"theirs")
    assert publish_copy(source, copy)
    assert not log.exists()


def test_what_a_killed_run_left_is_overwritten(source: Path, tmp_path: Path) -> None:
    copy, left = tmp_path / "digest.duckdb", tmp_path / ".digest.duckdb.new"
    left.write_bytes(b"half")
    left.chmod(0o444)
    assert publish_copy(source, copy)
    assert copy.read_bytes() == b"one"
    assert not left.exists()


def test_a_copy_that_cannot_be_made_leaves_the_old_one(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "digest.duckdb"
    publish_copy(source, copy)
    source.write_bytes(b"second")
    (tmp_path / ".digest.duckdb.new").mkdir()
    with pytest.raises(StoreError, match=r"cannot be published: .*; the copy before stays"):
        publish_copy(source, copy)
    assert copy.read_bytes() == b"one"
