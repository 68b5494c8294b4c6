from __future__ import annotations

from digest_pipeline.git.linguist import Linguist, Marks

ROOT, FOLDER = b".gitattributes", b"d/.gitattributes"


class Attributes:
    """Trees that are dictionaries from the paths of attribute files to their contents."""

    def __init__(self, **trees: dict[bytes, bytes]) -> None:
        self._trees = trees
        self.asked: list[tuple[str, bytes]] = []

    def file(self, tree: str, folder: bytes) -> str | None:
        self.asked.append((tree, folder))
        content = self._trees[tree].get(folder + b"/.gitattributes" if folder else ROOT)
        return None if content is None else content.decode()

    def blob(self, sha: str) -> bytes | None:
        return sha.encode()

    def is_set(self, commit: str, path: bytes, attribute: str) -> bool:
        """Trees are named as their commits; a pattern is the whole path."""
        return b"%s %s" % (path, attribute.encode()) in self._trees[commit].values()


def test_the_files_are_looked_up_again_only_after_a_commit_that_changes_one() -> None:
    attributes = Attributes(a={}, b={}, c={FOLDER: b"d/x linguist-vendored"}, e={})
    linguist = Linguist(attributes)
    for tree, old_tree, changed in (("a", None, [b"d/x"]), ("b", "a", [b"d/x"]), ("c", "b", [FOLDER])):
        marks = linguist.at(tree, tree, old_tree, changed)(b"d/x")
        assert marks == Marks(vendored=tree == "c")
    assert attributes.asked == [("a", b""), ("a", b"d"), ("c", b""), ("c", b"d")]
    assert linguist.at("e", "e", "c", [FOLDER])(b"d/x") == Marks()


def test_a_commit_whose_parent_was_not_read_is_looked_up_by_itself() -> None:
    attributes = Attributes(a={ROOT: b"x linguist-generated"}, b={})
    linguist = Linguist(attributes)
    assert linguist.at("b", "b", "unread", [])(b"x") == Marks()
    assert linguist.at("a", "a", "unread", [])(b"x") == Marks(generated=True)


def test_few_trees_are_remembered() -> None:
    trees = {f"t{number}": dict[bytes, bytes]() for number in range(200)}
    attributes = Attributes(**trees)
    linguist = Linguist(attributes)
    for tree in trees:
        linguist.at(tree, tree, None, [])(b"x")
    linguist.at("t199", "t199", "t198", [b"x"])(b"x")
    assert len(attributes.asked) == 200
    linguist.at("t0", "t0", None, [])(b"x")
    assert len(attributes.asked) == 201
