"""What a reader is told of a diff: true, once, and in the words of its language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from digest_pipeline.facts import Facts, fact_lines, facts_of
from digest_pipeline.rules.statements import interface_lines, signature_line
from digest_pipeline.wording import analysis_by_rules
from digest_pipeline_tests.diffs import Versions, judged, text_of

if TYPE_CHECKING:
    from digest_pipeline.models import Analysis


def of(path: str, old: str | None, new: str | None) -> Facts:
    return facts_of([text_of(path, old, new)])


def told(facts: Facts, language: str = "en") -> str:
    return "\n".join(fact_lines(facts, language))


def written(subject: str, files: dict[str, Versions], *, body: str = "") -> Analysis:
    return analysis_by_rules(*judged(subject, files, body=body), "en")


def test_the_members_of_a_type_with_another_name_are_still_there() -> None:
    old = "package a\n\ntype ManyKeys struct {\n\tA int\n\tB string\n}\n\n"
    old += "func (k ManyKeys) String() string {\n\treturn k.B\n}\n"
    facts = of("a.go", old, old.replace("ManyKeys", "AllKeys"))
    assert [(r.old, r.new) for r in facts.renamed] == [("ManyKeys", "AllKeys")]
    assert (facts.added, facts.removed) == ((), ())
    hidden = of("a.go", old, old.replace("ManyKeys", "manyKeys"))
    assert ([n.name for n in hidden.removed], hidden.renamed) == (["ManyKeys"], ())


def test_what_others_can_no_longer_use_is_removed_and_not_renamed() -> None:
    body = "(a: u32, b: u32) -> u32 {\n    let c = a + b;\n    c * a + b - c\n}\n"
    facts = of("src/a.rs", f"pub fn op_sum{body}", f"pub(crate) fn sum_sync{body}")
    assert ([n.name for n in facts.removed], facts.renamed) == (["op_sum"], ())


def test_fewer_overloads_are_not_told_as_removed() -> None:
    one, two = "int at(int a);\n", "int at(long a, long b);\n"
    assert of("include/a.hpp", one + two, "int at(auto... a);\n").removed == ()
    assert [n.kind for n in of("include/a.hpp", one, one + two).added] == ["overload"]
    variants = "#[cfg(a)]\npub fn f(x: A) {\n    one();\n}\n#[cfg(not(a))]\npub fn f(x: A) {\n    two();\n}\n"
    facts = of("src/a.rs", variants, variants.replace("one()", "three()"))
    assert (facts.added, facts.removed, [n.name for n in facts.changed]) == ((), (), ["f"])


def test_an_implementation_for_a_path_is_named_with_the_path() -> None:
    old = "impl From<&A> for pb::X {\n    fn from(a: &A) -> Self {\n        go()\n    }\n}\n"
    facts = of("src/a.rs", old, old + old.replace("pb::X", "old::X"))
    assert ([n.name for n in facts.added], facts.removed) == (["From<&A> for old::X"], ())


def test_of_a_field_and_its_accessor_the_public_one_counts() -> None:
    field = "public class Index {\n    private final int baseId;\n"
    method = "    public int baseId() {\n        return baseId;\n    }\n"
    before, after = field + "}\n", field + method + "}\n"
    assert [(n.name, n.kind) for n in of("src/Index.java", before, after).added] == [
        ("Index.baseId", "function")
    ]
    assert [n.name for n in of("src/Index.java", after, before).removed] == ["Index.baseId"]
    both = of("src/Index.java", "public class Index {\n}\n", after)
    assert [(n.name, n.kind) for n in both.added] == [("Index.baseId", "function")]


OPENED = {
    "src/a.rs": ("fn f(a: u32) {\n    go(a);\n}\n", "pub fn f(a: u32) {\n    go(a);\n}\n"),
    "src/a.ts": ("function f(a) {\n  go(a)\n}\n", "export function f(a) {\n  go(a)\n}\n"),
}


@pytest.mark.parametrize("path", OPENED)
def test_what_can_be_used_from_outside_now_or_no_longer_is_added_or_removed(path: str) -> None:
    hidden, opened = OPENED[path]
    facts = of(path, hidden, opened)
    assert ([n.name for n in facts.added], facts.removed, facts.changed) == (["f"], (), ())
    assert [n.name for n in of(path, hidden, opened.replace("go(a)", "stop(a)")).changed] == ["f"]
    facts = of(path, opened, hidden)
    assert (facts.added, [n.name for n in facts.removed]) == ((), ["f"])


def test_what_a_module_of_javascript_exports_is_called_so() -> None:
    facts = of(
        "src/a.ts", "const a = 1\n", "const a = 1\nexport type T = A | B\nexport class C {\n  d = 1\n}\n"
    )
    assert interface_lines(facts, "en") == ["adds exported class `C`", "adds exported type `T`"]
    assert interface_lines(facts, "zh") == ["新增导出类 `C`", "新增导出类型 `T`"]


def test_of_a_long_call_no_value_is_told() -> None:
    old = "export const PROJECTS = shallowRef(projects.filter(keep).map(name))\n"
    facts = of("src/a.ts", old, old.replace("shallowRef", "computed"))
    assert (facts.values, [n.name for n in facts.changed]) == ((), ["PROJECTS"])
    text = 'class A:\n    PATH: str = (\n        "a/{}/of a rather long path in some folder"\n    )\n'
    assert len(of("a.py", text.format(1), text.format(2)).values) == 1
    short = of("src/a.rs", "pub const T: D = secs(30);\n", "pub const T: D = secs(60);\n")
    assert [(v.old, v.new) for v in short.values] == [("secs(30)", "secs(60)")]


def test_a_constructor_is_told_as_its_class() -> None:
    old = "public class R {\n    public static class B {\n        public B(int a) {\n        }\n    }\n}\n"
    facts = of("src/R.java", old, old.replace("int a", "int a, int b"))
    assert interface_lines(facts, "en") == ["`B` of R gains `b`"]


def test_what_a_constructor_sets_is_no_function() -> None:
    old = "template <typename C> class value {\n public:\n  M I value(int v) : int_value(v) {}\n};\n"
    new = old.replace(
        "};",
        "  M I value(bool v B) : bool_value(v), other(1) {}\n  M I value(T v) : t(v) {\n    go();\n  }\n};",
    )
    assert of("include/a.h", old, new).added == ()


def test_a_commit_is_no_version_that_crosses_another() -> None:
    crate = '[dependencies]\nx = {{ git = "u", rev = "{}" }}\n'
    facts = of("Cargo.toml", crate.format("e331befa27fede78d4662edf"), '[dependencies]\nx = "0.12"\n')
    assert [(d.new, d.is_major) for d in facts.dependencies] == [("0.12", False)]
    facts = of("Cargo.toml", '[dependencies]\nx = "*"\n', '[dependencies]\nx = "0.12"\n')
    assert [d.is_major for d in facts.dependencies] == [False]


def test_a_pointer_to_a_function_is_a_field() -> None:
    old = "typedef struct T {\n    int a;\n} T;\n"
    facts = of("include/a.h", old, old.replace("} T;", "    void (*close)(struct c *conn);\n} T;"))
    assert [n.kind for n in facts.added] in ([], ["field"])


def test_a_long_comment_above_a_class_hides_none_of_it() -> None:
    prose = "/**\n" + " * Words (of many\n" * 90 + " */\n"
    body = "".join(f"  public int f{n}(int a) {{\n    return a * {n} + {n};\n  }}\n\n" for n in range(200))
    old = f"package a;\n\n{prose}@Marked\npublic final class G {{\n{body}}}\n"
    facts = of("src/G.java", old, old.replace("return a * 7 + 7;", "return a * 7 - 7;"))
    assert [n.name for n in facts.changed] == ["G.f7"]


def test_tests_that_went_are_not_told_as_changed() -> None:
    kept, gone = "def test_a():\n    assert a()\n", "\n\ndef test_b():\n    assert b()\n"
    facts = of("tests/test_a.py", kept + gone, kept)
    assert interface_lines(facts, "en") == []
    assert fact_lines(facts, "en")[-1] == "removes test `test_b` in `tests/test_a.py`"
    assert fact_lines(facts, "zh")[-1] == "移除 `tests/test_a.py` 中的测试 `test_b`"
    both = of("tests/test_a.py", kept + gone, kept.replace("a()\n", "c()\n"))
    assert [n.name for n in both.tests_changed] in (["test_a"], ["test_a", "test_b"])


def test_a_dependency_of_developers_is_called_so() -> None:
    old = "[project]\nname = 'a'\n[dependency-groups]\ndev = []\n"
    facts = of("pyproject.toml", old, old.replace("[]", "['x>=1']"))
    assert fact_lines(facts, "en")[-1] == "adds development dependency `x` `>=1`"
    assert fact_lines(facts, "zh")[-1] == "新增开发依赖 `x` `>=1`"


def test_what_a_header_beside_the_sources_declares_is_not_called_public() -> None:
    versions = ("int a(void);\n", "int a(void);\nint b(int x);\n")
    for path in ("include/x/a.h", "src/redismodule.h", "src/api.h"):
        assert interface_lines(of(path, *versions), "en") == ["adds public function `b`"]
    beside = of("src/server.h", *versions)
    assert interface_lines(beside, "en") == ["adds function `b`"]
    assert interface_lines(beside, "zh") == ["新增函数 `b`"]


def test_a_member_of_two_classes_of_one_name_is_told_once() -> None:
    texts = [
        text_of("a.py", "class Index:\n    pass\n", "class Index:\n    base_id: int\n"),
        text_of("src/a.rs", "pub struct Index {\n}\n", "pub struct Index {\n    pub base_id: u32,\n}\n"),
    ]
    assert interface_lines(facts_of(texts), "en") == ["adds public field `base_id` of `Index`"]


def test_what_only_the_parts_of_a_project_include_is_internal() -> None:
    for name in ("area_private.h", "area_internal.hpp", "area_p.h"):
        facts = of(f"src/{name}", "int a(void);\n", "int a(void);\nint b(int x);\n")
        assert (facts.added, [n.name for n in facts.internal_added]) == ((), ["b"])


def test_a_prototype_that_names_its_parameters_anew_is_the_same() -> None:
    old, new = "int f(int a, char *b);\nint g(int a);\n", "int f(int x, char *y);\nint g(long a);\n"
    assert [n.name for n in of("include/a.h", old, new).changed] == ["g"]


def test_several_functions_gain_and_lose_in_the_plural() -> None:
    old = "def f(a, c):\n    pass\n\ndef g(a, c):\n    pass\n"
    facts = of("a.py", old, old.replace("a, c", "a, b=1"))
    said = [
        signature_line(facts, some, language)
        for language in ("en", "zh")
        for some in (facts.signatures, facts.signatures[:1])
    ]
    assert said == [
        "`f`, `g` gain `b` and no longer take `c`",
        "`f` gains `b` and no longer takes `c`",
        "`f`、`g` 新增参数 `b`，去掉参数 `c`",
        "`f` 新增参数 `b`，去掉参数 `c`",
    ]


_LONG = "    a = a + 1\n" * 900 + "    return a\n"
_PROSE = "    Some words that nobody needs.\n" * 90
NO_NAMES = {
    "names taken out of an object": (
        "src/a.js",
        "const { A, B } = require('x');\n",
        "const { A, B, C } = require('x');\n",
    ),
    "arguments of a macro": (
        "include/a.hpp",
        "REBIND(A)\n",
        "REBIND(A)\nREBIND(const);\nREBIND(noexcept);\n",
    ),
    "a variable of the environment in a docstring": (
        "src/a.py",
        f'def f(a):\n    """Do.\n    """\n{_LONG}',
        f'def f(a):\n    """Do.\n\n{_PROSE}    `from_env_var("MY_TOKEN")`\n    """\n{_LONG}',
    ),
}


@pytest.mark.parametrize("case", NO_NAMES)
def test_what_only_looks_like_a_definition_is_none(case: str) -> None:
    facts = of(*NO_NAMES[case])
    assert (facts.added, facts.changed, facts.env_added) == ((), (), ())


def test_a_class_within_a_class_is_read() -> None:
    old = "class A {\n public:\n  int get() const;\n};\n"
    new = old.replace("};", "  class B {\n   public:\n    int x();\n  };\n};")
    assert [n.name for n in of("include/a.hpp", old, new).added] == ["A::B"]


def test_a_brace_within_the_head_opens_no_body() -> None:
    head = "export function generate(\n  ast: string,\n  {\n    mode = 'a',\n    deep = false,\n"
    head += "  }: Options,\n): number {\n"
    inner = "  function push(a: number) {\n    return a + 1;\n  }\n"
    body = "".join(f"  const x{n} = push({n});\n" for n in range(400))
    old = f"{head}{inner}{body}  return 1;\n}}\n"
    assert [n.name for n in of("src/a.ts", old, old.replace("a + 1", "a + 2")).changed] == ["generate"]


PASSING = {
    ("a, b, c", "a, *, b, c"): "`b`, `c` of `f` can only be passed by keyword",
    ("a, b", "a, /, b"): "`a` of `f` can only be passed by position",
    ("a, *, b", "a, b"): "`b` of `f` may be passed by position or keyword",
    ("a, b", "*a, b"): "`b` of `f` can only be passed by keyword",
    ("a, b=1", "a, *, b: int = 1"): "`b` of `f` can only be passed by keyword",
}


@pytest.mark.parametrize("heads", PASSING)
def test_a_parameter_that_is_passed_otherwise_is_told(heads: tuple[str, str]) -> None:
    old, new = (f"def f({head}):\n    return a\n" for head in heads)
    assert PASSING[heads] in told(of("src/a.py", old, new)).splitlines()


def test_calls_that_fail_for_how_they_pass_are_a_risk() -> None:
    files: dict[str, Versions] = {
        "src/a.py": ("def f(a, b):\n    return a\n", "def f(a, *, b):\n    return a\n")
    }
    (risk,) = written("Take b by name", files).risks
    assert risk.text == "`b` of `f` can only be passed by keyword: calls by position fail"
    back = {path: (new, old) for path, (old, new) in files.items()}
    assert written("Take b as before", back).risks == ()


def test_layout_alone_changes_no_definition() -> None:
    old = "int f(int a) {\n  a += 1;\n  return a;\n}\nint g(int a) {\n  return a;\n}\n"
    facts = of(
        "src/a.c", old, old.replace("  a += 1", "   a += 1").replace("return a;\n}\nint", "return 2;\n}\nint")
    )
    assert [n.name for n in facts.changed] == ["f"]
    again = of(
        "src/a.c", old, old.replace("  return a;\n}\n", "   return a;\n}\n").replace("a += 1", "a += 2")
    )
    assert [n.name for n in again.changed] == ["f"]


def test_sorts_are_called_as_in_their_language() -> None:
    rust = "pub struct A {\n    pub x: u32,\n}\npub enum E {\n    One,\n}\n"
    assert "adds pub type `B`" in told(of("src/a.rs", rust, rust + "pub struct B {\n    pub y: u32,\n}\n"))
    assert "adds variant `Two` of `E`" in told(
        of("src/a.rs", rust, rust.replace("One,\n", "One,\n    Two,\n"))
    )
    python = "class A:\n    x = 1\n"
    assert "adds public class `B`" in told(of("src/a.py", python, python + "class B:\n    y = 1\n"))


def test_a_member_is_told_with_its_owner() -> None:
    old = "class A:\n    def get(self): ...\n"
    facts = of("src/a.py", old, old + "    def put(self): ...\n")
    assert "新增 `A` 的公开函数 `put`" in told(facts, "zh")
    assert "adds public function `put` of `A`" in told(facts)


def test_features_and_jobs_are_no_settings() -> None:
    cargo = '[package]\nname = "a"\n\n[features]\ndefault = []\n'
    assert "adds Cargo feature `tls`" in told(of("Cargo.toml", cargo, cargo + "tls = []\n"))
    flow = "jobs:\n  one:\n    runs-on: x\n"
    facts = of(".github/workflows/ci.yml", flow, flow + "  two:\n    runs-on: x\n    name: y\n")
    assert "adds CI job `two`" in told(facts)


def test_a_long_key_is_told_by_its_end() -> None:
    path = [f"level_{n}_of_many" for n in range(8)]
    nested = "".join("  " * n + f"{name}:\n" for n, name in enumerate(path))
    old = nested + "  " * 8 + "first: 1\n"
    text = told(of("config/a.yaml", old, old + "  " * 8 + "second_key: 2\n"))
    assert "second_key" in text
    assert "…" in text


def test_new_warnings_of_a_deprecation_are_told_by_name() -> None:
    old = "import warnings\n\nclass Reader:\n    def __init__(self, a):\n        self.a = a\n\n"
    old += "def read(a):\n    return a\n"
    warns = "        warnings.warn('gone soon', FutureWarning)\n"
    new = old.replace("        self.a = a\n", f"{warns}        self.a = a\n")
    assert "adds a deprecation warning in Reader" in told(of("src/a.py", old, new)).replace("`", "")
    quiet = old.replace(
        "    return a", "    warnings.filterwarnings('ignore', category=FutureWarning)\n    return a"
    )
    assert of("src/a.py", old, quiet).deprecated == ()
    fresh = "def other(a):\n    warnings.warn('x is gone soon', FutureWarning)\n"
    assert of("src/a.py", old, old + fresh).deprecated == ()
    assert (of("src/b.py", None, old + fresh).deprecations, of("src/a.py", old, new).deprecations) == (0, 1)
    rust = "pub fn a() {}\n"
    marked = of("src/a.rs", rust, '#[deprecated(note = "use b")]\npub fn a() {}\n')
    assert [n.name for n in marked.deprecated] == ["a"]


def test_a_decorator_belongs_to_the_test_below() -> None:
    old = "def test_one():\n    assert 1\n\n\ndef test_two():\n    assert 2\n"
    facts = of("tests/test_a.py", old, old.replace("def test_two", "@pytest.mark.slow\ndef test_two"))
    assert [n.name for n in facts.tests_changed] == ["test_two"]


def test_an_import_is_not_told_beside_what_uses_it() -> None:
    old = "import os\n\n\ndef f(a):\n    return a[0] + a[1]\n"
    new = old.replace("import os", "import os\nimport json").replace("a[0] + a[1]", "json.dumps(a)")
    (edit,) = of("src/a.py", old, new).edits
    assert (edit.old, edit.new) == ("return a[0] + a[1]", "return json.dumps(a)")


def test_no_quotation_is_cut_within_a_literal() -> None:
    line = 'functions = {{"%s": make("%s", strict=True, lazy=False, cached=True), "other": None}}\n'
    old, new = line % ("slice", "a"), line % ("toSlice", "b")
    edits = of("src/a.py", f"x = 1\n{old}", f"x = 1\n{new}").edits
    assert all((t or "").count('"') % 2 == 0 for e in edits for t in (e.old, e.new))


def test_headings_are_told_without_tags_and_new_ones_as_new() -> None:
    old = "# Guide\n\n## Setup\n\none\n"
    new = old + '\n## <a name="strict"></a> Stricter `rules`\n\ntwo\n'
    facts = of("docs/a.md", old, new)
    assert [(n.name, n.kind) for n in facts.sections] == [("Stricter rules", "new_section")]
    assert "adds section" in told(facts)
    assert "changes section" in told(of("docs/a.md", old, old.replace("one", "three")))


def test_a_breaking_change_is_told_in_the_words_of_the_message() -> None:
    files: dict[str, Versions] = {"src/a.py": ("def f(x): ...\n", "def f(y): ...\n")}
    body = "Some words.\n\nBREAKING CHANGE: `f` takes y.\nIt was x. More of it.\n\nSigned-off-by: A\n"
    risks = [r.text for r in written("feat: take y", files, body=body).risks]
    assert risks[0] == "Breaking, says the message: “f takes y.”"
    plain = [r.text for r in written("feat!: take y", files).risks]
    assert plain[0] == "The message marks this as a breaking change"


def test_long_paths_of_new_files_are_whole() -> None:
    path = "/".join(["src", *["a_rather_long_folder"] * 5, "a.py"])
    files: dict[str, Versions] = {path: (None, "".join(f"x{n} = {n}\n" for n in range(400)))}
    assert written("Add a", files).insights.architecture == f"new source files: `{path}`"


def test_deleted_files_are_named() -> None:
    gone: dict[str, Versions] = {"src/a.py": ("def f(x): ...\n", None)}
    assert written("Remove a", gone).insights.architecture == "source files deleted: `src/a.py`"


FIXES = {
    "fix: AnswerJoiner no longer crashes when sorting": "AnswerJoiner no longer crashes when sorting",
    "fix: A.b objects passed to C.d work when e": "A.b objects passed to C.d work when e",
    "fix: slice -> toSlice": "Fixes: slice -> toSlice",
    "slice -> toSlice": "slice -> toSlice",
    "fix: prevent a panic": "Prevent a panic",
    "fix: unregister the handler when it is dropped": "Unregister the handler when it is dropped",
    "fix: ensure mapping is added once": "Ensure mapping is added once",
    "fix: don't read what is not there": "don't read what is not there",
    "fix: data of nested unions was dropped": "Fixes: data of nested unions was dropped",
    "feat: a new parser of dates": "A new parser of dates",
}


@pytest.mark.parametrize("subject", FIXES)
def test_a_fault_is_not_told_as_what_was_done(subject: str) -> None:
    files: dict[str, Versions] = {"src/a.py": ("def f(x):\n    return 1\n", "def f(x):\n    return 2\n")}
    assert written(subject, files).summary.split(";")[0] == FIXES[subject]


def test_a_release_names_the_one_before() -> None:
    files: dict[str, Versions] = {
        "package.json": ('{\n  "version": "3.5.25"\n}\n', '{\n  "version": "3.5.26"\n}\n')
    }
    assert written("release: v3.5.26", files).summary == "Releases `3.5.26`, after `3.5.25`"
    assert written("release: v3.5.26", {}).summary == "Releases `3.5.26`"


def test_a_group_of_dependencies_is_told_by_its_size() -> None:
    subject = "chore(deps): bump the actions group across 1 directory with 3 updates"
    assert written(subject, {}).summary == "Bumps 3 dependencies of the `actions` group"


def test_a_parameter_without_a_name_is_no_parameter_with_another_type() -> None:
    old = "struct A {\n  void f(int a, const Seq& /*seq*/);\n};\n"
    facts = of("include/a.h", old, old.replace("int a, ", "int a, const Name& /*name*/, "))
    assert (facts.types, facts.signatures) == ((), ())


def test_a_line_that_moves_is_not_quoted_as_removed_and_added() -> None:
    old = "void f() {\n  for (;;) {\n    g();\n    *a = b_c;\n  }\n}\n"
    new = "void f() {\n  for (;;) {\n    g();\n  }\n  *a = b_c;\n}\n"
    assert of("lib/x.cc", old, new).edits == ()


def test_tests_are_named_as_their_frameworks_name_them() -> None:
    cases = {
        "a/b_test.go": ("package a\n", "package a\n\nfunc (s) TestIt(t *testing.T) {\n\tx()\n}\n", "TestIt"),
        "a/b_test.cc": ("int x;\n", "int x;\nTEST_F(Suite, DoesIt) {\n  a();\n}\n", "Suite.DoesIt"),
    }
    for path, (old, new, name) in cases.items():
        assert [n.name for n in of(path, old, new).tests_added] == [name]


def test_a_heading_that_is_replaced_is_no_new_section() -> None:
    old = "# A\n\n## 0.4.2 (latest)\n\ntext\n"
    facts = of("docs/a.md", old, old.replace("0.4.2", "0.4.3"))
    assert [n.kind for n in facts.sections] == ["section"]
    facts = of("docs/a.md", old, old.replace("## 0", "## 0.5\n\nnew\n\n## 0"))
    assert [n.kind for n in facts.sections] == ["new_section"]


def test_rest_arguments_of_python_with_a_type_are_still_there() -> None:
    old = "class A:\n    def f(self, *args, **kwargs): ...\n"
    facts = of("src/a.py", old, old.replace("*args", "*args: Any").replace("**kwargs", "**kwargs: Any"))
    assert facts.signatures == ()
    assert [(t.name, t.old, t.new) for t in facts.types] == [
        ("A.f(args)", None, "Any"),
        ("A.f(kwargs)", None, "Any"),
    ]


def test_the_repositories_beside_go_do_not_break_with_their_second_number() -> None:
    module = "module a\n\ngo 1.22\n\nrequire {} v0.{}.0\n"
    for name, is_major in (("golang.org/x/net", False), ("example.org/x/net", True)):
        facts = of("go.mod", module.format(name, 1), module.format(name, 2))
        assert [d.is_major for d in facts.dependencies] == [is_major]


def test_a_dependency_may_ask_for_a_version_or_not() -> None:
    text = '[project]\nname = "a"\ndependencies = ["{}"]\n'
    facts = of("pyproject.toml", text.format("x"), text.format("x>=2"))
    assert interface_lines(facts, "en") == ["dependency `x` now asks for version `>=2`"]
    facts = of("pyproject.toml", text.format("x>=2"), text.format("x"))
    assert interface_lines(facts, "zh") == ["依赖 `x` 不再限定版本"]


def test_files_that_come_change_and_go_are_told_apart() -> None:
    files: dict[str, Versions] = {
        "docs/new.md": (None, "a\n"), "docs/old.md": ("a\n", None), "docs/same.md": ("a\n", "b\n"),
    }  # fmt: skip
    assert "adds document `docs/new.md`; " in written("Guides", files).summary
