from __future__ import annotations

from digest_pipeline.git.changes import BINARY, MISSING, Change, Counts, count_all
from digest_pipeline.git.renames import Side

FILE, PROGRAM, SUBMODULE = 0o100644, 0o100755, 0o160000


class Blobs(dict[str, bytes]):
    """The `Contents` of some blobs; notes what it was asked to compare."""

    def __init__(self, **blobs: bytes) -> None:
        super().__init__(blobs)
        self.compared: list[str] = []

    def blob(self, sha: str) -> bytes | None:
        return self.get(sha)

    def count_blobs(self, old: str, new: str) -> Counts:
        self.compared.append(old + new)
        return Counts(len(self.compared), 0)

    def count_texts(self, old: bytes, new: bytes) -> Counts:
        return Counts(len(new), len(old))


def change(status: str, path: str, old: str, new: str, mode: int = FILE) -> Change:
    return Change(status, Side(path.encode(), mode, old), Side(path.encode(), mode, new))


def test_the_versions_of_a_file_come_one_after_the_other_and_the_counts_where_they_belong() -> None:
    contents = Blobs()
    commits = [
        [change("M", "a", "1", "2"), change("M", "b", "x", "y")],
        [],
        [change("M", "b", "y", "z"), change("M", "a", "2", "3")],
    ]
    counts = count_all(commits, contents)
    assert contents.compared == ["12", "23", "xy", "yz"]
    assert [[c.insertions for c in row] for row in counts] == [[1, 3], [], [4, 2]]


def test_files_that_are_on_one_side_only_count_without_a_comparison() -> None:
    contents = Blobs(two=b"1\n2", nothing=b"", image=b"\0")
    rows = [
        change(status, status, blob, blob) for status in "AD" for blob in ("two", "nothing", "image", "?")
    ]
    assert count_all([rows], contents)[0] == [
        *(Counts(2, 0), Counts(0, 0), BINARY, MISSING),
        *(Counts(0, 2), Counts(0, 0), BINARY, MISSING),
    ]
    assert contents.compared == []


def test_a_submodule_is_a_line_and_is_never_looked_up() -> None:
    contents = Blobs(a=b"never read")
    moved = change("M", "s", "a", "b", SUBMODULE)
    line = len(b"Subproject commit a\n")
    assert count_all([[moved]], contents) == [[Counts(line, line)]]


def test_the_same_content_under_another_name_has_no_lines() -> None:
    contents = Blobs(a=b"1\n", image=b"\0")
    rows = [
        change("M", "run", "a", "a", PROGRAM),
        change("R", "n", "a", "a"),
        change("R", "i", "image", "image"),
    ]
    assert count_all([rows], contents)[0] == [Counts(0, 0), Counts(0, 0), BINARY]
