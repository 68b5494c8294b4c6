"""A first clone of a repository on this machine takes its packs over instead of packing them anew."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pygit2
import pytest

from digest_pipeline.clones import Clone, sync_clone
from digest_pipeline.models import Repository
from digest_pipeline_tests.gitrepo import GitRepo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> GitRepo:
    """A repository with one pack, and one commit that came later."""
    repo = GitRepo(tmp_path / "source.git")
    repo.commit("2026-02-01T10:00:00+08:00", "First", {"a.txt": "one\n"})
    repo.commit("2026-02-02T10:00:00+08:00", "Second", {"a.txt": "one\ntwo\n"})
    repo.repo.pack()
    for folder in repo.path.glob("objects/[0-9a-f][0-9a-f]"):
        shutil.rmtree(folder)
    repo.commit("2026-02-03T10:00:00+08:00", "Third", {"b.txt": "b\n"})
    return repo


def cloned(source: GitRepo, folder: Path, now: int = 1) -> Clone:
    return sync_clone(Repository("ada/engine", str(source.path)), folder / "clones", now=now)


def pack_of(repository: Path) -> Path:
    (pack,) = repository.glob("objects/pack/pack-*.pack")
    return pack


def history(clone: Clone) -> list[str]:
    """The subjects; every tree and file is read on the way."""
    repo = pygit2.Repository(str(clone.path))
    walk = list(repo.walk(clone.tip))
    assert all(repo[entry.id].type == pygit2.enums.ObjectType.BLOB for one in walk for entry in one.tree)
    return [commit.message for commit in walk]


def test_the_packs_are_shared_and_the_next_nights_are_fetched(source: GitRepo, tmp_path: Path) -> None:
    clone = cloned(source, tmp_path)
    assert pack_of(clone.path).samefile(pack_of(source.path))
    assert history(clone) == ["Third", "Second", "First"]
    assert list(pygit2.Repository(str(clone.path)).references) == ["refs/digest/base", "refs/heads/main"]
    source.commit("2026-02-04T10:00:00+08:00", "Fourth", {"c.txt": "c\n"})
    assert history(cloned(source, tmp_path, now=2)) == ["Fourth", "Third", "Second", "First"]


def test_the_clone_outlives_its_source(source: GitRepo, tmp_path: Path) -> None:
    clone = cloned(source, tmp_path)
    shutil.rmtree(source.path)
    assert history(clone) == ["Third", "Second", "First"]


def test_on_another_file_system_the_packs_are_copied(
    source: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    clone = cloned(source, tmp_path)
    assert pack_of(clone.path).read_bytes() == pack_of(source.path).read_bytes()
    assert not pack_of(clone.path).samefile(pack_of(source.path))
    assert not list(clone.path.glob("objects/pack/pack_git2_*"))
    assert history(clone) == ["Third", "Second", "First"]


@pytest.mark.parametrize("why", ["alternates", "promised", "symbolic link", "vanished index"])
def test_what_cannot_be_taken_over_is_fetched(source: GitRepo, tmp_path: Path, why: str) -> None:
    pack = pack_of(source.path)
    if why == "alternates":
        elsewhere = tmp_path / "elsewhere"
        shutil.copytree(source.path / "objects", elsewhere)
        (source.path / "objects/info/alternates").write_text(f"{elsewhere}\n")
    elif why == "promised":
        pack.with_suffix(".promisor").touch()
    elif why == "symbolic link":
        pack.rename(tmp_path / "pack")
        pack.symlink_to(tmp_path / "pack")
    else:  # as when the source is packed anew at this moment
        other = pack.with_name("pack-" + "f" * 40 + ".pack")
        shutil.copyfile(pack, other)
    clone = cloned(source, tmp_path)
    taken = clone.path.glob("objects/pack/pack-*.pack")
    assert not [one for one in taken if one.is_symlink() or one.samefile(pack)]
    assert len(list(clone.path.glob("objects/pack/pack-*.pack"))) == 1
    assert not list(clone.path.glob("objects/[0-9a-f][0-9a-f]/*"))
    assert history(clone) == ["Third", "Second", "First"]
