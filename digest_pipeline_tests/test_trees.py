from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.git.renames import Side
from digest_pipeline.git.trees import Change, Tree, differences

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE, PROGRAM, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
Node: TypeAlias = "tuple[str, str] | Mapping[str, Node]"
"""A file as its mode and its SHA, or a folder."""


class Trees(dict[str, bytes]):
    """Tree objects by SHA; notes which of them are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def put(self, folder: Mapping[str, Node], mode: str = "40000") -> str:
        parts: list[bytes] = []
        for name, node in folder.items():
            own, sha = node if isinstance(node, tuple) else (mode, self.put(node, mode))
            parts.append(f"{own} {name}".encode() + b"\0" + bytes.fromhex(sha))
        raw = b"".join(parts)
        sha = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        self[sha] = raw
        return sha

    def tree(self, sha: str) -> Tree:
        self.read.append(sha)
        return Tree(self[sha])


def file(number: int, mode: str = FILE) -> tuple[str, str]:
    return mode, f"{number:040x}"


def side(path: str, number: int, mode: str = FILE) -> Side:
    return Side(path.encode(), int(mode, 8), f"{number:040x}")


def compared(old: Mapping[str, Node] | None, new: Mapping[str, Node]) -> list[Change]:
    trees = Trees()
    return differences(None if old is None else trees.put(old), trees.put(new), trees.tree)


def test_a_root_adds_every_file() -> None:
    assert compared(None, {"b": file(1), "a": {"x": file(2, PROGRAM)}}) == [
        Change("A", side("a/x", 2, PROGRAM), side("a/x", 2, PROGRAM)),
        Change("A", side("b", 1), side("b", 1)),
    ]


def test_folders_that_are_the_same_are_not_read() -> None:
    trees = Trees()
    same: Node = {"x": file(1)}
    old, new = trees.put({"same": same, "a": file(1)}), trees.put({"same": same, "a": file(2)})
    assert differences(old, new, trees.tree) == [Change("M", side("a", 1), side("a", 2))]
    assert trees.read == [old, new]


def test_a_file_that_becomes_a_link_or_a_submodule_changes_its_type() -> None:
    old = {"l": file(1), "s": file(1), "p": file(1)}
    new = {"l": file(2, LINK), "s": file(2, SUBMODULE), "p": file(1, PROGRAM)}
    assert [change.status for change in compared(old, new)] == ["T", "M", "T"]


def test_a_file_that_becomes_a_folder_is_removed_and_its_files_are_added() -> None:
    rows = compared({"a": file(1), "a.b": file(2)}, {"a": {"z": file(1)}, "a.b": file(3)})
    assert [(change.status, change.new.path) for change in rows] == [
        ("D", b"a"),
        ("M", b"a.b"),
        ("A", b"a/z"),
    ]


def test_modes_that_git_takes_for_the_same_are_no_difference() -> None:
    trees = Trees()
    old = trees.put({"d": {"a": file(1, "100664"), "b": file(1, "100775"), "c": file(1, "100664")}}, "040000")
    new = trees.put({"d": {"a": file(1), "b": file(1, PROGRAM), "c": file(2, "100664")}})
    assert differences(old, new, trees.tree) == [Change("M", side("d/c", 1), side("d/c", 2))]


def test_folders_in_another_writing_are_entered() -> None:
    trees = Trees()
    old, new = (trees.put({"d": {"a": file(number)}}, "040000") for number in (1, 2))
    assert differences(old, new, trees.tree) == [Change("M", side("d/a", 1), side("d/a", 2))]


def test_a_tree_may_be_deeper_than_the_stack() -> None:
    trees = Trees()
    sha = trees.put({"a": file(1)})
    for _ in range(2_000):
        sha = trees.put({"d": ("40000", sha)})
    [change] = differences(None, sha, trees.tree)
    assert change.new.path == b"d/" * 2_000 + b"a"


@pytest.mark.parametrize("raw", [b"100644 a", b"100644 a\0short", b"\0" + b"1" * 20, b"x" * 50, b"\0"])
def test_what_is_no_tree_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="not a tree"):
        Tree(raw).entries()


@pytest.mark.parametrize("raw", [b"x" * 50, b"100644 a " + b"1" * 20])
def test_what_is_no_tree_is_refused_beside_one_too(raw: bytes) -> None:
    trees = {"tree": Tree(b"100644 a\0" + b"1" * 20), "none": Tree(raw)}
    for old, new in (("tree", "none"), ("none", "tree")):
        with pytest.raises(ValueError, match="not a tree"):
            differences(old, new, trees.__getitem__)


def test_a_name_that_takes_bytes_of_a_sha_is_told_as_another_file() -> None:
    """Both trees have entries of the same sizes, but the second one's name is another one."""
    old, new = Tree(b"100644 a\0" + b"1" * 20), Tree(b"100644 b\0" + b"1" * 20)
    rows = differences("old", "new", {"old": old, "new": new}.__getitem__)
    assert [(row.status, row.new.path) for row in rows] == [("D", b"a"), ("A", b"b")]


