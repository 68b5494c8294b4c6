from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.files import report_path, write_files

DAY = dt.date(2026, 2, 18)
ROOT = Path("/reports")


def test_a_usual_name_is_its_own_path() -> None:
    assert report_path(ROOT, "sgl-project/sglang", DAY) == ROOT / "sgl-project/sglang/2026-02-18.md"
    assert report_path(ROOT, "group/sub/name.js", DAY) == ROOT / "group/sub/name.js/2026-02-18.md"


NAMES = st.text(alphabet="ab./\\ \0é:-\ud800", max_size=12) | st.sampled_from(
    [
        "../../etc/passwd",
        "/abs/x",
        "a/..",
        "..",
        "a//b",
        "daily/x",
        "README.md/x",
        "con/nul",
        "a" * 300 + "/b",
        "",
    ]
)


@given(NAMES)
def test_no_name_leaves_the_folder_or_hides(name: str) -> None:
    path = report_path(ROOT, name, DAY)
    inside = path.relative_to(ROOT)
    assert len(inside.parts) == name.count("/") + 2
    assert not any(part.startswith(".") for part in inside.parts)
    assert all(len(part) <= 80 and part.isascii() for part in inside.parts)
    assert inside.parts[0] != "daily"


@given(NAMES, NAMES)
def test_two_names_never_share_a_page(one: str, two: str) -> None:
    assert (report_path(ROOT, one, DAY) == report_path(ROOT, two, DAY)) == (one == two)


def test_a_file_with_the_same_bytes_is_not_touched(tmp_path: Path) -> None:
    page = tmp_path / "a" / "b" / "page.md"
    assert write_files({page: "一\n"}) == [page]
    os.utime(page, ns=(1, 1))
    before = page.stat()
    assert write_files({page: "一\n"}) == []
    assert page.stat().st_mtime_ns == 1
    assert page.stat().st_ino == before.st_ino
    assert write_files({page: "二\n"}) == [page]
    assert page.read_bytes() == "二\n".encode()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    write_files({page: "old"})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_files({page: "new"})
    assert page.read_text() == "old"
    assert list(tmp_path.iterdir()) == [page]


def test_a_reader_keeps_the_whole_old_page_open(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    write_files({page: "old" * 1000})
    with page.open() as reader:
        write_files({page: "new"})
        assert reader.read() == "old" * 1000


def test_a_new_file_has_the_mode_of_the_umask(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_files({tmp_path / "page.md": "x"})
    finally:
        os.umask(mask)
    assert (tmp_path / "page.md").stat().st_mode & 0o777 == 0o640
