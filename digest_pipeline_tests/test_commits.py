from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from digest_pipeline.commits import is_ancestor, read_commits, read_headers, read_texts, unreachable
from digest_pipeline.git.landing import assign
from digest_pipeline.models import Commit, FileKind, TerminalCloneError
from digest_pipeline_tests.gitrepo import GitRepo

DAY = dt.date(2026, 2, 18)


def at(hour: int) -> str:
    return f"2026-02-18T{hour:02}:00:00+00:00"


def all_commits(clone: Path, tip: str, *, processes: int = 1) -> list[Commit]:
    """Every commit that the tip reaches, in the order of landing."""
    landings = assign(
        read_headers(clone, tip, None),
        tip,
        known=lambda _: False,
        last_landed_at=None,
        last_position=0,
        fetched_at=2**40,
    )
    return list(read_commits(clone, "a/b", list(landings), lambda _: DAY, processes=processes))


def commits_of(repo: GitRepo, *, processes: int = 1) -> list[Commit]:
    return all_commits(repo.path, repo.tip, processes=processes)


def test_a_commit_carries_what_its_object_says(git_repo: GitRepo) -> None:
    root = git_repo.commit(at(1), "Start")
    sha = git_repo.commit(
        at(3),
        "Add x (#7)\n\nBecause.\n",
        {"src/x.py": "a\nb"},
        author="Ada <ada@example.com>",
        authored=at(2),
    )
    commit = commits_of(git_repo)[1]
    start = int(dt.datetime(2026, 2, 18, tzinfo=dt.UTC).timestamp())
    assert (commit.repo, commit.sha, commit.day, commit.landed_by) == ("a/b", sha, DAY, sha)
    assert (commit.authored_at, commit.committed_at, commit.landed_at) == (
        start + 7200,
        start + 10800,
        start + 10800,
    )
    assert (commit.author_name, commit.author_email, commit.committer_name) == (
        "Ada",
        "ada@example.com",
        "Ada",
    )
    assert (commit.subject, commit.body, commit.pr_number, commit.is_merge) == (
        "Add x (#7)",
        "Because.",
        7,
        False,
    )
    assert [(f.path, f.status, f.insertions, f.deletions, f.kind) for f in commit.files] == [
        ("src/x.py", "A", 2, 0, FileKind.SOURCE)
    ]
    assert commits_of(git_repo)[0].sha == root


def test_a_merge_has_the_files_of_its_branch(git_repo: GitRepo) -> None:
    root = git_repo.commit(at(1), files={"a": "1\n"})
    side = git_repo.commit(at(2), files={"b": "1\n"}, branch="side", parents=[root])
    git_repo.commit(at(3), files={"c": "1\n"})
    git_repo.merge(at(4), side, "Merge pull request #5 from ada/b", {"b": "1\n"})
    merge = commits_of(git_repo)[-1]
    assert (merge.is_merge, merge.pr_number, [f.path for f in merge.files]) == (True, 5, ["b"])


def test_headers_after_a_known_tip_are_the_new_ones(git_repo: GitRepo) -> None:
    first = git_repo.commit(at(1))
    second = git_repo.commit(at(2))
    third = git_repo.commit(at(3))
    assert [h.sha for h in read_headers(git_repo.path, third, first)] == [third, second]
    assert list(read_headers(git_repo.path, third, third)) == []
    assert [h.sha for h in read_headers(git_repo.path, third, "0" * 40)] == [third, second, first]


def test_a_force_push_is_noticed_and_names_what_is_gone(git_repo: GitRepo) -> None:
    root = git_repo.commit(at(1))
    old = [git_repo.commit(at(2)), git_repo.commit(at(3))]
    new = git_repo.commit(at(4), parents=[root])
    assert not is_ancestor(git_repo.path, old[1], new)
    assert sorted(unreachable(git_repo.path, new, old[1])) == sorted(old)
    assert [h.sha for h in read_headers(git_repo.path, new, old[1])] == [new]


def test_a_fast_forward_takes_nothing_away(git_repo: GitRepo) -> None:
    old = git_repo.commit(at(1))
    new = git_repo.commit(at(2))
    assert is_ancestor(git_repo.path, old, new)
    assert is_ancestor(git_repo.path, new, new)
    assert list(unreachable(git_repo.path, new, old)) == []
    assert not is_ancestor(git_repo.path, "0" * 40, new)
    assert list(unreachable(git_repo.path, new, "0" * 40)) == []


