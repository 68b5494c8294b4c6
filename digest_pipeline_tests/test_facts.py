"""What the facts of a diff say, language by language, and what they must not cost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest_pipeline.facts import Facts, fact_lines, facts_of
from digest_pipeline.models import FileChange, FileKind, FileText
from digest_pipeline.rules import jvm
from digest_pipeline.rules.findings import Dependency, Value
from digest_pipeline_tests.diffs import Versions, text_of


def of(path: str, old: str | None, new: str | None) -> Facts:
    return facts_of([text_of(path, old, new)])


def names(facts: Facts) -> tuple[list[str], list[str]]:
    return [n.name for n in facts.added], [n.name for n in facts.removed]


NEW_NAMES: dict[str, tuple[str, str, list[str]]] = {
    "python": (
        "src/a.py",
        "def open(x): ...\nclass Store:\n    def get(self): ...\ndef _no(): ...\n",
        ["Store", "open"],
    ),
    "c header": (
        "include/a.h",
        "#ifndef A_H\n#define A_H\n#define N 4\nint open_it(int a);\n#endif\n",
        ["N", "open_it"],
    ),
    "c++": ("include/a.hpp", "class S {\n  int x_;\n public:\n  S();\n  int get() const;\n};\n", ["S"]),
    "cuda": (
        "include/a.cuh",
        "template <int N>\n__global__ void __launch_bounds__(N) kern(int* x) {}\n",
        ["kern"],
    ),
    "rust": (
        "src/a.rs",
        "pub fn open() {}\nfn no() {}\npub(crate) fn no2() {}\npub struct S { pub a: u32 }\n",
        ["S", "open"],
    ),
    "go": ("a.go", "package a\nfunc Open() {}\nfunc no() {}\ntype S struct{ A int }\n", ["Open", "S"]),
    "java": ("src/A.java", "public class A { public void open() {} private void no() {} }\n", ["A"]),
    "kotlin": ("src/A.kt", "fun open(a: Int = 3) {}\nprivate fun no() {}\n", ["open"]),
    "javascript": (
        "src/a.js",
        "export function open() {}\nfunction no() {}\nfunction listed() {}\nexport { listed };\n",
        ["listed", "open"],
    ),
    "typescript": (
        "src/a.ts",
        "export interface S { a: string }\nexport const N = 4;\nconst no = 3;\n",
        ["N", "S"],
    ),
    "ruby": ("lib/a.rb", "module M\n  def open(a)\n  end\nend\n", ["M"]),
    "ruby class": ("lib/b.rb", "module M\n  class C\n    def open\n    end\n  end\nend\n", ["M::C"]),
    "shell": ("scripts/a.sh", "open() { echo; }\n", []),
}


@pytest.mark.parametrize("language", NEW_NAMES)
def test_new_public_names_are_found_in_every_language(language: str) -> None:
    path, source, expected = NEW_NAMES[language]
    assert sorted(names(of(path, None, source))[0]) == expected
    assert sorted(names(of(path, source, None))[1]) == expected


def test_private_names_are_internal() -> None:
    facts = of("src/a.py", "x = 1\n", "x = 1\n\ndef _close():\n    return 2\n")
    assert names(facts) == ([], [])
    assert [n.name for n in facts.internal_added] == ["_close"]
    assert names(of("src/_internal/a.py", "x = 1\n", "x = 1\n\ndef open(): ...\n"))[0] == []


def test_shaders_offer_nothing_to_others() -> None:
    gone = of("src/shaders/copy.tmpl.wgsl", "struct Params {\n};\nfn main() {\n}\n", None)
    assert names(gone) == ([], [])
    assert [n.name for n in gone.internal_removed] == ["Params", "main"]


def test_tests_and_examples_offer_nothing() -> None:
    assert names(of("tests/test_a.py", None, "def open(): ...\n"))[0] == []
    assert names(of("examples/a.py", None, "def open(): ...\n"))[0] == []


SIGNATURES: dict[str, tuple[str, str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "optional": ("a.py", "def f(x): ...\n", "def f(x, *, y=None): ...\n", ("y",), (), ()),
    "required": (
        "a.go",
        "package a\nfunc F(x int) {}\n",
        "package a\nfunc F(x, y int) {}\n",
        ("y",),
        (),
        ("y",),
    ),
    "lost": ("a.rs", "pub fn f(x: u32, y: u32) {}\n", "pub fn f(x: u32) {}\n", (), ("y",), ()),
    "method": ("a.ts", "export class A { f(x) {} }\n", "export class A { f(x, y = 3) {} }\n", ("y",), (), ()),
    "header": ("a.h", "int f(int x);\n", "int f(int x, char *y);\n", ("y",), (), ("y",)),
    "kotlin": ("A.kt", "fun f(x: Int) {}\n", "fun f(x: Int, y: Int = 3) {}\n", ("y",), (), ()),
}


@pytest.mark.parametrize("case", SIGNATURES)
def test_parameters_gained_and_lost(case: str) -> None:
    path, old, new, gained, lost, required = SIGNATURES[case]
    (signature,) = of(f"src/{path}", old, new).signatures
    assert (signature.gained, signature.lost, signature.required) == (gained, lost, required)


def test_defaults_and_constants_that_change_are_values() -> None:
    old = "LIMIT = 3\nclass C:\n    size: int = 1\n    def f(self, x=1): ...\n"
    new = "LIMIT = 4\nclass C:\n    size: int = 2\n    def f(self, x=2): ...\n"
    assert of("src/a.py", old, new).values == (
        Value("C.f(x)", "1", "2", "src/a.py"),
        Value("C.size", "1", "2", "src/a.py"),
        Value("LIMIT", "3", "4", "src/a.py"),
    )


BODY = "    total = 0\n    for item in items:\n        total += item.price * item.count\n    return total\n"


def test_rename_keeps_the_body() -> None:
    facts = of("src/a.py", f"def count(items):\n{BODY}", f"def total_price(items):\n{BODY}")
    assert names(facts) == ([], [])
    assert [(r.old, r.new) for r in facts.renamed] == [("count", "total_price")]


def test_move_to_another_file_is_neither_new_nor_gone() -> None:
    texts = [
        text_of("src/a.py", f"x = 1\ndef count(items):\n{BODY}", "x = 1\n"),
        text_of("src/b.py", "y = 1\n", f"y = 1\ndef count(items):\n{BODY}"),
    ]
    facts = facts_of(texts)
    assert names(facts) == ([], [])
    assert [(m.old, m.path) for m in facts.moved] == [("src/a.py", "src/b.py")]


def test_layout_alone_is_formatting_and_a_moved_line_is_not() -> None:
    assert of("src/a.py", "f(a, b)\ng = 'x'\n", 'f(\n    a,\n    b,\n)\ng = "x"\n').is_formatting_only
    assert not of("src/a.go", "a()\nb()\nc()\nd()\n", "b()\nc()\nd()\na()\n").is_formatting_only


def test_marks_that_mean_something_are_no_layout() -> None:
    assert not of("src/a.js", "x = /a./\n", "x = /a\\./\n").is_formatting_only
    assert not of("src/a.py", "x = (a + b) * c\n", "x = a + (b * c)\n").is_formatting_only


def test_prototypes_alike_but_for_their_names_are_no_rename() -> None:
    old, new = "void increment_count(const char *a);\n", "void open_handle(const char *a);\n"
    facts = of("include/a.h", old, new)
    assert facts.renamed == ()
    assert names(facts) == (["open_handle"], ["increment_count"])
    spelt = of("include/a.h", "void is_set_limit(const char *a);\n", "void set_limit(const char *a);\n")
    assert [(r.old, r.new) for r in spelt.renamed] == [("is_set_limit", "set_limit")]


def test_tests_within_a_source_file_and_scripts_offer_no_options_or_endpoints() -> None:
    rust = '#[cfg(test)]\nmod tests {\n    fn a() {\n        app.route("/new", x);\n    }\n}\n'
    assert of("src/a.rs", "fn b() {}\n", "fn b() {}\n" + rust).endpoints_added == ()
    assert of("scripts/a.py", "", 'parser.add_argument("--new")\n').options_added == ()
    assert of("src/a.py", "", 'parser.add_argument("--new")\n').options_added == ("--new",)


def test_comments_and_docstrings_are_prose() -> None:
    old = 'def f():\n    """Say\n    it.\n    """\n    return 1  \n'
    assert of("src/a.py", old, old.replace("it.", "that.")).is_prose_only
    assert of("src/a.c", "/* one */\nint x;\n", "/* two */\nint x;\n").is_prose_only
    assert not of("src/a.py", old, old.replace("return 1", "return 2")).is_prose_only


USAGES = {
    "python": (
        'flag = os.environ.get("NEW_FLAG")\nparser.add_argument("--new-option")\n@app.get("/new")\n',
        "src/a.py",
    ),
    "go": ('x := os.Getenv("NEW_FLAG")\nflags.Option("--new-option")\nmux.HandleFunc("/new", h)\n', "a.go"),
    "rust": (
        'let x = std::env::var("NEW_FLAG");\n#[arg(long = "new-option")]\napp.route("/new", h)\n',
        "src/a.rs",
    ),
    "javascript": (
        'const x = process.env.NEW_FLAG\np.option("--new-option")\nrouter.get("/new", h)\n',
        "src/a.js",
    ),
}


@pytest.mark.parametrize("language", USAGES)
def test_variables_options_and_endpoints_come_and_go(language: str) -> None:
    text, path = USAGES[language]
    came, went = of(path, "", text), of(path, text, "")
    assert (came.env_added, came.options_added, came.endpoints_added) == (
        ("NEW_FLAG",),
        ("--new-option",),
        ("/new",),
    )
    assert (went.env_removed, went.options_removed, went.endpoints_removed) == (
        ("NEW_FLAG",),
        ("--new-option",),
        ("/new",),
    )


def test_a_variable_that_the_file_knew_is_not_new() -> None:
    old = 'a = os.getenv("KNOWN_FLAG")\n' + "pass\n" * 9
    assert of("src/a.py", old, old + 'b = os.getenv("KNOWN_FLAG")\n').env_added == ()


POM = """<project>
  <parent><groupId>a.b</groupId><artifactId>root</artifactId><version>{parent}</version></parent>
  <dependencies>
    <dependency><groupId>b</groupId><artifactId>own</artifactId><version>${{project.version}}</version></dependency>
    <dependency>
      <groupId>b</groupId>
      <artifactId>okhttp</artifactId>
      <version>{version}</version>
    </dependency>
  </dependencies>
  <build>
    <plugin>
      <artifactId>shade</artifactId>
      <dependencies><dependency><artifactId>asm</artifactId><version>9</version></dependency></dependencies>
      <signature><artifactId>java16</artifactId><version>{version}</version></signature>
    </plugin>
  </build>
