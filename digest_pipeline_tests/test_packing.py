from __future__ import annotations

import dataclasses
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.llm import estimated_tokens
from digest_pipeline.model.packing import LONGEST_LINE, MOST_PATHS, Packed, pack
from digest_pipeline.models import FileChange, FileKind, FileText
from digest_pipeline_tests.model_items import change, item


def hunk(start: int, lines: int, word: str = "line", sign: str = "+") -> str:
    body = "".join(f"{sign}{word} {start + n}\n" for n in range(lines))
    counts = f"-{start},0 +{start},{lines}" if sign == "+" else f"-{start},{lines} +{start},0"
    return f"@@ {counts} @@ def heading():\n{body}"


def text_of(path: str, patch: str, kind: FileKind = FileKind.SOURCE) -> FileText:
    added = sum(line.startswith("+") for line in patch.splitlines())
    removed = sum(line.startswith("-") for line in patch.splitlines())
    return FileText(change(path, kind, added, removed), b"", b"", patch)


def packed(texts: list[FileText], budget: int = 1000, facts: tuple[str, ...] = ()) -> Packed:
    commit = item(texts=tuple(texts)).commit
    return pack(commit, texts, facts, budget)


def test_a_small_commit_is_shown_in_full() -> None:
    result = packed([text_of("a.py", hunk(1, 3))], facts=("3 lines",))
    assert result.coverage == 1.0
    assert result.diff == "--- a.py\n" + hunk(1, 3).rstrip("\n")
    assert result.files == "M a.py +3 -0"
    assert result.facts == "3 lines"


def test_source_comes_before_configuration_tests_and_documentation() -> None:
    kinds = {"d.md": FileKind.DOCS, "t.py": FileKind.TEST, "c.yml": FileKind.CI, "s.py": FileKind.SOURCE}
    result = packed([text_of(path, hunk(1, 2), kind) for path, kind in kinds.items()])
    assert [line for line in result.diff.splitlines() if line.startswith("---")] == [
        "--- s.py",
        "--- c.yml",
        "--- t.py",
        "--- d.md",
    ]


def test_locks_and_generated_and_vendored_files_are_named_but_not_shown_nor_counted() -> None:
    hidden = [FileKind.LOCK, FileKind.GENERATED, FileKind.VENDORED]
    texts = [text_of(f"{kind.value}.x", hunk(1, 5000, kind.value), kind) for kind in hidden]
    result = packed([*texts, text_of("a.py", hunk(1, 3))])
    assert result.coverage == 1.0
    assert "lock 1" not in result.diff
    assert all(f"{kind.value}.x +5000 -0 [{kind.value}, not shown]" in result.files for kind in hidden)


def test_hunks_are_taken_in_turn_so_that_no_file_is_missing_because_another_is_long() -> None:
    long = text_of("long.py", "".join(hunk(100 * n, 20, "long") for n in range(50)))
    result = packed([long, text_of("short.py", hunk(1, 4, "short"))], budget=800)
    assert "+short 4" in result.diff
    assert "+long 0" in result.diff
    assert 0 < result.coverage < 0.5


def test_what_is_left_out_is_said_and_counted() -> None:
    result = packed([text_of("a.py", "".join(hunk(100 * n, 10) for n in range(40)))], budget=400)
    shown = sum(line.startswith("+") for line in result.diff.splitlines())
    assert result.coverage == shown / 400
    assert result.diff.endswith(f"[{40 - shown // 10} hunks with {400 - shown} changed lines not shown]")


def test_hunks_that_only_delete_come_last() -> None:
    texts = [text_of("a.py", hunk(1, 90, "gone", "-") + hunk(50, 10, "new"))]
    result = packed(texts, budget=200)
    assert "+new 50" in result.diff
    assert "-gone 1" not in result.diff


def test_a_single_hunk_that_does_not_fit_is_cut() -> None:
    result = packed([text_of("a.py", hunk(1, 4000))], budget=300)
    assert "+line 1\n" in result.diff
    assert "more lines not shown]" in result.diff
    assert 0 < result.coverage < 0.1


def test_secrets_are_redacted_in_message_and_diff() -> None:
    token = "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"
    texts = [text_of("a.py", f"@@ -1,0 +1,1 @@\n+key = '{token}'\n")]
    commit = dataclasses.replace(item(texts=tuple(texts)).commit, body=f"use {token}")
    result = pack(commit, texts, (f"new {token}",), 1000)
    assert token not in result.text
    assert result.text.count("[redacted: ") == 3


def test_very_long_lines_and_lists_are_cut() -> None:
    texts = [text_of("min.js", f"@@ -1,1 +1,1 @@\n+{'x' * 100_000}\n")]
    changes = tuple(change(f"dir{n % 3}/f{n:04}.py") for n in range(500))
    commit = dataclasses.replace(item(texts=tuple(texts)).commit, files=changes)
    result = pack(commit, texts, (), 1000)
    assert max(map(len, result.diff.splitlines())) < LONGEST_LINE + 50
    assert "[rest of the line not shown]" in result.diff
    assert len(result.files.splitlines()) == MOST_PATHS + 3
    assert "[47 more files in dir0]" in result.files


@pytest.mark.parametrize(
    "part", ["a.", "://a:", "token=", "eyJa.", "-----BEGIN PRIVATE KEY-----", "aws", "x"]
)
def test_a_minified_line_of_a_megabyte_does_not_take_long(part: str) -> None:
    began = time.process_time()
    packed([text_of("min.js", f"@@ -1,1 +1,1 @@\n+{part * (1_000_000 // len(part))}\n")])
    assert time.process_time() - began < 2


def test_nothing_to_read_is_full_coverage_and_unread_files_are_none() -> None:
    binary = FileText(change("a.bin")._replace(is_binary=True, insertions=None), None, None, "")
    assert packed([dataclasses.replace(binary, change=binary.change._replace(deletions=None))]).coverage == 1
    unread = FileText(change("big.py", added=9000, removed=0), None, None, "")
    assert packed([unread]).coverage == 0


kinds = st.sampled_from(list(FileKind))
lines = st.lists(st.tuples(st.sampled_from("+- "), st.text(max_size=30)), min_size=1, max_size=12)
patches = st.lists(lines, max_size=4).map(
    lambda hunks: "".join("@@ -1,1 +1,1 @@\n" + "".join(f"{s}{t}\n" for s, t in h) for h in hunks)
)


@given(st.lists(st.tuples(kinds, patches), max_size=6), st.integers(50, 2000), st.text(max_size=200))
def test_packing_is_deterministic_keeps_its_budget_and_never_fails(
    files: list[tuple[FileKind, str]], budget: int, subject: str
) -> None:
    texts = [text_of(f"f{n}.py", patch, kind) for n, (kind, patch) in enumerate(files)]
    changes: tuple[FileChange, ...] = tuple(text.change for text in texts)
    commit = dataclasses.replace(item(subject=subject, texts=tuple(texts)).commit, files=changes)
    result = pack(commit, texts, ("a fact",), budget)
    assert result == pack(commit, list(texts), ("a fact",), budget)
    assert 0 <= result.coverage <= 1
    named = 120 * len(files)
    assert estimated_tokens(result.text) <= budget * 1.4 + named + 200
