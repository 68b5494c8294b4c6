"""Who may use a name: what languages, headers and comments say of it, and what risk is told of it."""

from __future__ import annotations

from digest_pipeline.facts import Facts, facts_of
from digest_pipeline.rules.statements import interface_lines
from digest_pipeline.wording import analysis_by_rules
from digest_pipeline_tests.diffs import judged, text_of


def of(path: str, old: str | None, new: str | None) -> Facts:
    return facts_of([text_of(path, old, new)])


RUBY = """class A
  def a
  end

  private

  def b
  end
end

# @api private
class Z
  def q
  end
end
"""


def test_ruby_says_below_which_line_what_is_private() -> None:
    new = RUBY.replace("  private\n", "  def open\n  end\n\n  private\n\n  def hidden\n  end\n").replace(
        "  def q\n", "  def r\n  end\n\n  def q\n"
    )
    facts = of("lib/a.rb", RUBY, new)
    assert [n.name for n in facts.added] == ["A::open"]
    assert {n.name for n in facts.internal_added} == {"A::hidden", "Z::r"}
    named = RUBY.replace("  private\n", "  def make\n  end\n  private_class_method :make\n\n  private\n")
    assert of("lib/a.rb", RUBY, named).added == ()


def test_a_property_is_called_by_its_own_name_and_a_variable_of_go_no_constant() -> None:
    kotlin = "class B {\n  val a = 1\n}\n"
    facts = of("src/A.kt", kotlin, kotlin.replace("}\n", "  private var last: Throwable? = null\n}\n"))
    assert [n.name for n in facts.internal_added] == ["B.last"]
    go = "package a\n\nvar (\n\tA = 1\n)\n"
    assert interface_lines(of("a/b.go", go, go.replace(")\n", "\tB = 2\n)\n")), "en") == [
        "adds public variable `B`"
    ]


def test_what_methods_had_before_is_no_new_field() -> None:
    old = "class A:\n    def __init__(self):\n        self.name = 1\n"
    assert of("src/a.py", old, old.replace("class A:\n", "class A:\n    name: int\n")).added == ()
    facts = of("src/a.py", old, old.replace("class A:\n", "class A:\n    other: int\n"))
    assert [n.name for n in facts.added] == ["A.other"]


def test_special_values_of_python_are_nobody_s_fields() -> None:
    old = "class A:\n    x = 1\n"
    facts = of("src/a.py", old, f"{old}    __test__ = False\n    def __call__(self): ...\n")
    assert [n.name for n in facts.added] == ["A.__call__"]


def test_a_macro_of_a_header_beside_the_sources_is_internal() -> None:
    for path, is_internal in (("src/refs.h", True), ("include/x/refs.h", False), ("refs.h", False)):
        facts = of(path, "#define A 1\n", "#define A 1\n#define HEAD_REF 2\n")
        assert [n.name for n in (facts.internal_added if is_internal else facts.added)] == ["HEAD_REF"]


def test_a_header_beside_the_sources_bears_no_risk_for_users() -> None:
    versions = ("int a(void);\nint b(int x);\n", "int a(void);\n")
    for path, risks in (("src/server.h", 0), ("include/x/a.h", 1)):
        commit, triage, facts = judged("Rework the server", {path: versions})
        assert len(analysis_by_rules(commit, triage, facts, "en").risks) == risks


def test_a_module_of_rust_that_may_be_private_bears_no_risk() -> None:
    versions = ("pub fn a() {}\npub fn b() {}\n", "pub fn a() {}\n")
    for path, risks in (("src/store.rs", 1), ("src/store/cse/inner.rs", 0)):
        commit, triage, facts = judged("Rework the store", {path: versions})
        assert len(analysis_by_rules(commit, triage, facts, "en").risks) == risks


def test_what_python_reads_like_a_field_is_a_property() -> None:
    old = "class A:\n    x = 1\n"
    new = old + "    @functools.cached_property\n    def y(self): ...\n    @cache\n    def z(self): ...\n"
    facts = of("src/a.py", old, new)
    assert interface_lines(facts, "en") == [
        "adds public property `y` of `A`",
        "adds public function `z` of `A`",
    ]


def test_a_hostile_comment_above_a_name_of_ruby_is_read_in_no_time() -> None:
    old = "class A\n  def a\n  end\nend\n"
    comment = "  # @private" + "\n\n\n  #" * 60 + "\n  x\n\n"
    facts = of("lib/a.rb", old, old.replace("  end\nend", f"  end\n{comment}  def b\n  end\nend"))
    assert [n.name for n in facts.added] == ["A::b"]
    hidden = comment.replace("  x\n", "")
    facts = of("lib/a.rb", old, old.replace("  end\nend", f"  end\n{hidden}  def b\n  end\nend"))
    assert [n.name for n in facts.internal_added] == ["A::b"]
