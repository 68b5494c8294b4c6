"""The analysis that rules write: true, specific, in two languages, without a mark that is not meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest_pipeline.models import Analysis, ChangeType
from digest_pipeline.rules.telling import file_lines
from digest_pipeline.wording import analysis_by_rules, labels, scope_of
from digest_pipeline_tests.diffs import Versions, judged, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIX: dict[str, Versions] = {"src/a.py": ("x = 1\n", "x = 2\n")}


def written(
    subject: str, files: Mapping[str, Versions] = FIX, *, body: str = "", language: str = "en"
) -> Analysis:
    commit, triage, facts = judged(subject, files, body=body)
    return analysis_by_rules(commit, triage, facts, "zh" if language == "zh" else "en")


def sentences(analysis: Analysis) -> Iterator[str]:
    yield analysis.summary
    yield from analysis.behaviour
    yield from (claim.text for claim in analysis.risks)
    yield from analysis.advice
    yield from (s for s in (analysis.insights.architecture, analysis.insights.performance) if s)


def test_both_languages_have_the_same_labels() -> None:
    zh, en = labels("zh"), labels("en")
    chinese = (
        "verb",
        "clause.",
        "term.",
        "adverb.",
        "adjective.",
        "state.",
        "list.last",
        "happening.",
    )  # what English takes from the message
    assert {k for k in zh if not k.startswith(chinese)} == set(en)
    assert {k: places(zh[k]) for k in en} == {k: places(en[k]) for k in en}


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_every_type_has_a_label() -> None:
    assert {f"type.{kind.value}" for kind in ChangeType} <= set(labels("zh"))


SUMMARIES = {
    "[NPU] Fix KV cache slice (#12)": ("Fix KV cache slice", "修复 KV 缓存切片"),
    "Add support for MXFP4 in `run_moe`": ("Add support for MXFP4 in run_moe", "在 run_moe 中支持 MXFP4"),
    'Revert "Fix x and y (#1)" (#2)': ("Reverts “Fix x and y (#1)”", "回滚「Fix x and y (#1)」"),
    'Reland "Fix x and y"': ("Lands “Fix x and y” again", "重新合入「Fix x and y」"),
    "Fix memory leak in redis-cli when it reconnects": (
        "Fix memory leak in redis-cli when it reconnects",
        "修复 redis-cli 中的内存泄漏",
    ),
    "fix: Race in `run_moe`": ("Fixes: Race in run_moe", "修复 run_moe 中的竞态"),
    "Replace hardcoded paths with HOME": ("Replace hardcoded paths with HOME", "用 HOME 替换硬编码的路径"),
    "修复加载模型时的死锁问题": ("修复加载模型时的死锁问题", "修复加载模型时的死锁问题"),
}
VERSIONS = {
    "chore(deps): bump idna from 1.0.2 to 1.0.3": (
        "Bumps `idna` from `1.0.2` to `1.0.3`",
        "将 `idna` 从 `1.0.2` 升级到 `1.0.3`",
    ),
    "Update Rust crate zeroize to v1.9.0": ("Updates `zeroize` to `v1.9.0`", "将 `zeroize` 更新到 `v1.9.0`"),
    "Bump version to 0.11.16": ("Releases `0.11.16`", "发布版本 `0.11.16`"),
}
GAINS: dict[str, Versions] = {"src/a.py": ("def f(x): ...\n", "def f(x, y=1): ...\n")}


@pytest.mark.parametrize("subject", SUMMARIES)
def test_summary_says_what_the_message_says_and_what_the_diff_shows(subject: str) -> None:
    english, chinese = SUMMARIES[subject]
    assert written(subject, GAINS).summary == f"{english}; `f` gains `y`"
    assert written(subject, GAINS, language="zh").summary == f"{chinese}：`f` 新增参数 `y`"


@pytest.mark.parametrize("subject", VERSIONS)
def test_summary_of_a_new_version_is_the_version(subject: str) -> None:
    assert (written(subject).summary, written(subject, language="zh").summary) == VERSIONS[subject]


UNDERSTOOD_BY_NOBODY = "Account for what the launcher may say to others"


def facts_told(files: dict[str, Versions]) -> str:
    """What stands in Chinese behind the words of a subject that is not understood."""
    said, _, facts = written(UNDERSTOOD_BY_NOBODY, files, language="zh").summary.partition("：")
    assert said == f"「{UNDERSTOOD_BY_NOBODY}」"
    return facts


def test_chinese_quotes_and_does_not_guess_what_it_does_not_understand() -> None:
    assert facts_told(GAINS) == "`f` 新增参数 `y`"
    docs: dict[str, Versions] = {"docs/a.md": ("# A\n\n## Setup\n\none\n", "# A\n\n## Setup\n\ntwo\n")}
    assert facts_told(docs) == ("在 `docs/a.md` 中把 `one` 改为 `two`；改动 `docs/a.md` 的章节 `Setup`")
    assert written(UNDERSTOOD_BY_NOBODY, {}, language="zh").summary == f"作者原话：「{UNDERSTOOD_BY_NOBODY}」"


def test_summary_takes_the_sentence_of_the_body_that_says_what_was_done() -> None:
    body = "This PR enables PGO for the releases of Linux. It is faster.\n"
    assert (
        written("Enable PGO (#3)", {}, body=body).summary == "This PR enables PGO for the releases of Linux"
    )
    background = "When the server restarts, the client does not come back.\n"
    assert written("Fix the client of redis", {}, body=background).summary == "Fix the client of redis"


def test_summary_of_a_bare_subject_comes_from_the_body_or_the_facts() -> None:
    template = "<!-- template -->\n## Summary\n\n- [ ] done\n\n"
    body = f"{template}The cursor was an int and overflowed on large tables. More."
    said = written("Fixed #38", {}, body=body).summary
    assert said == "The cursor was an int and overflowed on large tables"
    assert written("fix", GAINS).summary == "Fix; `f` gains `y`"
    assert written("", GAINS, language="zh").summary == "提交信息为空：`f` 新增参数 `y`"
    assert written("wip", {"src/a.txt": ("1\n", "2\n")}).summary == "Wip; changes data file `src/a.txt`"
    assert written("", {}).summary == "No message and no changed file"


def test_summary_names_what_was_rewritten_where_nothing_else_is_told() -> None:
    files: dict[str, Versions] = {
        "src/a.py": ("def f():\n    x = 3\n    return 1\n", "def f():\n    x = 4\n    y = 5\n    return 2\n")
    }
    assert written("Correct the sum", files).summary == "Correct the sum; changes `f` (`src/a.py`)"
    said = written("Correct it all", files, language="zh").summary
    assert said == "「Correct it all」：改动 `f`（`src/a.py`）"


def test_a_changed_line_is_quoted_with_its_place() -> None:
    files: dict[str, Versions] = {"src/a.py": ("def f():\n    return 1\n", "def f():\n    return 2\n")}
    assert written("Correct the sum", files).summary == (
        "Correct the sum; changes `return 1` to `return 2` in `f` (`src/a.py`)"
    )
    assert facts_told(files) == ("在 `f`（`src/a.py`）中把 `return 1` 改为 `return 2`")
    includes: dict[str, Versions] = {f"src/{n}.c": ("#include <a.h>\nint x;\n", "int x;\n") for n in "ab"}
    assert facts_told(includes) == ("在 `src/a.c`、`src/b.c` 中去掉 `#include <a.h>`")


def test_versions_that_only_a_lock_file_pins_are_told_in_one_line() -> None:
    old = "".join(f'name = "p{n}"\nversion = "1.0"\n\n' for n in range(6))
    files: dict[str, Versions] = {"uv.lock": (old, old.replace("1.0", "1.1"))}
    assert facts_told(files) == (
        "锁定版本 `p0` `1.0` → `1.1`、`p1` `1.0` → `1.1`、`p2` `1.0` → `1.1`、`p3` `1.0` → `1.1` 等 6 项"
    )


def test_where_only_prose_changed_the_file_is_named() -> None:
    files: dict[str, Versions] = {"src/a.py": ("x = 1\n", "# one\n# `two`\n# three\nx = 1\n")}
    assert facts_told(files) == "`src/a.py` 只改了注释或文档字符串"


def test_many_owners_make_no_chain() -> None:
    old = "".join(f"class {c}:\n    def run(self):\n        a()\n        b()\n\n" for c in "ABC")
    files: dict[str, Versions] = {
        "src/a.py": (old, old.replace("a()", "c()").replace("b()", "d()\n        e()"))
    }
    summary = facts_told(files)
    assert summary == "改动 A.run、B.run、C.run（`src/a.py`）"


def test_names_without_owner_stand_together() -> None:
    functions = "".join(f"def {name}():\n    a()\n    b()\n\n\n" for name in "fg")
    old = f"class A:\n    def run(self):\n        a()\n        b()\n\n\n{functions}"
    files: dict[str, Versions] = {"src/a.py": (old, old.replace("a()", "c()").replace("b()", "d()\n    e()"))}
    summary = written("Call the others", files).summary
    assert "run of A and " in summary.replace("`", "")
    assert summary.count(" and ") == 1


def test_an_internal_function_tells_its_parameters_too() -> None:
    files: dict[str, Versions] = {"src/a.py": ("def _f(x, is_vlm): ...\n", "def _f(x): ...\n")}
    analysis = written(UNDERSTOOD_BY_NOBODY, files, language="zh")
    assert (analysis.behaviour, analysis.risks) == ((), ())
    assert facts_told(files) == "`_f` 不再接受参数 `is_vlm`"
    both = "def _f(x{0}): ...\ndef _g(x{0}): ...\n"
    files = {"src/a.py": (both.format(""), both.format(", y"))}
    assert facts_told(files) == "`_f`、`_g` 新增参数 `y`"


def test_two_files_are_named_with_what_changed_in_them() -> None:
    old = "def {0}():\n    a()\n    b()\n"
    new = "def {0}():\n    c()\n    d()\n    e()\n"
    files: dict[str, Versions] = {f"src/{n}.py": (old.format(n), new.format(n)) for n in "abc"}
    assert facts_told(files) == ("改动 `a`（`src/a.py`）、`b`（`src/b.py`）等，共 3 个源文件")


def test_a_renamed_folder_is_told_as_one() -> None:
    texts = tuple(
        text_of(f"play/new/{n}.txt", "x\n" * 9, "x\n" * 9, old_path=f"play/old/{n}.txt") for n in "abc"
    )
    assert file_lines([t.change for t in texts], "zh") == ["`play/old/` 更名为 `play/new/`"]


def test_a_title_that_is_cut_stands_in_quotes() -> None:
    title = "a key that has expired is not stored and with REPLACE it is propagated"
    files: dict[str, Versions] = {"tests/a.tcl": ("", f"test {{{title}}} {{\n}}\n")}
    assert facts_told(files) == (
        "在 `tests/a.tcl` 中新增测试「a key that has expired is not stored and with REPLACE it is…」"
    )


def test_a_new_configuration_is_told_by_its_file() -> None:
    files: dict[str, Versions] = {
        ".github/workflows/a.yml": (None, "name: A\non:\n  push:\njobs:\n  b:\n    c: 1\n")
    }
    assert facts_told(files) == ("新增持续集成文件 `.github/workflows/a.yml`")


def test_the_heading_of_a_message_is_no_part_of_its_sentence() -> None:
    body = "SUMMARY:\nAdds the missing flag to the parser of options. More.\n"
    assert written("fix", {}, body=body).summary == "Adds the missing flag to the parser of options"
    assert written(
        "simplify compute_means", {}, body="Summary: there was a thing to do here before. So."
    ).summary == ("Simplify compute_means")


def test_a_parameter_that_is_only_called_otherwise_breaks_nobody_where_order_counts() -> None:
    go: dict[str, Versions] = {
        "a.go": ("package a\nfunc F(x int) {}\n", "package a\nfunc F(y int) {}\n"),
        "b.py": ("def f(x): ...\n", "def f(y): ...\n"),
    }
    assert [r.text for r in written("Rename it", go).risks] == [
        "`f` no longer takes `x`: calls in the old form fail",
        "`f` requires `y`: existing calls have to pass it",
    ]


def test_a_name_at_the_beginning_stays_as_it_is() -> None:
    old = "def launch_it(\n    a,\n    b,\n    c,\n    d,\n    e,\n    f,\n): ...\n"
    gains = written("Pass it on", {"src/a.py": (old, old.replace("    f,\n", "    f,\n    g=1,\n"))})
    assert gains.behaviour == ("launch_it gains `g`",)


def test_a_workflow_whose_script_changes_says_which() -> None:
    old = "jobs:\n  fix:\n    run: |\n      one\n"
    files: dict[str, Versions] = {".github/workflows/a.yml": (old, old.replace("one", "two"))}
    assert facts_told(files) == "改动配置项 jobs.fix.run 的内容"


def test_what_stands_in_backticks_is_a_name() -> None:
    assert written("Add `input` to `server.fs.allow`", GAINS, language="zh").summary == (
        "在 server.fs.allow 中新增 input：`f` 新增参数 `y`"
    )


def test_internals_of_c_and_scripts_give_no_advice() -> None:
    gone = ("int f(int a);\nint x(void);\n", "int x(void);\n")
    assert written("Remove f", {"src/a.h": gone}).advice == ()
    assert written("Remove f", {"src/a.h": gone}).risks == ()
    assert len(written("Remove f", {"include/a.h": gone}).risks) == 1
    script: dict[str, Versions] = {"scripts/a.py": ("def f(): ...\nx = 1\n", "x = 1\n")}
    assert written("Remove f", script).advice == ()


def test_long_subjects_are_cut_at_a_word() -> None:
    long = "Handle " + "a rather long explanation " * 40
    assert len(written(long, {}).summary) <= 171
    assert written(long, {}).summary.endswith("…")


def test_a_gained_parameter_is_a_change_of_behaviour() -> None:
    files: dict[str, Versions] = {
        "src/engine.py": (
            "class Engine:\n    def generate(self, prompt): ...\n",
            "class Engine:\n    def generate(self, prompt, priority=None): ...\n",
        )
    }
    assert written("Expose priority", files).behaviour == ("`generate` of `Engine` gains `priority`",)
    assert written("Expose priority", files).risks == ()


def test_removals_are_risks_that_name_their_file() -> None:
    files: dict[str, Versions] = {"src/a.py": ("def open(): ...\nx = 1\n", "x = 1\n")}
    (risk,) = written("Remove the store for good", files).risks
    assert (risk.text, risk.file) == ("Removes public function `open`; no test changed", "src/a.py")


def test_nothing_is_said_where_nothing_is_known() -> None:
    analysis = written("Fix the sum of the parts", {"README.md": ("a\n", "b\n")})
    assert (analysis.behaviour, analysis.risks, analysis.advice) == ((), (), ())
    assert analysis.insights.architecture is None
    assert analysis.insights.performance is None


@pytest.mark.parametrize(
    "line", ["Throughput improves by 35% on H100.", "2. Throughput improves by **35%** on H100."]
)
def test_figures_are_quoted_from_the_message_without_its_marks(line: str) -> None:
    insights = written("Speed up the loader of weights", body=f"Some words.\n\n{line}\n").insights
    assert insights.performance == "Figures from the message: “Throughput improves by 35% on H100.”"


def test_scope_folds_to_common_folders() -> None:
    files = [text_of(f"src/part{n % 3}/deep/file{n}.py", "a\n", "b\n").change for n in range(30)]
    assert scope_of(files) == ("src/part0/deep/", "src/part1/deep/", "src/part2/deep/")
    assert scope_of(files[:2]) == ("src/part0/deep/file0.py", "src/part1/deep/file1.py")
    assert scope_of([]) == ()


SOURCES = st.text(alphabet=st.sampled_from("def f(x, y)=12:\n `|<>[]class A#"), max_size=120)
WILD = st.text(alphabet=st.sampled_from('Fix add `|<>[]()*_#@\n\u202e😀修复"Revert 1.2 to'), max_size=120)


@settings(max_examples=80, deadline=None)
@given(WILD, WILD, SOURCES, SOURCES, st.sampled_from(["zh", "en"]))
def test_backticks_hold_only_what_stands_in_the_commit(
    subject: str, body: str, old: str, new: str, language: str
) -> None:
    analysis = written(subject, {"src/a.py": (old, new)}, body=body, language=language)
    evidence = f"{subject}\n{body}\n{old}\n{new}\nsrc/a.py"
    for sentence in sentences(analysis):
        assert sentence.strip()
        assert "\n" not in sentence
        assert sentence.count("`") % 2 == 0
        assert all(name in evidence for name in sentence.split("`")[1::2])