def test_trees_of_one_size_that_are_cut_otherwise_are_taken_apart() -> None:
    old = Tree(b"100644 a\0" + b"1" * 20 + b"100644 long\0" + b"2" * 20)
    new = Tree(b"100644 long\0" + b"2" * 20 + b"100644 z\0" + b"1" * 20)
    rows = differences("old", "new", {"old": old, "new": new}.__getitem__)
    assert [(row.status, row.new.path) for row in rows] == [("D", b"a"), ("A", b"z")]


def test_a_tree_is_cut_as_the_one_before_it_and_so_on() -> None:
    versions = [Tree(b"100644 a\0%b100644 b\0%b" % (b"1" * 20, b"%020d" % n)) for n in range(3)]
    trees = dict(zip("xyz", versions, strict=True))
    for old, new in ("xy", "yz", "zx", "zx"):
        [row] = differences(old, new, trees.__getitem__)
        assert (row.status, row.new.path) == ("M", b"b")
    assert trees["z"].entries() == Tree(b"100644 a\0%b100644 b\0%b" % (b"1" * 20, b"%020d" % 2)).entries()


def test_an_entry_without_a_mode_is_refused() -> None:
    trees = {"a": Tree(b"name\0" + b"1" * 20)}
    with pytest.raises(ValueError, match="invalid literal"):
        differences(None, "a", trees.__getitem__)


def test_a_large_object_that_is_no_tree_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="not a tree"):
        Tree(b"x" * 3_000_000).entries()


@given(st.binary())
def test_whatever_the_bytes_entries_are_whole_or_refused(raw: bytes) -> None:
    try:
        found = Tree(raw).entries()
    except ValueError:
        return
    assert all(entry.index(b"\0") == len(entry) - 21 for entry in found)


names = st.sampled_from(["a", "a.b", "a0", "b", "é"])
files = st.builds(file, st.integers(0, 2), st.sampled_from([FILE, PROGRAM, LINK, SUBMODULE]))
folders = st.recursive(
    st.dictionaries(names, files, max_size=3),
    lambda inner: st.dictionaries(names, files | inner, max_size=4),
    max_leaves=12,
)


def flat(folder: Mapping[str, Node], prefix: str = "") -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for name, node in folder.items():
        found |= {prefix + name: node} if isinstance(node, tuple) else flat(node, f"{prefix}{name}/")
    return found


@given(folders, folders)
def test_the_differences_are_those_of_the_lists_of_files(
    old: Mapping[str, Node], new: Mapping[str, Node]
) -> None:
    before, after = flat(old), flat(new)
    rows = compared(old, new)
    paths = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert [change.new.path for change in rows] == sorted(path.encode() for path in paths)
    for status, was, now in rows:
        path = now.path.decode()
        assert (status == "A") == (path not in before)
        assert (status == "D") == (path not in after)
        if status in {"M", "T"}:
            assert [f"{s.mode:o}" for s in (was, now)] == [before[path][0], after[path][0]]
            assert [s.blob for s in (was, now)] == [before[path][1], after[path][1]]
