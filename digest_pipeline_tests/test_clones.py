"""Station 1 against real repositories: on paths, and on loopback servers that misbehave on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from digest_pipeline.clones import clone_path, open_clone, remote_head, sync_clone
from digest_pipeline.models import Repository, TerminalCloneError
from digest_pipeline_tests.gitrepo import GitRepo
from digest_pipeline_tests.gitserver import needs_git, serving

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "served" / "source.git")
    repo.commit("2026-02-01T10:00:00+08:00", "First", {"a.txt": "one\n"})
    repo.commit("2026-02-02T10:00:00+08:00", "Second", {"a.txt": "one\ntwo\n"})
    return repo


def test_a_path_is_cloned_and_then_fetched(source: GitRepo, tmp_path: Path) -> None:
    repository = Repository("ada/engine", str(source.path))
    assert open_clone(tmp_path / "clones", repository) is None
    first = sync_clone(repository, tmp_path / "clones", now=1)
    assert (first.branch, first.tip, first.fetched_at) == ("main", source.tip, 1)
    source.commit("2026-02-03T10:00:00+08:00", "Third", {"b.txt": "b\n"})
    second = sync_clone(repository, tmp_path / "clones", now=2)
    assert second.tip == source.tip
    assert open_clone(tmp_path / "clones", repository) == second
    assert second.path == clone_path(tmp_path / "clones", repository)


@needs_git
def test_a_server_is_cloned_and_then_fetched(source: GitRepo, tmp_path: Path) -> None:
    with serving(source.path.parent) as server:
        repository = Repository("ada/engine", server.url("source.git"))
        assert remote_head(repository) == ("main", source.tip)
        assert sync_clone(repository, tmp_path, now=1).tip == source.tip
        source.commit("2026-02-03T10:00:00+08:00", "Third", {"b.txt": "b\n"})
        assert sync_clone(repository, tmp_path, now=2).tip == source.tip


def test_a_missing_branch_is_named(source: GitRepo, tmp_path: Path) -> None:
    with pytest.raises(TerminalCloneError, match=r"ada/engine: .* no branch 'mian'; .* main"):
        sync_clone(Repository("ada/engine", str(source.path), branch="mian"), tmp_path, now=1)
