"""Station 1 against real repositories: what the clone holds, who may write to it, how it is mended."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygit2.enums import ConfigLevel

from digest_pipeline.clones import Clone, clone_path, open_clone, remote_head, sync_clone
from digest_pipeline.models import Repository, TerminalCloneError
from digest_pipeline_tests.gitrepo import GitRepo
from digest_pipeline_tests.gitserver import needs_git


@pytest.fixture
def source(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "source.git")
    repo.commit("2026-02-01T10:00:00+08:00", "First", {"a.txt": "one\n"})
    repo.commit("2026-02-02T10:00:00+08:00", "Second", {"a.txt": "one\ntwo\n"})
    return repo


def _sync(source: GitRepo, folder: Path, now: int = 1, branch: str | None = None, url: str = "") -> Clone:
    repository = Repository("ada/engine", url or str(source.path), branch=branch)
    clone = sync_clone(repository, folder / "clones", now=now)
    assert open_clone(folder / "clones", repository) == clone
    assert (
        str(pygit2.Repository(str(clone.path)).references[f"refs/heads/{clone.branch}"].target) == clone.tip
    )
    return clone


def test_a_clone_is_made_and_then_extended(source: GitRepo, tmp_path: Path) -> None:
    first = source.tip
    assert _sync(source, tmp_path) == Clone(tmp_path / "clones/ada+engine.git", "main", first, 1)
    source.commit("2026-02-03T10:00:00+08:00", "Third", {"b.txt": "b\n"})
    clone = _sync(source, tmp_path, now=2)
    assert (clone.tip, clone.fetched_at) == (source.tip, 2)
    assert sorted(p.name for p in (tmp_path / "clones").iterdir()) == ["ada+engine.git", "ada+engine.lock"]


def test_when_nothing_is_new_only_the_moment_changes(source: GitRepo, tmp_path: Path) -> None:
    before = _sync(source, tmp_path)
    packs = sorted(before.path.rglob("pack-*"))
    after = _sync(source, tmp_path, now=2)
    assert (after.tip, after.fetched_at) == (before.tip, 2)
    assert sorted(before.path.rglob("pack-*")) == packs


def test_only_the_tracked_branch_is_fetched(source: GitRepo, tmp_path: Path) -> None:
    tip = source.tip
    other = source.commit("2026-02-03T10:00:00+08:00", "Aside", {"c": "c"}, branch="aside", parents=[tip])
    source.repo.references.create("refs/tags/v1", tip)
    source.repo.create_tag("v2", tip, pygit2.enums.ObjectType.COMMIT, source.repo[tip].committer, "Two")
    repo = pygit2.Repository(str(_sync(source, tmp_path).path))
    assert repo.is_bare
    assert not repo.is_shallow
    assert other not in repo
    assert [r for r in repo.references if not r.startswith("refs/digest/")] == ["refs/heads/main"]
    assert repo.config["remote.origin.fetch"] == "+refs/heads/main:refs/heads/main"
    assert repo.config["remote.origin.tagOpt"] == "--no-tags"


def test_the_branch_follows_a_force_push_and_the_old_commits_stay(source: GitRepo, tmp_path: Path) -> None:
    old = _sync(source, tmp_path).tip
    root = [str(c.id) for c in source.repo.walk(old)][-1]
    new = source.commit("2026-02-04T10:00:00+08:00", "Other", {"a.txt": "2\n"}, parents=[root])
    clone = _sync(source, tmp_path, now=2)
    assert clone.tip == new
    assert pygit2.Repository(str(clone.path))[old].id == pygit2.Oid(hex=old)


def test_a_branch_that_has_gone_is_an_error_and_not_a_quiet_day(source: GitRepo, tmp_path: Path) -> None:
    source.commit("2026-02-03T10:00:00+08:00", "Aside", branch="aside", parents=[source.tip])
    before = _sync(source, tmp_path, branch="aside")
    source.repo.references.delete("refs/heads/aside")
    with pytest.raises(TerminalCloneError, match=r"^ada/engine: .* no branch 'aside'; set branch .* main"):
        _sync(source, tmp_path, now=2, branch="aside")
    assert open_clone(tmp_path / "clones", Repository("ada/engine", "", branch="aside")) == before


def test_the_default_branch_is_followed_when_it_is_renamed(source: GitRepo, tmp_path: Path) -> None:
    assert _sync(source, tmp_path).branch == "main"
    source.repo.references["refs/heads/main"].rename("refs/heads/trunk")
    source.repo.set_head("refs/heads/trunk")
    source.branch = "trunk"
    tip = source.commit("2026-02-03T10:00:00+08:00", "Third", {"b": "b"})
    clone = _sync(source, tmp_path, now=2)
    assert (clone.branch, clone.tip) == ("trunk", tip)
    assert remote_head(Repository("ada/engine", str(source.path))) == ("trunk", tip)


def test_a_branch_may_take_the_place_of_a_folder_of_branches(source: GitRepo, tmp_path: Path) -> None:
    for name in ("v2", "v2/stable", "v2/stable/eu", "v2"):
        source.repo.references.create("refs/heads/main", source.tip, force=True)
        source.repo.references["refs/heads/main"].rename(f"refs/heads/{name}")
        assert _sync(source, tmp_path, branch=name).tip == str(
            source.repo.references[f"refs/heads/{name}"].target
        )
        source.repo.references[f"refs/heads/{name}"].rename("refs/heads/main")


def test_another_address_in_the_settings_is_used(source: GitRepo, tmp_path: Path) -> None:
    before = _sync(source, tmp_path)
    moved = source.path.rename(tmp_path / "moved.git")
    with pytest.raises(TerminalCloneError, match=r"source\.git: there is no such folder"):
        _sync(source, tmp_path, now=2)
    clone = _sync(source, tmp_path, now=2, url=f"file://{moved}")
    assert clone.tip == before.tip
    assert pygit2.Repository(str(clone.path)).config["remote.origin.url"] == f"file://{moved}"


def test_a_working_copy_and_its_worktrees_are_cloned_by_path(tmp_path: Path) -> None:
    work = pygit2.init_repository(str(tmp_path / "work"), initial_head="main")
    ada = pygit2.Signature("Ada", "ada@example.com", 1, 0)
    tip = work.create_commit("HEAD", ada, ada, "First", work.TreeBuilder().write(), [])
    work.add_worktree("linked", str(tmp_path / "linked"))
    (tmp_path / "work" / "sub").mkdir()
    for folder in ("work", "linked"):
        assert sync_clone(Repository(f"ada/{folder}", str(tmp_path / folder)), tmp_path, now=1).tip == str(
            tip
        )
    with pytest.raises(TerminalCloneError, match="there is no repository"):
        sync_clone(Repository("ada/sub", str(tmp_path / "work" / "sub")), tmp_path, now=1)


def test_an_empty_repository_is_said_to_be_empty(tmp_path: Path) -> None:
    pygit2.init_repository(str(tmp_path / "empty.git"), bare=True)
    with pytest.raises(TerminalCloneError, match="no branch yet; push a first commit"):
        sync_clone(Repository("ada/empty", str(tmp_path / "empty.git")), tmp_path, now=1)


@needs_git
@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["init", "--object-format=sha256"], "SHA-256 hashes cannot be read; use a SHA-1 mirror"),
        (["clone", "--depth=1", "file://{source}"], "shallow clone; complete it with git fetch --unshallow"),
    ],
)
def test_what_libgit2_cannot_read_is_said(
    source: GitRepo, tmp_path: Path, command: list[str], message: str
) -> None:
    odd = tmp_path / "odd.git"
    arguments = [a.format(source=source.path) for a in command]
    subprocess.run(["git", *arguments[:1], "-q", "--bare", *arguments[1:], str(odd)], check=True)
    with pytest.raises(TerminalCloneError, match=message):
        sync_clone(Repository("ada/odd", str(odd)), tmp_path, now=1)


@pytest.mark.parametrize(
    "damage",
    ["no HEAD", "empty config", "no pack", "broken ref", "stale locks", "not a repository", "empty folder"],
)
def test_a_damaged_clone_is_mended(source: GitRepo, tmp_path: Path, damage: str) -> None:
    path = _sync(source, tmp_path).path
    if damage == "no HEAD":
        (path / "HEAD").unlink()
    elif damage == "empty config":
        (path / "config").write_text("[core")
    elif damage == "no pack":
        shutil.rmtree(path / "objects" / "pack")
    elif damage == "broken ref":
        (path / "refs/heads/main").write_text("0" * 39 + "1\n")
    elif damage == "stale locks":
        for name in ("refs/heads/main.lock", "config.lock", "HEAD.lock", "packed-refs.lock"):
            (path / name).touch()
    else:
        shutil.rmtree(path)
        path.mkdir()
        if damage == "not a repository":
            (path / "file").touch()
    source.commit("2026-02-03T10:00:00+08:00", "Third", {"b": "b"})
    assert _sync(source, tmp_path, now=2).tip == source.tip


def test_there_is_no_clone_before_the_first_fetch(source: GitRepo, tmp_path: Path) -> None:
    repository = Repository("ada/engine", str(source.path))
    assert open_clone(tmp_path, repository) is None
    pygit2.init_repository(str(clone_path(tmp_path, repository)), bare=True)
    assert open_clone(tmp_path, repository) is None


def test_nobodys_git_configuration_leaks_in(source: GitRepo, tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text(f'[url "/nowhere"]\n\tinsteadOf = "{source.path}"\n')
    pygit2.settings.search_path[ConfigLevel.GLOBAL] = str(tmp_path)
    assert _sync(source, tmp_path).tip == source.tip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_clone_of_another_user_is_read(source: GitRepo, tmp_path: Path) -> None:
    clone = _sync(source, tmp_path)
    os.chown(clone.path, 12345, 12345)
    pygit2.settings.owner_validation = True
    assert open_clone(tmp_path / "clones", Repository("ada/engine", "")) == clone


@given(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=2, unique=True))
def test_every_name_has_a_path_of_its_own(names: list[str]) -> None:
    one, two = (clone_path(Path("/x"), Repository(f"ada/{name}", "")) for name in names)
    assert one != two
    assert one.parent == two.parent == Path("/x")
