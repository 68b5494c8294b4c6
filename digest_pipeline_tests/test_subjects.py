"""What a message says by itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest_pipeline.facts import Facts
from digest_pipeline.models import ChangeType
from digest_pipeline.rules.breaking import is_breaking, said_breaking
from digest_pipeline.rules.change_types import change_type
from digest_pipeline.rules.subject_types import sure_type
from digest_pipeline.rules.subjects import RevertHint, parse_subject, revert_hint, subject_of
from digest_pipeline_tests.diffs import commit_with

SHA = "1acae308069104b40821ea52c5c9eda1630c5663"
TYPES = {
    "feature": (
        "[diffusion] feat: support parallel wan-vae decode (#18179)",
        "Add withscore option to ZRANK",
        "Add `MISSING` sentinel",
        "[model] Support MiniCPM-V 4.5 (#9610)",
        "Gigachat 3 tool parser and tests (#14765)",
        "【Feature】new thing",
        'Reland "feat: add x" (#12)',
    ),
    "fix": (
        "fix(grpc): handle embedding requests",
        "[Bugfix] Add rids to the batch filtering",
        "Avoid panic for invalid URLs",
        "Tiny fix wrong metric key name",
        "Add missing `__init__.py`",
        "Add a lock to avoid a segfault",
        "Work around a miscompile",
        "Disable async copies",
        ":bug: resolve a hang",
    ),
    "perf": (
        "[Perf] ~9.5x faster weight loading",
        "Optimizing all_reduce in RMSNorm",
        "Avoid redundant clones",
        "[feat] Faster topk algorithm",
        "Skip unnecessary checks",
    ),
    "refactor": (
        "[PD] Cleanup BootstrapServer init",
        "Rename request env vars",
        "[2/N] Quantization Refactor: schemes",
    ),
    "docs": (
        "[NPU] update npu doc",
        "Fix typo functoin",
        "docs: move deepseek_ocr",
        "Update README.md",
        "Fix an issue in the readme",
    ),
    "test": (
        "Fix flaky penalty tests by raising temperature",
        "Add cache hit rate UT",
        "test: skip on Windows",
    ),
    "ci": (
        "[CI] Skip some subtests",
        "Add CI permissions",
        "Tiny update of release-branch-cut.yml",
    ),
    "build": (
        "Bump idna from 1.0.2 to 1.0.3",
        "Update dependency androidx.test.ext:junit to v1.3.0 (#1671)",
        "fix(deps): update all",
        "Bump Rust minimum version to 1.85",
        "[AMD] Merge Dockerfiles for ROCm",
        "chore(deps): bump x from 1 to 2",
    ),
    "release": (
        "Bump version to 0.11.16 (#19522)",
        "release: v6.3.1",
        "Prepare release v2.13.0",
        "v1.2.3",
        "3.0.3 release",
        "2.0.0.rc3 release",
    ),
    "revert": ('Revert "Add SDAR model support" (#19032)', "revert: feat: x", "Back out the change of x"),
    "chore": (
        "[Auto Sync] Update loader.py (20260213)",
        "chore: minor cleanups",
        "Prepare repository for 0.153.0-DEV",
        "update CODEOWNERS",
        "Update bug report template",
        "Fix clippy lints",
        "Prepare next development version",
    ),
    "security": ("Fix path traversal in archive extraction", "fix: CVE-2026-1234 in the parser"),
}


@pytest.mark.parametrize(("kind", "line"), [(k, line) for k, lines in TYPES.items() for line in lines])
def test_subject_tells_the_type(kind: str, line: str) -> None:
    assert change_type(parse_subject(line), "", Facts()) == kind


SERIES = {
    "[3/N] x": "3/",
    "(Elastic EP) [4/N] x": "4/",
    "[diffusion] hardware: MTGPU (doc, 6/N) (#1)": "6/",
    "[2/5] x": "2/5",
    "Part 2/3: x": "2/3",
    "[6/5] x": None,
    "Use 3/4 of it": None,
    "24/7 support (1/1)": None,
}


@pytest.mark.parametrize("line", SERIES)
def test_series_is_read_from_brackets(line: str) -> None:
    assert parse_subject(line).series == SERIES[line]


def test_tags_prefix_and_pull_request_are_taken_off() -> None:
    subject = parse_subject("[PD-Disagg][Fix] fix(kv)!: free once (owner/name#12) (#34)")
    assert (subject.text, subject.tags) == ("free once", ("PD-Disagg", "Fix", "kv"))
    assert subject.breaking


def test_words_before_a_colon_are_not_an_area() -> None:
    assert parse_subject("Fix the thing: it was broken").tags == ()
    assert parse_subject("redis-cli: use previous hostip").tags == ("redis-cli",)


HINTS: dict[str, tuple[str, str, RevertHint | None]] = {
    "sha": ('Revert "Fix x"', f"This reverts commit {SHA}.", RevertHint((SHA,), (), ("Fix x",))),
    "pull request of the original": (
        'Revert "Fix x (#12)" (#34)',
        "",
        RevertHint((), (12,), ("Fix x (#12)", "Fix x")),
    ),
    "GitHub": ('Revert "Fix x"', "Reverts owner/name#12", RevertHint((), (12,), ("Fix x",))),
    "revert of a revert": ('Revert "Revert "Fix x""', "", RevertHint((), (), ('Revert "Fix x"',))),
    "reland undoes the revert": ('Reland "Fix x"', "", RevertHint((), (), ('Revert "Fix x"',))),
    "reapply": (
        'Reapply "Fix x"',
        f"This reverts commit {SHA}.",
        RevertHint((SHA,), (), ('Revert "Fix x"',)),
    ),
    "number": ("Revert #12", "", RevertHint((), (12,), ())),
    "several": (
        "Back out two changes",
        f"This reverts commits {SHA[:9]} and {SHA[9:20]}.",
        RevertHint((SHA[:9], SHA[9:20]), (), ()),
    ),
    "only the body": ("Go back", f"This reverts commit {SHA}", RevertHint((SHA,), (), ())),
    "nothing": ("Fix tests by reverting the slot release", "", None),
    "a mention": ("Add x", "This improves what commit abc1234 reverted", None),
}


@pytest.mark.parametrize("case", HINTS)
def test_revert_says_what_it_undoes(case: str) -> None:
    subject, body, expected = HINTS[case]
    assert revert_hint(commit_with(subject, body=body, pr=34)) == expected


def test_a_merge_speaks_by_its_body() -> None:
    merge = commit_with("Merge pull request #12 from ada/kv", body="[KV] Add the store\n\nMore.")
    assert (subject_of(merge).text, subject_of(merge).tags) == ("Add the store", ("KV",))
    assert subject_of(commit_with("Merge branch 'main'")).text == "Merge branch 'main'"


def test_breaking_is_marked_in_the_subject_or_a_footer() -> None:
    assert is_breaking(commit_with("feat!: x"))
    assert is_breaking(commit_with("x", body="Text.\n\nBREAKING CHANGE: y is gone"))
    assert is_breaking(commit_with("[Breaking] x"))
    assert not is_breaking(commit_with("Fix breaking tests", body="this is a BREAKING news"))


PATHS = {
    "KTOR-9302 Include tags": ((), "Include tags"),
    "KTOR-9302: Darwin: crash after close": (("Darwin",), "crash after close"),
    "UTF-8 names": ((), "UTF-8 names"),
    "SHA-256 names": ((), "SHA-256 names"),
    "Python - Update the interface": (("Python",), "Update the interface"),
    "Add two parsers:": ((), "Add two parsers"),
    "fix: Unsoundness in A::into_b for structs": ((), "Unsoundness in A::into_b for structs"),
    "fix(a): foo::bar panics": (("a",), "foo::bar panics"),
    "A::into_b: read it": (("A::into_b",), "read it"),
    "Fix A::b": ((), "Fix A::b"),
}


@pytest.mark.parametrize("line", PATHS)
def test_two_colons_in_a_row_end_no_prefix(line: str) -> None:
    subject = parse_subject(line)
    assert (subject.tags, subject.text) == PATHS[line]


SECTIONS = {
    "## Breaking Changes\n\n<!-- Optional -->\n\n- `a` is gone. Use `b`.\n- more\n\n## Notes": "`a` is gone.",
    "# API Breaking Changes\n\nThe function `f` takes\none more.\n": "The function `f` takes one more.",
    "## ⚠️ Breaking change\nNo longer reads `A`\n": "No longer reads `A`",
    "## Breaking Changes\n\n<!-- Optional, if there are any -->\n\n## Notes\n\nText": None,
    "## Breaking Changes\n\nNone. All is internal.\n": None,
    "## Breaking Changes\n\nn/a\n": None,
    "## Breaking changes\n\n- No public API changes\n": None,
    "## Breaking Changes\n\nDoes not change the interface.\n": None,
    "#### Breaking Changes\n\n- of a dependency\n": None,
}
"""Of a message: what its section says that breaks."""


@pytest.mark.parametrize("body", SECTIONS)
def test_a_section_of_the_message_says_what_breaks(body: str) -> None:
    commit = commit_with("Move the sum", body=f"Text.\n\n{body}")
    assert is_breaking(commit) is (SECTIONS[body] is not None)
    assert said_breaking(commit) == (SECTIONS[body] or "")


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet=st.sampled_from('[]()【】:!#"Revrt 0123/Nabc#\u202e\udc80\n|'), max_size=400),
    st.text(max_size=200),
)
def test_any_message_is_read(subject: str, body: str) -> None:
    parsed = parse_subject(subject)
    assert parsed == parse_subject(subject)
    assert "\n" not in parsed.text
    revert_hint(commit_with(subject, body=body))


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("♻️ Update logic of the parser", ChangeType.REFACTOR),
        ("Move header before redirect (fixes #3148)", ChangeType.FIX),
        ("cache: Make peer addresses configurable", ChangeType.FEATURE),
        ("rewrite: skip query rename", None),
        ("[Add] engine metadata", ChangeType.FEATURE),
        ("Merging the two readers", ChangeType.REFACTOR),
        ("Add null checks to the cleanup", ChangeType.FIX),
        ("Release GIL for extensions", None),
        ("Release 1.2.0", ChangeType.RELEASE),
        ("Upgrade MUSA SDK version to rc4.0.1", ChangeType.BUILD),
        ("Updated VERSION to 2.11.0.dev0", ChangeType.CHORE),
        ("Update FA version to 2.5.6", ChangeType.BUILD),
        ("Update to Java 8 and OkHttp 3.14", ChangeType.BUILD),
        ("Update to the new API", None),
        ("fix: reject path-traversal payloads", ChangeType.SECURITY),
        ("Skip the object clock until it is added to the db", None),
        ("Fix grammar", ChangeType.DOCS),
        ("Schedule free optimizer support", ChangeType.FEATURE),
        ("Add a vectorized sum", ChangeType.PERF),
        ("feat: prefetch the next page", ChangeType.PERF),
        ("Avoid copying the buffer", ChangeType.PERF),
        ("Avoid a crash while copying the buffer", ChangeType.FIX),
        ("Prevent repeated lookups", ChangeType.PERF),
        ("Remove the extra allocations", ChangeType.PERF),
        ("Implement `Store` in terms of `Log`", ChangeType.REFACTOR),
        ("Address review comments", ChangeType.REFACTOR),
        ("Better error where no store is found", ChangeType.FEATURE),
        ("Make the reader robust", ChangeType.FIX),
        ("Remove a deadlock in the store", ChangeType.FIX),
        ("Remove infinite recursion", ChangeType.FIX),
        ("Move the store and add `--version`", ChangeType.FEATURE),
        ("Move the store and add tests", ChangeType.REFACTOR),
        ("Fix formatting and style problems", ChangeType.REFACTOR),
        ("Make it more obvious that the name is taken", ChangeType.REFACTOR),
        ("Move the CUTLASS pin to v3.9.0", ChangeType.BUILD),
        ("sync llama.cpp", ChangeType.CHORE),
        ("Merge main into v3", ChangeType.CHORE),
        ("Fix warning on rust 1.94 of needless bitwise operator", ChangeType.CHORE),
        ("Fix gcc warnings", ChangeType.CHORE),
        ("Add format checker: mypy, ruff, yapf", ChangeType.CHORE),
        ("Add automatic code formatting to Requests", ChangeType.CHORE),
        ("Sync streams before the copy", None),
        ("Display the free memory", ChangeType.FEATURE),
        ("Feature/prefetch of pages", ChangeType.PERF),
        ("fix/12 the store", ChangeType.FIX),
        ("✨ Handle wrapped names", ChangeType.FEATURE),
        ("✨ Handle a missing name", ChangeType.FIX),
        ("chore: format", ChangeType.CHORE),
        ("Display the time correctly", ChangeType.FIX),
        ("Improve code quality of the store", ChangeType.REFACTOR),
        ("Add lazily loaded pages", ChangeType.PERF),
        ("Move values to reduce enum size", ChangeType.PERF),
        ("Emit a warning when the store is old", ChangeType.FEATURE),
        ("Re-indent the store", ChangeType.REFACTOR),
        ("Replace __file__, fix #2728 (#2780)", ChangeType.FIX),
        ("Format the dates", ChangeType.REFACTOR),
    ],
)
def test_a_subject_alone_tells_its_type_or_nothing(subject: str, kind: ChangeType | None) -> None:
    assert sure_type(parse_subject(subject)) is kind