def test_processes_give_what_one_gives(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest_pipeline.commits.SLICE", 3)
    monkeypatch.setattr("digest_pipeline.commits.PER_PROCESS", 3)
    for hour in range(10):
        git_repo.commit(at(hour), files={"a": f"{hour}\n"})
    assert commits_of(git_repo, processes=2) == commits_of(git_repo)


def test_commits_are_the_same_however_many_are_read_together(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(6):
        git_repo.commit(at(hour), files={"a": f"{hour}\n", f"b{hour}": "1\n", "c": "2\n" * hour})
    together = commits_of(git_repo)
    monkeypatch.setattr("digest_pipeline.commits.SLICE", 4)
    in_fours = commits_of(git_repo)
    monkeypatch.setattr("digest_pipeline.commits.ROWS", 2)
    assert commits_of(git_repo) == in_fours == together
    assert len(together) == 6


def test_a_folder_that_is_no_clone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        TerminalCloneError, match=r"nothing: not a readable clone .*; delete it and run again"
    ):
        list(read_headers(tmp_path / "nothing", "0" * 40, None))


def test_a_lost_commit_is_an_error_and_not_the_end_of_history(git_repo: GitRepo) -> None:
    lost = git_repo.commit(at(1))
    git_repo.commit(at(2))
    (git_repo.path / "objects" / lost[:2] / lost[2:]).unlink()
    with pytest.raises(TerminalCloneError, match=f"object {lost} is missing or broken; delete the clone"):
        list(read_headers(git_repo.path, git_repo.tip, None))


def test_linguist_marks_of_the_commit_decide_the_kind(git_repo: GitRepo) -> None:
    marks = "made/** linguist-generated\n/ext/*.c linguist-vendored=true\n*.man linguist-documentation\n"
    files = ["made/a.c", "ext/b.c", "c.man", "d.c", "in/made/e.c", "in/f.c"]
    git_repo.commit(at(1), files=dict.fromkeys(files, "1\n"))
    git_repo.commit(at(2), files={".gitattributes": marks, **dict.fromkeys(files, "2\n")})
    nested = {"in/.gitattributes": "f.c linguist-generated\n", ".gitattributes": "d.c -linguist-generated\n"}
    git_repo.commit(at(3), files={**nested, **dict.fromkeys(files, "3\n")})
    kinds = [{f.path: f.kind.value for f in c.files if f.path in files} for c in commits_of(git_repo)]
    plain = dict.fromkeys(files, "source") | {"c.man": kinds[0]["c.man"]}
    assert kinds[0] == plain
    assert kinds[1] == plain | {"made/a.c": "generated", "ext/b.c": "vendored", "c.man": "docs"}
    assert kinds[2] == plain | {"in/f.c": "generated"}


def test_texts_are_both_versions_and_the_hunks(git_repo: GitRepo) -> None:
    git_repo.commit(at(1), files={"a.py": "one\ntwo\n", "b.py": "gone\n", "uv.lock": "1\n", "c.bin": "\0"})
    git_repo.commit(
        at(2), files={"a.py": "one\n2\n", "b.py": None, "d.py": "new\n", "uv.lock": "2\n", "c.bin": "\0\0"}
    )
    texts = {t.change.path: t for t in read_texts(git_repo.path, commits_of(git_repo)[1])}
    assert (texts["a.py"].old, texts["a.py"].new) == (b"one\ntwo\n", b"one\n2\n")
    assert texts["a.py"].patch == "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    assert (texts["b.py"].old, texts["b.py"].new, texts["b.py"].patch) == (
        b"gone\n",
        None,
        "@@ -1 +0,0 @@\n-gone\n",
    )
    assert (texts["d.py"].old, texts["d.py"].new, texts["d.py"].patch) == (
        None,
        b"new\n",
        "@@ -0,0 +1 @@\n+new\n",
    )
    assert (texts["c.bin"].old, texts["c.bin"].new, texts["c.bin"].patch) == (None, None, "")


def test_of_a_lock_file_only_a_few_hunks_are_read(git_repo: GitRepo) -> None:
    long = "1\n" * 300
    git_repo.commit(at(1), files={"uv.lock": "1\n", "Cargo.lock": long, "go.sum": "1" * 1_000_001})
    git_repo.commit(
        at(2), files={"uv.lock": "2\n", "Cargo.lock": long.replace("1", "2"), "go.sum": "2" * 1_000_001}
    )
    texts = {t.change.path: t for t in read_texts(git_repo.path, commits_of(git_repo)[1])}
    assert {(t.old, t.new) for t in texts.values()} == {(None, None)}
    assert {path: t.patch for path, t in texts.items()} == {
        "uv.lock": "@@ -1 +1 @@\n-1\n+2\n",
        "Cargo.lock": "",
        "go.sum": "",
    }


def test_texts_of_a_renamed_file_compare_with_its_old_path(git_repo: GitRepo) -> None:
    lines = "".join(f"line {n}\n" for n in range(50))
    git_repo.commit(at(1), files={"old.py": lines})
    git_repo.commit(at(2), files={"old.py": None, "new.py": lines + "more\n"})
    (text,) = read_texts(git_repo.path, commits_of(git_repo)[1])
    assert (text.change.status, text.change.old_path, text.change.path) == ("R", "old.py", "new.py")
    assert text.patch.splitlines()[-1] == "+more"
    assert (text.change.insertions, text.change.deletions) == (1, 0)


def test_texts_keep_to_their_budgets(git_repo: GitRepo) -> None:
    git_repo.commit(at(1), files={"a.py": "a" * 100, "b.py": "b" * 60, "c.py": "c" * 60})
    commit = commits_of(git_repo)[0]
    texts = read_texts(git_repo.path, commit, max_file_bytes=80, max_total_bytes=100)
    assert [t.new for t in texts] == [None, b"b" * 60, None]


def test_the_budget_goes_to_the_most_changed_files(git_repo: GitRepo) -> None:
    git_repo.commit(at(1), files={"a.py": "x\n" * 30, "b.py": "y\n" * 40, "c.py": "z\n" * 45})
    texts = read_texts(git_repo.path, commits_of(git_repo)[0], max_total_bytes=175)
    assert [t.new is not None for t in texts] == [False, True, True]
    assert [t.change.path for t in texts] == ["a.py", "b.py", "c.py"]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what a process maps")
def test_no_pack_stays_mapped_when_the_headers_are_read(tmp_path: Path) -> None:
    """Mapped pages count as memory: with a million commits, 80 MB beside what the database takes."""
    repo = GitRepo(tmp_path / "packed.git")
    for number in range(3):
        repo.commit(f"2026-01-0{number + 1}T12:00:00Z", files={"a": str(number)})
    repo.repo.pack()
    tip = repo.tip
    repo.repo.free()
    headers = read_headers(repo.path, tip, None)
    next(headers)
    assert "packed.git" in Path("/proc/self/maps").read_text()
    assert len(list(headers)) == 2
    assert "packed.git" not in Path("/proc/self/maps").read_text()
