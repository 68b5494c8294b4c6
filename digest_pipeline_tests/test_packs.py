"""A clone after many nights: one pack beside the base, nothing lost, readers undisturbed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pygit2
import pytest

from digest_pipeline import clones
from digest_pipeline.clones import clone_path, sync_clone
from digest_pipeline.git.packs import BASE, fetched_packs
from digest_pipeline.models import Repository
from digest_pipeline_tests.gitrepo import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 3


@pytest.fixture(autouse=True)
def _few_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clones, "PACKS", LIMIT)


@pytest.fixture
def source(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "source.git")
    for n in range(30):
        repo.commit(f"2026-01-01T00:00:{n:02}+00:00", f"Old {n}", {f"f{n}": f"{n}\n", "log": "line\n" * n})
    return repo


def _nights(source: GitRepo, folder: Path, count: int, first: int = 0) -> Path:
    repository = Repository("ada/engine", str(source.path))
    for n in range(first, first + count):
        source.commit(f"2026-02-01T00:00:{n:02}+00:00", f"Night {n}", {"log": "line\n" * (30 + n)})
        sync_clone(repository, folder, now=n)
    return clone_path(folder, repository)


def _packs(clone: Path) -> list[str]:
    return sorted(p.name for p in clone.glob("objects/pack/*.pack"))


def _size(clone: Path) -> int:
    return sum(p.stat().st_size for p in clone.glob("objects/pack/*.pack"))


def _subjects(repo: pygit2.Repository, tip: str) -> list[str]:
    """The subjects of the whole history; the tree and the file of each commit are read on the way."""
    found = []
    for commit in repo.walk(tip):
        assert repo[commit.tree["log"].id].type == pygit2.enums.ObjectType.BLOB
        found.append(commit.message)
    return found


def test_many_nights_leave_one_pack_beside_the_base(source: GitRepo, tmp_path: Path) -> None:
    clone = _nights(source, tmp_path / "clones", 1)
    base = _packs(clone)
    clone = _nights(source, tmp_path / "clones", LIMIT + 1, first=1)
    assert len(_packs(clone)) == 2
    assert set(base) < set(_packs(clone))
    assert len(_subjects(pygit2.Repository(str(clone)), source.tip)) == 35


def test_many_nights_leave_a_clone_as_small_as_a_new_one(source: GitRepo, tmp_path: Path) -> None:
    clone = _nights(source, tmp_path / "clones", 1 + 4 * (LIMIT + 1))
    new = sync_clone(Repository("ada/new", str(source.path)), tmp_path / "clones", now=1)
    assert len(_packs(clone)) <= 1 + LIMIT
    assert _size(clone) < 1.25 * _size(new.path)


def test_a_reader_that_was_there_before_finds_everything_afterwards(source: GitRepo, tmp_path: Path) -> None:
    clone = _nights(source, tmp_path / "clones", LIMIT + 1)
    reader, tip = pygit2.Repository(str(clone)), source.tip
    assert reader[tip].type == pygit2.enums.ObjectType.COMMIT  # it has opened the packs of that moment
    gone = {p.name for p in fetched_packs(clone)}
    _nights(source, tmp_path / "clones", 1, first=LIMIT + 1)
    assert not gone & set(_packs(clone))
    assert len(_subjects(reader, tip)) == 30 + LIMIT + 1


def test_tips_that_a_force_push_replaced_stay_readable(source: GitRepo, tmp_path: Path) -> None:
    clone = _nights(source, tmp_path / "clones", 2)
    old = source.tip
    root = [str(c.id) for c in source.repo.walk(old)][-1]
    source.repo.references.create("refs/heads/main", root, force=True)
    clone = _nights(source, tmp_path / "clones", LIMIT, first=2)
    assert len(_packs(clone)) == 2
    repo = pygit2.Repository(str(clone))
    assert len(_subjects(repo, old)) == 32
    assert repo.references[f"refs/digest/kept/{old}"].target == pygit2.Oid(hex=old)


def test_what_outgrows_the_base_becomes_a_part_of_it(source: GitRepo, tmp_path: Path) -> None:
    clone = _nights(source, tmp_path / "clones", 1)
    big = {f"g{n}": f"{n}\n" for n in range(300)}
    source.commit("2026-03-01T00:00:00+00:00", "Grow", big)
    clone = _nights(source, tmp_path / "clones", LIMIT + 1, first=1)
    assert len(_packs(clone)) == 2
    assert not fetched_packs(clone)
    assert pygit2.Repository(str(clone)).references[BASE].target == pygit2.Oid(hex=source.tip)


@pytest.mark.parametrize("damage", ["base ref", "keep files", "work folder", "half a pack"])
def test_what_is_missing_of_the_order_is_put_right(source: GitRepo, tmp_path: Path, damage: str) -> None:
    clone = _nights(source, tmp_path / "clones", LIMIT + 1)
    if damage == "base ref":
        pygit2.Repository(str(clone)).references.delete(BASE)
    elif damage == "keep files":
        for keep in clone.glob("objects/pack/*.keep"):
            keep.unlink()
    elif damage == "work folder":
        pygit2.init_repository(str(clone.with_suffix(".work")), bare=True)
    else:
        (clone / "objects/pack/pack-0123.pack").write_bytes(os.urandom(100))
        (clone / "objects/pack/pack-4567.idx").write_bytes(os.urandom(100))
    clone = _nights(source, tmp_path / "clones", LIMIT + 2, first=LIMIT + 1)
    assert len(_packs(clone)) <= 1 + LIMIT
    assert not clone.with_suffix(".work").exists()
    assert len(_subjects(pygit2.Repository(str(clone)), source.tip)) == 30 + 2 * LIMIT + 3


def test_packing_that_fails_does_not_fail_the_fetch(
    source: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(clones, "consolidate", full)
    clone = _nights(source, tmp_path / "clones", LIMIT + 2)
    assert len(_packs(clone)) == LIMIT + 2
    warning = (
        f"ada/engine: {source.path}: [Errno 28] No space left on device; run it again later (while packing"
    )
    assert [r.getMessage().startswith(warning) for r in caplog.records] == [True]
