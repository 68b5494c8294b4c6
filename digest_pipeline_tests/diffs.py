"""Commits and changed files for the rules, built from the two versions of each file."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
from typing import TYPE_CHECKING

from digest_pipeline.facts import Facts, facts_of
from digest_pipeline.git.kinds import file_kind
from digest_pipeline.models import Commit, FileChange, FileText, Triage
from digest_pipeline.triage import triage_day

if TYPE_CHECKING:
    from collections.abc import Mapping

Versions = tuple[str | None, str | None]
"""A file before and after; None where it does not exist."""


def text_of(path: str, old: str | None, new: str | None, *, old_path: str | None = None) -> FileText:
    """A changed file with its hunks, as `commits.read_texts` gives it."""
    before, after = (old or "").splitlines(keepends=True), (new or "").splitlines(keepends=True)
    rows = [row if row.endswith("\n") else row + "\n" for row in difflib.unified_diff(before, after)][2:]
    status = "A" if old is None else "D" if new is None else "R" if old_path else "M"
    change = FileChange(
        path=path,
        old_path=old_path,
        status=status,
        insertions=sum(row.startswith("+") for row in rows),
        deletions=sum(row.startswith("-") for row in rows),
        is_binary=False,
        kind=file_kind(path),
    )
    return FileText(change, _encoded(old), _encoded(new), "".join(rows))


def _encoded(version: str | None) -> bytes | None:
    return None if version is None else version.encode("utf-8", "surrogatepass")


def commit_with(
    subject: str, texts: tuple[FileText, ...] = (), *, body: str = "", pr: int | None = None
) -> Commit:
    """A commit on the mainline with these changed files."""
    sha = hashlib.sha256(f"{subject}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()[:40]
    return Commit(
        repo="owner/name", sha=sha, day=dt.date(2026, 2, 18), landed_at=1, committed_at=1, authored_at=1,
        author_name="Ada", author_email="ada@example.com", committer_name="Ada", subject=subject, body=body,
        pr_number=pr, is_merge=False, landed_by=sha, files=tuple(t.change for t in texts),
    )  # fmt: skip


def judged(
    subject: str, files: Mapping[str, Versions] | None = None, *, body: str = ""
) -> tuple[Commit, Triage, Facts]:
    """A commit alone on its day, judged."""
    texts = tuple(text_of(path, *versions) for path, versions in (files or {}).items())
    commit, facts = commit_with(subject, texts, body=body), facts_of(texts)
    return commit, triage_day([(commit, facts)])[commit.sha], facts