</project>
"""
CATALOGUE = """[versions]
shared = "{version}"
rich = {{ strictly = "[1, 2[" }}
[libraries]
x = {{ module = "a.b:x", version.ref = "shared" }}
y = {{ group = "a.b", name = "y", version.ref = "rich" }}
z = "a.b:z:3"
[plugins]
p = {{ id = "a.p", version = "4" }}
"""
MANIFESTS: dict[str, tuple[str, str, str, Dependency]] = {
    "python": (
        "pyproject.toml",
        '[project]\ndependencies = ["x>=1.2"]\n',
        '[project]\ndependencies = ["x>=2"]\n',
        Dependency("x", ">=1.2", ">=2", "pyproject.toml", is_dev=False),
    ),
    "dev group": (
        "pyproject.toml",
        "",
        '[dependency-groups]\ndev = ["x"]\n',
        Dependency("x", None, "", "pyproject.toml", is_dev=True),
    ),
    "rust": (
        "Cargo.toml",
        '[dependencies]\nx = "0.4"\n',
        '[dependencies]\nx = {version = "0.5"}\n',
        Dependency("x", "0.4", "0.5", "Cargo.toml", is_dev=False),
    ),
    "node": (
        "package.json",
        '{"devDependencies": {"x": "^1"}}',
        "{}",
        Dependency("x", "^1", None, "package.json", is_dev=True),
    ),
    "go": (
        "go.mod",
        "module m\nrequire a.b/x v1.2.0\n",
        "module m\nrequire a.b/x v1.3.0\n",
        Dependency("a.b/x", "v1.2.0", "v1.3.0", "go.mod", is_dev=False),
    ),
    "requirements": (
        "requirements.txt",
        "x==1\n",
        "x==2\n",
        Dependency("x", "==1", "==2", "requirements.txt", is_dev=False),
    ),
    "maven": (
        "a/pom.xml",
        POM.format(parent="1.0-SNAPSHOT", version="1.1"),
        POM.format(parent="1.0", version="2.0"),
        Dependency("okhttp", "1.1", "2.0", "a/pom.xml", is_dev=False),
    ),
    "gradle": (
        "build.gradle.kts",
        'implementation("a.b:x:1.1")\n',
        'implementation("a.b:x:2.0")\n',
        Dependency("a.b:x", "1.1", "2.0", "build.gradle.kts", is_dev=False),
    ),
    "catalogue": (
        "gradle/libs.versions.toml",
        CATALOGUE.format(version="1.1"),
        CATALOGUE.format(version="2.0"),
        Dependency("a.b:x", "1.1", "2.0", "gradle/libs.versions.toml", is_dev=False),
    ),
    "docker": (
        "Dockerfile",
        "FROM a/b:1\n",
        "FROM a/b:2\n",
        Dependency("a/b", "1", "2", "Dockerfile", is_dev=True),
    ),
    "lock": (
        "uv.lock",
        'name = "x"\nversion = "1"\n',
        'name = "x"\nversion = "2"\n',
        Dependency("x", "1", "2", "uv.lock", is_dev=True, is_locked=True),
    ),
}


@pytest.mark.parametrize("kind", MANIFESTS)
def test_dependencies_are_read_from_manifests(kind: str) -> None:
    path, old, new, expected = MANIFESTS[kind]
    assert of(path, old, new).dependencies == (expected,)


LOCKS: dict[str, tuple[str, str]] = {
    "package-lock.json": (
        '"node_modules/@a/x": {\n  "version": "1.0.0",\n',
        '"node_modules/@a/x": {\n  "version": "1.1.0",\n',
    ),
    "yarn.lock": ('"@a/x@^1.0.0":\n  version "1.0.0"\n', '"@a/x@^1.0.0":\n  version "1.1.0"\n'),
    "pnpm-lock.yaml": ("packages:\n\n  '@a/x@1.0.0':\n", "packages:\n\n  '@a/x@1.1.0':\n"),
    "go.sum": (
        "a.b/x v1.0.0 h1:q=\na.b/x v1.0.0/go.mod h1:r=\n",
        "a.b/x v1.1.0 h1:s=\na.b/x v1.1.0/go.mod h1:t=\n",
    ),
    "Gemfile.lock": ("GEM\n  specs:\n    x (1.0.0)\n", "GEM\n  specs:\n    x (1.1.0)\n"),
    "Cargo.lock": ('name = "x"\nversion = "1.0.0"\n', 'name = "x"\nversion = "1.1.0"\n'),
    "composer.lock": ('"name": "a/x",\n"version": "1.0.0",\n', '"name": "a/x",\n"version": "1.1.0",\n'),
}


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_file_names_the_version_that_changed(path: str) -> None:
    (found,) = of(path, *LOCKS[path]).dependencies
    assert found.name.endswith("x")
    assert ((found.old or "").removeprefix("v"), (found.new or "").removeprefix("v")) == ("1.0.0", "1.1.0")
    assert found.is_locked


def test_who_has_a_version_in_a_maven_file() -> None:
    assert jvm.pom(POM.format(parent="1.0", version="2.0")) == {"asm": ("9", True), "okhttp": ("2.0", False)}
    other = "<groupId>c.d</groupId>\n" + POM.format(parent="1.0", version="2.0")
    assert jvm.pom(other)["root"] == ("1.0", False)


FENCED = "# A\n\n````python\n```\n# a comment\n```\nx = 1\n````\n\nText\n\n## B\n\n~~~\n# c\n~~~\n"


def test_a_comment_within_code_is_no_heading() -> None:
    facts = of("docs/a.md", FENCED, FENCED.replace("x = 1", "x = 2"))
    assert [n.name for n in facts.sections] == ["A"]
    assert [n.name for n in of("docs/a.md", FENCED, FENCED + "More\n").sections] == ["B"]


def crate(name: str, old: str, new: str) -> FileText:
    return text_of(f"{name}/Cargo.toml", f"[dependencies]\n{old}\n", f"[dependencies]\n{new}\n")


def test_manifests_that_change_a_dependency_alike_are_told_once() -> None:
    texts = [
        crate("a", 'x = "0.5.1"', 'x = "0.6"'),
        crate("b", 'x = "0.5.0"', 'x = "0.6"'),
        crate("c", 'x = "0.5.0"', 'x = "0.6"'),
        crate("d", 'y = "1"', 'y = "1"\nx = "0.6"'),
    ]
    found = facts_of(texts).dependencies
    assert found == (Dependency("x", "0.5.0", "0.6", "b/Cargo.toml", is_dev=False),)


def test_a_dependency_that_moves_to_another_manifest_is_no_change() -> None:
    gone, come = crate("a", 'x = "1"', ""), crate("b", "", 'x = "1"')
    assert facts_of([gone, come]).dependencies == ()
    assert facts_of([crate("a", 'x = "1"', "x.workspace = true")]).dependencies == ()
    raised = facts_of([gone, crate("b", "", 'x = "2"')]).dependencies
    assert [(d.old, d.new) for d in raised] == [("1", "2")]


def test_a_lock_file_does_not_repeat_what_the_manifest_says() -> None:
    texts = [
        text_of("Cargo.toml", '[dependencies]\nx = "1"\n', '[dependencies]\nx = "2"\n'),
        text_of("Cargo.lock", 'name = "x"\nversion = "1.0"\n', 'name = "x"\nversion = "2.0"\n'),
    ]
    assert [(d.name, d.new) for d in facts_of(texts).dependencies] == [("x", "2")]


WORKFLOW = """\
jobs:
  test:
    steps:
      - name: Check out
        uses: actions/checkout@v4
  docs:
    runs-on: ubuntu
    steps:
      - name: Build
        run: make
