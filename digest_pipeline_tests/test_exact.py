"""Every row equals git's: the program is asked about histories that are made to be difficult."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import pytest

from digest_pipeline_tests.gitoracle import (
    LINK,
    PROGRAM,
    SUBMODULE,
    Forge,
    differences,
    git_rows,
    git_version,
)
from digest_pipeline_tests.test_commits import all_commits

if TYPE_CHECKING:
    from pathlib import Path

    from digest_pipeline.models import Commit

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git program to compare with")


@pytest.fixture(autouse=True)
def _pairs_like_this_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest_pipeline.git.renames.COUNTS_TAIL", git_version() >= (2, 44))


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path / "forge.git")


def same_as_git(forge: Forge) -> dict[str, Commit]:
    """Compare the whole history with git; the commits by SHA."""
    commits = all_commits(forge.path, forge.tip)
    assert differences(commits, git_rows(forge.path, forge.tip)) == {}
    return {commit.sha: commit for commit in commits}


def text(name: object, lines: int = 40) -> bytes:
    return b"".join(f"{name}: line {n} of {lines}\n".encode() for n in range(lines))


def statuses(commit: Commit) -> list[str]:
    return [f.status for f in commit.files]


def test_renames_of_the_same_content_prefer_the_same_name(forge: Forge) -> None:
    for folder in ("a", "b", "c"):
        forge.put(f"{folder}/same", b"same\n")
        forge.put(f"{folder}/other", b"same\n")
    forge.put("a/empty", b"")
    forge.commit()
    for folder in ("a", "b", "c"):
        forge.move(f"{folder}/same", f"new/{folder}/other")
        forge.move(f"{folder}/other", f"new/{folder}/same")
    forge.move("a/empty", "elsewhere")
    sha = forge.commit()
    assert statuses(same_as_git(forge)[sha]) == ["R"] * 7


@pytest.mark.parametrize("numbers", [(99,), (100,), (101,), (102,), (149, 120, 103, 102, 101, 100, 99, 3)])
def test_of_many_alternatives_only_the_first_hundred_are_looked_at(
    forge: Forge, numbers: tuple[int, ...]
) -> None:
    for number in range(150):
        forge.put(f"old/{number:03}", b"")
    forge.commit()
    forge.files.clear()
    for number in numbers:
        forge.put(f"new/{149 - number:03}/{number:03}", b"")
    forge.commit()
    same_as_git(forge)


@pytest.mark.parametrize("kept", [51, 50, 49, 76, 75, 74])
def test_renames_need_git_s_share_of_common_bytes(forge: Forge, kept: int) -> None:
    forge.put("a/name.py", text("x", 100))
    forge.put("a/first.py", text("y", 100))
    forge.commit()
    for old, new, who in (("a/name.py", "b/name.py", "x"), ("a/first.py", "a/second.py", "y")):
        lines = text(who, 100).splitlines(keepends=True)
        forge.move(old, new, b"".join(lines[:kept]) + b"".join(b"#" + line[1:] for line in lines[kept:]))
    forge.commit()
    same_as_git(forge)


def test_rename_candidates_that_tie_pair_in_git_s_order(forge: Forge) -> None:
    for number in range(9):
        forge.put(f"old/{number}", text("tie") + text(number % 3, 4 + number % 2))
    forge.commit()
    forge.files.clear()
    for number in range(7):
        forge.put(f"new/{8 - number}", text("tie") + text("new", 3 + number % 2))
    forge.commit()
    same_as_git(forge)


def test_renames_see_through_line_ends_and_long_lines(forge: Forge) -> None:
    forge.put("crlf", text("crlf").replace(b"\n", b"\r\n"))
    forge.put("long", b"x" * 64 + b"\n" + b"y" * 63 + b"\n" + b"0123456789" * 40)
    forge.put("binary", bytes(range(256)) * 8)
    forge.put("no-end", text("end", 3) + b"the end")
    forge.commit()
    forge.move("crlf", "lf", text("crlf"))
    forge.move("long", "longer", b"x" * 64 + b"\n" + b"y" * 63 + b"\n" + b"0123456789" * 44)
    forge.move("binary", "bytes", bytes(range(256)) * 8 + b"more")
    forge.move("no-end", "end", text("end", 3) + b"the end of all")
    sha = forge.commit()
    renamed = [f for f in same_as_git(forge)[sha].files if f.status == "R"]
    assert len(renamed) == 4
    assert [f.is_binary for f in renamed if f.path == "bytes"] == [True]


def test_bytes_after_the_last_line_end_count_from_git_2_44_on(forge: Forge) -> None:
    forge.put("old", b"one\n" + b"t" * 60)
    forge.commit()
    forge.move("old", "new", b"two\n" + b"t" * 60)
    sha = forge.commit()
    assert statuses(same_as_git(forge)[sha]) == (["R"] if git_version() >= (2, 44) else ["A", "D"])


@pytest.mark.parametrize("changed", [False, True])
def test_more_than_a_thousand_renames(forge: Forge, changed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    for number in range(1_100):
        forge.put(f"old/{number % 7}/{number}.txt", text(number, 6))
        forge.put(f"old/{number % 7}/same/index", text(number % 7, 6))
    forge.commit()
    for number in range(1_100):
        forge.move(
            f"old/{number % 7}/{number}.txt",
            f"new/{number}.txt",
            text(number, 6) + b"more\n" if changed else None,
        )
    sha = forge.commit()
    assert statuses(same_as_git(forge)[sha]).count("R") == 1_100


def test_too_many_pairs_are_not_compared(forge: Forge) -> None:
    for number in range(1_001):
        forge.put(f"old/{number}", text(number, 6))
    forge.commit()
    for number in range(1_001):
        forge.move(f"old/{number}", f"new/x{number}", text(number, 6) + b"more\n")
    sha = forge.commit()
    assert set(statuses(same_as_git(forge)[sha])) == {"A", "D"}


def test_types_and_modes_change_as_git_says(forge: Forge) -> None:
    one, two = b"1" * 40, b"2" * 40
    forge.put("file", text("file"))
    forge.put("link", b"target", LINK)
    forge.put("module", one, SUBMODULE)
    forge.put("gone-module", one, SUBMODULE)
    forge.put("program", text("program"))
    forge.put("picture", b"\0binary")
    forge.put("folder/inside", text("inside"))
    forge.put("leaf", text("leaf"))
    forge.commit()
    forge.put("file", b"target", LINK)
    forge.put("link", text("link"))
    forge.put("module", two, SUBMODULE)
    del forge.files[b"gone-module"]
    forge.put("new-module", two, SUBMODULE)
    forge.put("program", text("program"), PROGRAM)
    forge.put("picture", b"\0binary", PROGRAM)
    del forge.files[b"folder/inside"]
    forge.put("folder", b"target", LINK)
    del forge.files[b"leaf"]
    forge.put("leaf/inside", b"other\n")
    first = forge.commit()
    forge.put("file", one, SUBMODULE)
    forge.put("module", text("module"))
    forge.move("link", "moved-link")
    forge.put("link-to", b"somewhere", LINK)
    forge.commit()
    forge.move("link-to", "moved-link-to")
    forge.move("new-module", "moved-module")
    forge.move("picture", "moved-picture")
    forge.commit()
    commits = same_as_git(forge)
    assert {f.path: f.status for f in commits[first].files if f.path in {"file", "program"}} == {
        "file": "T",
        "program": "M",
    }


@pytest.mark.parametrize("place", [0, 7_998, 7_999, 8_000, 20_000])
def test_binary_is_a_nul_in_the_first_8000_bytes_of_either_side(forge: Forge, place: int) -> None:
    lines = text("n", 1_000)
    holed = lines[:place] + b"\0" + lines[place + 1 :]
    forge.put("appears", lines)
    forge.put("goes", holed)
    forge.put("stays", holed)
    forge.commit()
    forge.put("appears", holed)
    forge.put("goes", lines)
    forge.put("stays", holed + b"more\n")
    sha = forge.commit()
    assert {f.is_binary for f in same_as_git(forge)[sha].files} == {place < 8_000}


def test_commits_without_files_and_merges_of_many(forge: Forge) -> None:
    forge.put("a", text("a"))
    root = forge.commit()
    empty = forge.commit()
    branches = []
    for number in range(3):
        forge.put(f"branch-{number}", text(number))
        branches.append(forge.commit(parents=[root]))
    merge = forge.commit(parents=[empty, *branches])
    commits = same_as_git(forge)
    assert commits[empty].files == ()
    assert [f.path for f in commits[merge].files] == ["branch-0", "branch-1", "branch-2"]
    assert {commits[sha].landed_by for sha in branches} == {merge}


def test_two_roots_and_an_empty_tree(forge: Forge) -> None:
    first = forge.commit()
    forge.put("other", b"x")
    second = forge.commit(parents=[])
    forge.commit(parents=[first, second])
    assert sum(len(c.files) for c in same_as_git(forge).values()) == 2


def test_names_that_are_not_utf_8(forge: Forge) -> None:
    forge.put(b"caf\xe9.txt", text("caf"))
    forge.put('日本/\t"quoted" \\ name\nwith lines', text("jp"))
    forge.commit("Grüße\n".encode("latin-1"), author=b"J\xf6rg <j\xf6rg@b>")
    forge.files[b"caf\xe8.txt"] = forge.files.pop(b"caf\xe9.txt")
    forge.commit(b"\xb5\n", header=b"encoding no-such-code\n")
    commits = all_commits(forge.path, forge.tip)
    assert [f.path for f in commits[0].files] == ["caf�.txt", '日本/\t"quoted" \\ name\nwith lines']
    assert (commits[0].subject, commits[0].author_name, commits[0].author_email) == (
        "Grüße",
        "Jörg",
        "jörg@b",
    )
    assert [(f.old_path, f.path) for f in commits[1].files] == [("caf\\xe9.txt", "caf\\xe8.txt")]
    assert commits[1].subject == "µ"
    rows = git_rows(forge.path, forge.tip)[forge.tip]
    assert [(r.old_path, r.path, r.status) for r in rows] == [(b"caf\xe9.txt", b"caf\xe8.txt", "R")]


@pytest.mark.parametrize(
    "date",
    [
        b"99999999999999999999 +0000",
        b"18446744073709551614 +0000",
        b"4611686018427387904 +0000",
        b"253402300800 +0000",
        b"1700000000 +9999",
        b"1700000000 -7700",
        b"1700000000 +051800",
        b"-5 +0000",
        b"soon +0000",
    ],
)
def test_dates_that_no_calendar_has(forge: Forge, date: bytes) -> None:
    forge.put("a", b"1\n")
    forge.commit()
    forge.put("a", b"2\n")
    odd = forge.commit(date=date)
    forge.put("a", b"3\n")
    forge.commit()
    commits = same_as_git(forge)
    assert len(commits) == 3
    assert commits[odd].landed_at <= 2**40


def test_a_lost_file_leaves_its_row_without_counts(forge: Forge) -> None:
    forge.put("lost", b"lost\n")
    forge.put("kept", text("kept"))
    forge.commit()
    forge.put("lost", b"found\n")
    forge.put("kept", b"new\n" + text("kept"))
    sha = forge.commit()
    forge.move("lost", "moved", b"another\n")
    forge.commit()
    forge.lose(b"lost\n")
    rows = {c.sha: {f.path: f for f in c.files} for c in all_commits(forge.path, forge.tip)}[sha]
    assert (rows["lost"].status, rows["lost"].insertions, rows["lost"].deletions) == ("M", None, None)
    assert not rows["lost"].is_binary
    assert (rows["kept"].insertions, rows["kept"].deletions) == (1, 0)


def test_random_edits_count_as_git_counts_them(forge: Forge) -> None:
    dice = random.Random(20_260_218)  # noqa: S311 - edits, not secrets
    words = [b"", b"}", b"{", b"    return x", b"x = 1", b"end", b"\r", b"pass"]
    for _ in range(150):
        for _ in range(dice.randint(1, 4)):
            name = f"d{dice.randint(0, 2)}/f{dice.randint(0, 9)}"
            lines = forge.files.get(name.encode(), (0, b""))[1].split(b"\n")
            for _ in range(dice.choice([0, 1, 3, 40])):
                place = dice.randint(0, len(lines))
                new = [dice.choice([*words, b"%d" % dice.randint(0, 999)]) for _ in range(dice.randint(0, 9))]
                lines[place : place + dice.choice([0, 0, 1, 2, 9])] = new
            forge.put(name, b"\n".join(lines))
        moved = dice.choice(sorted(forge.files))
        if dice.random() < 0.3:
            forge.move(moved.decode(), f"d{dice.randint(0, 2)}/f{dice.randint(0, 9)}")
        elif dice.random() < 0.2:
            del forge.files[moved]
        forge.commit()
    assert len(same_as_git(forge)) == 150