"""


def test_what_comes_or_goes_as_a_whole_is_one_key() -> None:
    path, found = ".github/workflows/a.yml", WORKFLOW.index("  docs:")
    (gone,) = of(path, WORKFLOW, WORKFLOW[:found]).plumbing
    assert (gone.name, gone.new) == ("jobs.docs", None)
    step = "      - name: Lint\n        id: lint\n        run: make lint\n"
    (come,) = of(path, WORKFLOW, WORKFLOW + step).plumbing
    assert (come.name, come.old) == ("jobs.docs.steps.Lint", None)
    (changed,) = of(path, WORKFLOW, WORKFLOW.replace("@v4", "@v5")).plumbing
    assert changed.name == "jobs.test.steps.Check out.uses"
    toml = ("a.toml", "[a]\nb = 1\n", "[a]\nb = 1\n[a.c]\nd = 1\ne = 2\n[f.g]\nh = 1\n")
    assert [v.name for v in of(*toml).settings] == ["a.c", "f.g.h"]


EDITS: dict[str, tuple[str, str, str, tuple[str | None, str | None]]] = {
    "added": (
        "src/a.c",
        "int f(int a) {\n  g(a);\n}\n",
        "int f(int a) {\n  g(a);\n  close(a);\n}\n",
        (None, "close(a);"),
    ),
    "replaced": (
        "src/a.c",
        "int f() {\n  g(one);\n}\n",
        "int f() {\n  // two\n  g(two);\n}\n",
        ("g(one);", "g(two);"),
    ),
    "long": (
        "src/a.py",
        f"def f():\n    return g({'one, ' * 15}first_name)\n",
        f"def f():\n    return g({'one, ' * 15}last_name)\n",
        ("first_name", "last_name"),
    ),
    "docs": (
        "README.md",
        "# A\n\nThis is teh end\n",
        "# A\n\nThis is the end\n",
        ("This is teh end", "This is the end"),
    ),
}


@pytest.mark.parametrize("kind", EDITS)
def test_a_single_changed_line_is_kept(kind: str) -> None:
    path, old, new, expected = EDITS[kind]
    assert [(e.old, e.new) for e in of(path, old, new).edits] == [expected]


NO_EDITS: dict[str, tuple[str, str]] = {
    "several lines": ("f(1)\n", "f(1)\nfoo(2)\nfoo(3)\n"),
    "nothing to read": ("f(1)\n", "f(1)\n()\n"),
    "only the indentation": ("f(100)\n", " f(100)\n"),
    "a mark": ("# `one` word\n", "# `two` word\n"),
    "far apart": ("aaa\n" + "b\n" * 9 + "ccc\n", "xxx\n" + "b\n" * 9 + "yyy\nfff\n"),
}


@pytest.mark.parametrize("kind", NO_EDITS)
def test_more_than_a_line_is_not_quoted(kind: str) -> None:
    assert of("src/a.py", *NO_EDITS[kind]).edits == ()
    bare = f"def f():\n    return {'x' * 90}\n"
    assert of("src/a.py", bare, bare.replace("x\n", "y\n")).edits == ()


def test_the_same_line_in_many_files_is_one_edit() -> None:
    texts = [text_of(f"src/{n}.c", "#include <a.h>\n#include <b.h>\n", "#include <a.h>\n") for n in range(5)]
    assert {(e.old, e.new) for e in facts_of(texts).edits} == {("#include <b.h>", None)}


def test_a_test_within_a_source_file_is_no_changed_function() -> None:
    old = "int dictTest(int a) {\n  return 1;\n}\nint setForTest(int a) {\n  return 1;\n}\n"
    facts = of("src/dict.c", old, old.replace("return 1", "return 2"))
    assert [n.name for n in facts.changed] == ["setForTest"]
    assert [n.name for n in facts.tests_changed] == ["dictTest"]


def test_a_type_that_a_trait_asks_for_is_no_class() -> None:
    impl = "impl A for B {\n    type Rejection = C;\n    fn f(&self) {}\n}\n"
    facts = of("src/a.rs", "pub struct B;\n", f"pub struct B;\n{impl}")
    assert [n.kind for n in (*facts.added, *facts.internal_added)] == ["implementation"]


def test_a_name_of_a_test_is_not_cut_but_a_title_is_between_words() -> None:
    name = "test_" + "very_" * 14 + "long"
    assert [n.name for n in of("tests/test_a.py", "", f"def {name}():\n    pass\n").tests_added] == [name]
    title = "a key that has expired is not stored and with REPLACE it is propagated"
    (told,) = of("tests/a.tcl", "", f"test {{{title}}} {{\n}}\n").tests_added
    assert told.name.endswith("…")
    assert title.startswith(f"{told.name[:-1]} ")


def test_a_new_field_is_found_in_a_long_struct_below_a_long_comment() -> None:
    comment = "".join(f"// line {n} of it {{\n" for n in range(30))
    fields = [f"\t// {'about ' * 12}it\n\tField{n} bool\n\n" for n in range(40)]
    head, end = f"package a\n\n{comment}type S struct {{\n", "}\n\nfunc f() {\n\tg()\n}\n" * 20
    old, new = (
        "".join([head, *fields[:20], *more, *fields[20:], end]) for more in ([], ["\tNew []string\n\n"])
    )
    assert names(of("m/a.go", old, new)) == (["S.New"], [])


def test_a_title_of_a_test_ends_with_its_own_quote() -> None:
    old = 'test("one", () => {\n  a()\n  a()\n  a()\n})\n\n'
    new = "test('has <script type=\"module\"> in it', () => {\n})\n"
    facts = of("tests/a.spec.ts", old, old + new)
    assert [n.name for n in facts.tests_added] == ['has <script type="module"> in it']
    assert facts.tests_changed == ()


def test_the_test_above_a_change_is_the_changed_one() -> None:
    tests = "".join(f"test('number {n}', () => {{\n  run('{n}')\n}})\n" for n in range(4))
    facts = of("tests/a.spec.ts", tests, tests.replace("run('2')", "run('two')"))
    assert [n.name for n in facts.tests_changed] == ["number 2"]


def test_one_word_on_several_lines_is_one_edit() -> None:
    old = f"def f():\n    one_name({'x, ' * 20})\n    return one_name\n"
    (edit,) = {(e.old, e.new) for e in of("src/a.py", old, old.replace("one_name", "two_names")).edits}
    assert edit == ("one_name", "two_names")
    listed = 'a = [\n    "one"\n]\n'
    assert [(e.old, e.new) for e in of("src/a.txt", listed, 'a = [\n    "one",\n    "two"\n]\n').edits] == [
        (None, '"two"')
    ]


def test_a_long_function_of_typescript_is_found_whatever_its_result_is_declared_as() -> None:
    calls = [f"  call(one, two, three, {n})\n" for n in range(400)]
    head = "async function bundle(\n  name: string,\n): Promise<{\n  code: string\n}> {\n"
    old = "".join([head, *calls, "}\n"])
    assert [
        n.name for n in of("src/a.ts", old, old.replace("200)", "'a'").replace("201)", "'b'")).changed
    ] == ["bundle"]


def test_a_value_below_its_name_ends_with_its_own_brace() -> None:
    body = "".join(f"          call(one, two, three, {n});\n" for n in range(300))
    head = "  public static final A FIRST =\n      new A() {\n        void run() {\n"
    inner = f"  static class Inner {{\n    void other() {{\n{body}    }}\n  }}\n"
    old = f"public class S {{\n{head}{body}        }}\n      }};\n\n{inner}}}\n"
    facts = of("src/S.java", old, old.replace(inner, inner.replace("three, 150", "four, 150")))
    assert [n.name for n in facts.changed] == ["S.Inner.other"]
    facts = of("src/S.java", old, old.replace(inner, inner.replace("(one", "(two")))
    assert [n.name for n in facts.changed] == ["S.Inner.other"]


def test_a_brace_alone_is_no_change() -> None:
    old = "def f() {\n  g()\n}\n"
    facts = of("tests/a.tcl", old, "def f() {\n  if standalone {\n  g()\n  }\n}\n")
    assert [(e.old, e.new) for e in facts.edits] == [(None, "if standalone {")]


def test_headings_in_comments_are_sections() -> None:
    facts = of("src/a.rs", "//! # A\n", "//! # A\n//!\n//! ## Sharing state:\n//!\n//! So.\n")
    assert ([n.name for n in facts.sections], facts.is_prose_only) == (["Sharing state"], True)


def test_a_zero_version_counts_its_second_number_as_major() -> None:
    assert Dependency("x", "0.4.1", "0.5.0", "p", is_dev=False).is_major
    assert not Dependency("x", ">=1.4", ">=1.5", "p", is_dev=False).is_major
    assert not Dependency("x", None, "2", "p", is_dev=False).is_major


CONFIGS: dict[str, tuple[str, str, str]] = {
    "toml": ("app/settings.toml", "[a]\nb = 1\n", "[a]\nb = 2\nc = 3\n"),
    "json": ("app.config.json", '{"a": {"b": 1}}', '{"a": {"b": 2, "c": 3}}'),
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_configuration_keys_are_read_by_their_path(kind: str) -> None:
    path, old, new = CONFIGS[kind]
    assert of(path, old, new).settings == (Value("a.b", "1", "2", path), Value("a.c", None, "3", path))


YAML = """\
services:
  web:
    image: a:1  # pinned
    command: |
      port: 3
    ports:
    - host: 80
      to: 81
version: "3"
"""
YAML_LATER = YAML.replace("a:1", "a:2").replace("to: 81", "to: 82").replace("port: 3", "port: 4")


def test_nested_keys_of_yaml_are_given_with_their_path() -> None:
    path = "deploy/values.yaml"
    assert of(path, YAML, YAML_LATER + "debug:\n  level: 1\n").settings == (
        Value("debug.level", None, "1", path),
        Value("services.web.command", None, None, path),
        Value("services.web.image", "a:1", "a:2", path),
        Value("services.web.ports.to", "81", "82", path),
    )
    facts = of(".github/workflows/ci.yml", "jobs:\n  a:\n    os: x\n", "jobs:\n  a:\n    os: y\n")
    assert [(v.name, v.old, v.new) for v in facts.plumbing] == [("jobs.a.os", "x", "y")]
    ini = of("app.ini", "[db]\nport = 1\n", "[db]\nport = 2\n")
    assert [(v.name, v.old, v.new) for v in ini.settings] == [("db.port", "1", "2")]
    commented = of(
        "tsconfig.json", '{ // x\n  "a": {\n    "b": 1\n  }\n}', '{ // x\n  "a": {\n    "b": 2\n  }\n}'
    )
    assert [v.name for v in commented.settings] == ["a.b"]


def test_documents_and_tests_say_where_lines_changed() -> None:
    old = "# A\n\none\n\n## Setup [x](y)\n\n```sh\n# no heading\n```\n\ntwo\n"
    facts = of("docs/a.md", old, old.replace("two", "three"))
    assert [(n.name, n.path) for n in facts.sections] == [("Setup x", "docs/a.md")]
    rst = of("docs/a.rst", "Title\n=====\n\none\n", "Title\n=====\n\ntwo\n")
    assert [n.name for n in rst.sections] == ["Title"]


@pytest.mark.parametrize(
    ("path", "line", "count"),
    [
        ("CHANGELOG.md", "- **breaking:** Move `Host` ([#1])", 1),
        ("History.md", "* Breaking change: drop x", 1),
        ("axum/CHANGELOG.md", "- [breaking] - Move it", 1),
        ("docs/changes.rst", "* BREAKING: move it", 1),
        ("CHANGELOG.md", "- Fix a crash that was breaking the sum", 0),
        ("CHANGELOG.md", "- Breaking long lines at a word", 0),
        ("docs/guide.md", "- **breaking:** Move `Host`", 0),
        ("docs/change-your-mind.md", "- **breaking:** Move `Host`", 0),
    ],
)
def test_a_change_log_says_what_breaks(path: str, line: str, count: int) -> None:
    assert of(path, "# Next\n", f"# Next\n{line}\n").breaking_notes == count
    assert of(path, f"# Next\n{line}\n", "# Next\n").breaking_notes == 0


def test_warnings_of_a_deprecation_that_went_are_told_from_those_that_moved() -> None:
    warned = 'def f(a):\n    warn("f() is deprecated")\n    return a\n'
    assert of("src/a.py", warned, "x = 1\n").deprecations_gone == 1
    assert of("src/a.py", "x = 1\n", warned).deprecations_gone == 0
    files = [text_of("src/a.py", warned, "x = 1\n"), text_of("src/b.py", "x = 1\n", warned)]
    assert facts_of(files).deprecations_gone == 0
    tests = of("tests/test_a.py", "x = 1\n", "x = 1\n\ndef test_it(): ...\n")
    assert [n.name for n in tests.tests_added] == ["test_it"]
    change = FileChange("tests/a_test.go", None, "M", 1, 1, is_binary=False, kind=FileKind.TEST)
    patch = "@@ -5,2 +5,2 @@ func TestOpen(t *testing.T) {\n \ta()\n-\tb()\n+\tc()\n"
    assert [n.name for n in facts_of([FileText(change, b"", b"", patch)]).tests_changed] == ["TestOpen"]


def test_what_a_test_installs_is_no_dependency() -> None:
    assert of("tests/fixtures/requirements.txt", "x==1\n", "x==2\n").dependencies == ()


def test_configuration_of_other_formats_is_read_by_line() -> None:
    facts = of("redis.conf", "port 1\n", "port 2\nbind all\n")
    assert facts.settings == (Value("bind", None, "all", "redis.conf"), Value("port", "1", "2", "redis.conf"))


def test_a_file_that_is_not_parsed_is_read_by_its_lines() -> None:
    change = FileChange("src/a.py", None, "M", 2, 0, is_binary=False, kind=FileKind.SOURCE)
    facts = facts_of([FileText(change, None, None, "@@ -1,0 +1,2 @@\n+def open(x):\n+    return x\n")])
    assert names(facts) == (["open"], [])


def test_files_that_say_they_are_generated_offer_nothing() -> None:
    facts = of("src/a.py", None, "# Code generated by a tool. DO NOT EDIT.\ndef open(): ...\n")
    assert facts.added == ()
    assert facts.kinds == {FileKind.GENERATED}


def test_files_without_texts_still_count() -> None:
    change = FileChange("src/a.py", None, "M", 500, 3, is_binary=False, kind=FileKind.SOURCE)
    facts = facts_of([FileText(change, None, None, "")])
    assert facts.size(FileKind.SOURCE).insertions == 500
    assert facts.added == ()


def test_lines_name_what_stands_in_the_diff_and_fit_both_languages() -> None:
    facts = of(
        "src/a.py",
        "class Engine:\n    def run(self, x): ...\n",
        "class Engine:\n    def run(self, x, y): ...\n",
    )
    assert fact_lines(facts, "en")[1] == "`run` of `Engine` gains `y`"
    assert fact_lines(facts, "zh")[1] == "`Engine` 的 `run` 新增参数 `y`"


LARGE: dict[str, Versions] = {
    "uv.lock": ('name = "x"\n' * 20_000, 'name = "x"\n' * 20_000 + 'name = "y"\n'),
    "src/a.min.py": ("x = 1\n", f"x = '{'a' * 800_000}'\n"),
    "src/deep.py": ("x = 1\n", f"x = {'(' * 20_000}{')' * 20_000}\n"),
    "src/launch.cu": ("", "__launch_bounds__(" * 20_000),
    "go.mod": ("", "a." * 90_000),
    "Gemfile": ("", "\n" * 150_000),
    "build.gradle": ("", "a" * 150_000),
    "app/settings.toml": ("", "a = " + "[" * 5_000),
}


@pytest.mark.parametrize("path", LARGE)
def test_large_and_hostile_files_cost_nothing(path: str) -> None:
    text = text_of(path, *LARGE[path])
    start = time.process_time()
    facts_of([text])
    assert time.process_time() - start < 1.0


SOURCE = st.text(alphabet=st.sampled_from("def class(){}:,=\"'\n\t #/*@x1_pubfn€\udc80"), max_size=200)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["a.py", "a.h", "a.rs", "a.go", "a.ts", "a.kt", "a.rb", "A.java", "go.mod", "a.toml"]),
    SOURCE,
    SOURCE,
)
def test_any_content_gives_the_same_facts_twice(path: str, old: str, new: str) -> None:
    text = text_of(f"src/{path}", old, new)
    facts = facts_of([text])
    assert facts == facts_of([text])
    for line in [*fact_lines(facts, "zh"), *fact_lines(facts, "en")]:
        assert "\n" not in line
        assert line.count("`") % 2 == 0


C_SOURCE = "static int inner(void) {\n    return 1;\n}\n\nint outer(int a) {\n    return a;\n}\n"


def test_names_of_c_sources_are_public_unless_static_or_hidden() -> None:
    facts = of("src/a.c", "int x;\n", "int x;\n" + C_SOURCE)
    assert names(facts) == (["outer"], [])
    assert [n.name for n in facts.internal_added] == ["inner"]
    hidden = "namespace a {\nnamespace {\nint no() { return 1; }\n}\nint yes() { return 2; }\n}\n"
    assert names(of("src/a.cc", None, hidden)) == (["yes"], [])
    assert names(of("include/a.h", None, "namespace b::detail {\nint no();\n}\nint yes();\n")) == (
        ["yes"],
        [],
    )
    kernel = of("csrc/a.cu", None, "template <int N>\n__global__ void run(float* x) {}\n")
    assert [(n.name, n.kind) for n in kernel.added] == [("run", "kernel")]


def test_a_macro_in_the_place_of_parameters_is_none() -> None:
    old = "void run(int a ADDITIONAL_PARAMS) {\n  go();\n}\nvoid all(int a, MORE_PARAMS) {}\n"
    new = "void run(int a, int b ADDITIONAL_PARAMS) {\n  go();\n}\nvoid all(int a, MORE_PARAMS) {}\n"
    assert [(s.name, s.gained, s.lost) for s in of("csrc/a.cu", old, new).signatures] == [("run", ("b",), ())]


def test_a_header_speaks_for_its_source() -> None:
    texts = [
        text_of("src/a.h", "int f(int a);\n", "int f(int a, int b);\nint g(void);\n"),
        text_of("src/a.c", "int f(int a) {}\n", "int f(int a, int b) {}\nint g(void) {}\nint h(void) {}\n"),
    ]
    facts = facts_of(texts)
    assert [(n.name, n.path) for n in facts.added] == [("h", "src/a.c"), ("g", "src/a.h")]
    assert [(s.name, s.path) for s in facts.signatures] == [("f", "src/a.h")]


MEMBERS: dict[str, tuple[str, str, str, list[str]]] = {
    "c macro": ("include/a.h", "int x(void);\n", "int x(void);\n#define MX(a, b) ((a) + (b))\n", ["MX"]),
    "c enum": ("include/a.h", "enum E { A };\n", "enum E { A, B };\n", ["E::B"]),
    "rust enum": ("src/a.rs", "pub enum E { A }\n", "pub enum E { A, B(u32) }\n", ["E::B"]),
    "rust trait": (
        "src/a.rs",
        "pub struct S;\n",
        "pub struct S;\nimpl fmt::Display for S {\n    fn fmt(&self) {}\n}\n",
        ["fmt::Display for S"],
    ),
    "go interface": (
        "a.go",
        "package a\ntype R interface {\n\tRead()\n}\n",
        "package a\ntype R interface {\n\tRead()\n\tClose()\n}\n",
        ["R.Close"],
    ),
    "typescript": (
        "src/a.ts",
        "export interface I { a: string }\n",
        "export interface I { a: string; b?: number }\nexport type T = A | B\n",
        ["I.b", "T"],
    ),
    "java enum": ("src/E.java", "public enum E { A }\n", "public enum E { A, B }\n", ["E.B"]),
    "python overload": (
        "src/a.py",
        "@overload\ndef f(x: int) -> int: ...\n@overload\ndef f(x: str): ...\n",
        "@overload\ndef f(x: int) -> int: ...\n@overload\ndef f(x: str): ...\n@overload\ndef f(x: A): ...\n",
        ["f"],
    ),
}


@pytest.mark.parametrize("case", MEMBERS)
def test_members_overloads_and_implementations_are_named(case: str) -> None:
    path, old, new, expected = MEMBERS[case]
    assert sorted(names(of(path, old, new))[0]) == expected
    assert sorted(names(of(path, new, old))[1]) == expected


TYPES: dict[str, tuple[str, str, str, list[tuple[str, str | None, str | None]]]] = {
    "python": (
        "a.py",
        "def f(x: int, y=1) -> int: ...\n",
        "def f(x: str, y: int = 1) -> str: ...\n",
        [("f()", "int", "str"), ("f(x)", "int", "str"), ("f(y)", None, "int")],
    ),
    "c": (
        "a.h",
        "int f(int a);\n",
        "long f(const char *a);\n",
        [("f()", "int", "long"), ("f(a)", "int", "const char *")],
    ),
    "rust": ("a.rs", "pub fn f(x: A<'x>) {}\n", "pub fn f(x: &mut u8) {}\n", [("f(x)", "A<'x>", "&mut u8")]),
    "go": ("a.go", "package a\nfunc F(x, y int) {}\n", "package a\nfunc F(x, y *T) {}\n",
           [("F(x)", "int", "*T"), ("F(y)", "int", "*T")]),
    "typescript": (
        "a.ts",
        "export type T = A\nexport interface I { a: string }\n",
        "export type T = A | B\nexport interface I { a: number }\n",
        [("I.a", "string", "number"), ("T", "A", "A | B")],
    ),
    "java": (
        "A.java",
        "public class A { public int f(int x) {} }\n",
        "public class A { public long f(List<T> x) {} }\n",
        [("A.f()", "int", "long"), ("A.f(x)", "int", "List<T>")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", TYPES)
def test_declared_types_that_change_are_told(language: str) -> None:
    path, old, new, expected = TYPES[language]
    assert [(v.name, v.old, v.new) for v in of(f"src/{path}", old, new).types] == expected


def test_a_newer_spelling_of_a_type_is_no_change() -> None:
    old = "def f(x: Optional[List[int]], y: 'A') -> typing.Dict[str, int]: ...\n"
    new = "def f(x: list[int] | None, y: A) -> dict[str, int]: ...\n"
    assert of("src/a.py", old, new).types == ()


def test_a_list_of_exports_decides_in_python() -> None:
    new = "__all__ = ['open', 'Store']\ndef open(): ...\ndef helper(): ...\nclass Store: ...\n"
    assert sorted(names(of("src/a.py", None, new))[0]) == ["Store", "open"]
    dynamic = "__all__ = ['open'] + more.__all__\ndef open(): ...\ndef helper(): ...\n"
    assert sorted(names(of("src/a.py", None, dynamic))[0]) == ["helper", "open"]


def test_what_was_rewritten_is_named_where_it_stands() -> None:
    old = (
        f"class A:\n    def f(self):\n        return 1\n    def g(self):\n        return 2\ndef h():\n{BODY}"
    )
    facts = of("src/a.py", old, old.replace("return 1", "return 3").replace("total = 0", "total = 1"))
    assert [n.name for n in facts.changed] == ["A.f", "h"]


def test_a_comment_or_docstring_rewrites_nothing() -> None:
    old = 'def f(a):\n    """Old words."""\n    # old\n    return a\n\n\ndef g():\n    return 1\n'
    new = old.replace("Old words", "New words").replace("# old", "# new").replace("return 1", "return 2")
    assert [n.name for n in of("src/a.py", old, new).changed] == ["g"]
    before = "int f(int a) {\n  /* what\n     it was */\n  return a;\n}\nint g(void) {\n  return 1;\n}\n"
    after = before.replace("it was", "it is").replace("return 1", "return 2")
    assert [n.name for n in of("src/a.c", before, after).changed] == ["g"]


def test_a_decorator_or_attribute_belongs_to_what_stands_below() -> None:
    rust = "pub struct S;\nimpl S {\n    #[deprecated]\n    #[inline]\n    pub fn f() {\n    }\n}\n"
    assert [n.name for n in of("src/a.rs", rust, rust.replace("    #[deprecated]\n", "")).changed] == ["S::f"]
    python = "@old\ndef f():\n    return 1\n"
    assert [n.name for n in of("src/a.py", python, python.replace("old", "new")).changed] == ["f"]


STRUCT = "pub struct OldStore { n: u32, of: Vec<u32>, by: Option<String> }\n"
IMPLEMENTED = "impl<'a> T<'a> for OldStore {\n    fn f() {}\n}\n"
DEFAULT = "impl Default for OldStore {\n    fn default() {}\n}\n"
STILL_IMPLEMENTED = {
    "type renamed": (IMPLEMENTED, "OldStore", "NewStore"),
    "lifetime renamed": (IMPLEMENTED, "'a", "'b"),
    "derived": (DEFAULT, STRUCT + DEFAULT, "#[derive(Clone, Default)]\n" + STRUCT),
}


@pytest.mark.parametrize("case", STILL_IMPLEMENTED)
def test_a_trait_that_is_still_implemented_is_neither_new_nor_gone(case: str) -> None:
    body, was, becomes = STILL_IMPLEMENTED[case]
    old = "pub trait T<'a> {}\n" + STRUCT + body
    for versions in ((old, old.replace(was, becomes)), (old.replace(was, becomes), old)):
        facts = of("src/a.rs", *versions)
        assert names(facts) == ([], [])
        assert [n for n in facts.internal_removed if n.kind == "implementation"] == []


def test_a_trait_implemented_for_other_types_names_them() -> None:
    old = "pub trait T {}\nstruct Own;\n"
    new = (
        old
        + "impl T for (A, B) {}\nimpl From<u8> for [u8] {}\nimpl T for Own {}\nimpl fmt::Debug for &str {}\n"
    )
    assert names(of("src/a.rs", old, new))[0] == ["From<u8> for [u8]", "T for (A, B)", "fmt::Debug for &str"]
    swapped = (
        of("src/a.rs", old + "impl From<A> for B {}\n", old + "impl From<C> for B {}\n"),
        (["From<C> for B"], ["From<A> for B"]),
    )
    assert names(swapped[0]) == swapped[1]


@pytest.mark.parametrize("condition", ["test", 'all(test, feature = "x")', "all(unix, test)"])
def test_tests_within_a_source_file_are_no_part_of_what_changed(condition: str) -> None:
    tests = "mod tests {\n    fn f_works() {\n        b();\n    }\n}\n"
    old = f"pub fn f() {{\n    a();\n}}\n\n#[cfg({condition})]\n#[allow(dead_code)]\n{tests}"
    new = (
        old.replace("a()", "c()").replace("b()", "d()").replace("    fn f_w", "    fn more() {}\n    fn f_w")
    )
    facts = of("src/a.rs", old, new)
    assert [n.name for n in facts.changed] == ["f"]
    assert (facts.internal_added, facts.is_tested_inside) == ((), True)
    assert not of("src/a.rs", old, old.replace("a()", "c()")).is_tested_inside


def test_the_lines_of_tests_within_a_source_file_are_no_code_of_it() -> None:
    tests = "#[cfg(test)]\nmod tests {\n    fn f_works() {\n        b();\n    }\n"
    old = f"pub fn f() {{\n    a();\n}}\n\n{tests}}}\n"
    new = old.replace(tests, f"{tests}\n    fn g_works() {{\n        c();\n    }}\n")
    facts = of("src/a.rs", old, new)
    assert (facts.lines, facts.edits, facts.changed) == ((0, 0), (), ())
    assert [n.name for n in facts.tests_added] == ["g_works"]
    both = of("src/a.rs", old, new.replace("a();", "other();"))
    assert both.lines == (1, 1)
    assert [(e.name, e.old, e.new) for e in both.edits] == [("f", "a();", "other();")]
    inner = of("src/a.rs", old, old.replace("b();", "e();"))
    assert ([n.name for n in inner.tests_changed], inner.edits) == (["f_works"], ())


def test_a_function_of_go_is_no_test_by_its_name() -> None:
    old = "package main\n\nfunc TestRace() error {\n\treturn run()\n}\n"
    facts = of("release.go", old, old.replace("run()", "each()"))
    assert ([n.name for n in facts.changed], facts.has_tests) == (["TestRace"], False)


@pytest.mark.parametrize("path", ["src/a.ts", "src/a.go"])
def test_a_string_in_backticks_does_not_swallow_what_follows(path: str) -> None:
    text = "`There are\nways {\n- one (\n- two\n`"
    filler = "".join(f"const x{n} = {n}\n" for n in range(900))
    body = "function late(a) {\n  go(a)\n}\n" if path.endswith("ts") else "func late(a int) {\n\tgo(a)\n}\n"
    old = ("" if path.endswith("ts") else "package a\n\n") + f"const TEXT = {text}\n\n{filler}\n{body}"
    facts = of(path, old, old.replace("go(a)", "stop(a)").replace("- one", "- One"))
    assert "late" in [n.name for n in facts.changed]


def test_what_is_compiled_without_the_tests_too_is_no_test() -> None:
    old = '#[cfg(any(test, feature = "x"))]\nmod kept {\n    pub fn f() {\n        a();\n    }\n}\n'
    facts = of("src/a.rs", old, old.replace("a()", "c()"))
    assert (facts.is_tested_inside, len(facts.changed)) == (False, 1)


def test_a_test_function_among_the_source_counts_as_a_test() -> None:
    old = "int sum(int a) {\n    return a;\n}\n\nint test_sum(void) {\n    return sum(1);\n}\n"
    assert of("src/a.c", old, old.replace("sum(1)", "sum(2)")).has_tests
    assert not of("src/a.c", old, old.replace("return a", "return a + 1")).has_tests


def test_a_blank_name_is_none() -> None:
    assert of("a.go", "package a\nvar _ I = A{}\n", "package a\nvar _ I = B{}\n").changed == ()


def test_what_a_dockerfile_sets_is_read_by_name() -> None:
    old = "FROM a/b:1\nARG CUDA=12\nENV HOME /root\n"
    new = 'FROM a/b:1\nARG CUDA=13\nENV A=1 \\\n    B="two words"\nARG TOKEN\n'
    assert [(v.name, v.old, v.new) for v in of("docker/Dockerfile.gpu", old, new).plumbing] == [
        ("A", None, '"1"'),
        ("B", None, '"two words"'),
        ("CUDA", '"12"', '"13"'),
        ("HOME", '"/root"', None),
        ("TOKEN", None, '""'),
    ]


def test_a_commit_too_large_says_how_many_files_were_not_read() -> None:
    texts = [text_of(f"src/m{i}.py", None, "".join(f"x{n} = {n}\n" for n in range(5_000))) for i in range(7)]
    facts = facts_of(texts)
    assert facts.unread == 1
    assert any("1 of the source files" in line for line in fact_lines(facts, "en"))
