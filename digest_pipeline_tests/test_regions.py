"""What of a long file is worth a parse: the names of the changed lines, for a part of its bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest_pipeline.rules import regions, syntax

PYTHON_FUNCTION = (
    '''
@decorated(
    1,
)
def name{n}(
    a: int,
    b: str = "x",
) -> int:
    """Say.

class NotCode:
    """
    total = {n}
'''
    + "    total += 1\n" * 30
    + "    return total\n"
)
PYTHON_METHOD = "\n    def method{n}(self, a, b=1):\n" + "        self.x = a\n" * 20
LONG: dict[str, tuple[str, str, str, list[str]]] = {
    "python functions": ("a.py", "", PYTHON_FUNCTION, ["name7"]),
    "python class": ("a.py", "class Store(A):\n    x: int = 1\n", PYTHON_METHOD, ["Store", "Store.method7"]),
    "c": (
        "a.h",
        "#ifndef A_H\n#define A_H\n/* About\n * it. */\n",
        "\n/* Note. */\nstatic inline int\nname{n}(int a,\n          int b)\n{{\n"
        + "#ifdef X\n    a++;\n#endif\nagain:\n    b++;\n" * 12
        + "}}\n",
        ["name7"],
    ),
    "c++ namespace": (
        "a.hpp",
        "namespace a {\n",
        "\ntemplate <typename T>\nint name{n}(T x) {{\n" + "  if (x) {{\n    x--;\n  }}\n" * 20 + "}}\n",
        ["name7"],
    ),
    "c++ class": (
        "a.hpp",
        "class Store {\n public:\n",
        "  int name{n}(int x) {{\n" + "    x--;\n" * 50 + "  }}\n",
        ["Store", "Store::name7"],
    ),
    "rust": (
        "a.rs",
        "pub struct S;\nimpl S {\n",
        "    #[inline]\n    pub fn name{n}(&self, x: u32) -> u32\n    where\n        T: A,\n    {{\n"
        + "        x += 1;\n" * 30
        + "    }}\n",
        ["S::name7"],
    ),
    "go": ("a.go", "package a\n", "\n// Name.\nfunc Name{n}() {{\n" + "\tx++\n" * 60 + "}}\n", ["Name7"]),
    "java": (
        "A.java",
        "public class A {\n",
        "    @Override\n    public int name{n}(int x) {{\n" + "        x++;\n" * 40 + "    }}\n",
        ["A", "A.name7"],
    ),
    "typescript": (
        "a.ts",
        "",
        "export function name{n}(x: string): void {{\n" + "  x += 1\n" * 50 + "}}\n",
        ["name7"],
    ),
    "ruby": ("a.rb", "module M\n", "  def name{n}(x)\n" + "    x += 1\n" * 50 + "  end\n", ["M", "M::name7"]),
}  # fmt: skip


def parsed(
    path: str, source: bytes, lines: list[tuple[int, int]], most: int = 10**6
) -> tuple[list[str], int]:
    version, size = syntax.parse(path, source, lines, most, may_cut=False)
    return ([] if version is None else sorted(version.definitions())), size


@pytest.mark.parametrize("case", LONG)
def test_a_part_of_a_file_gives_the_names_of_the_changed_lines(case: str) -> None:
    path, before, pattern, expected = LONG[case]
    end = {"c++ class": "};\n", "ruby": "end\n", "c": "#endif\n"}.get(case, "}\n" if "{" in before else "")
    source = (before + "".join(pattern.format(n=n) for n in range(40)) + end).encode()
    line = source[: source.index(b"ame7" if b"ame7" in source else b"method7")].count(b"\n") + 1
    found, size = parsed(path, source, [(line, line + 1)])
    assert found == expected
    assert size < len(source) / 4


def test_a_budget_that_does_not_suffice_gives_nothing_or_the_first() -> None:
    source = "".join(PYTHON_FUNCTION.format(n=n) for n in range(40)).encode()
    everything = [(1, source.count(b"\n"))]
    assert parsed("a.py", source, everything, most=4000) == ([], 0)
    version, size = syntax.parse("a.py", source, everything, 4000, may_cut=True)
    assert version is not None
    assert version.is_cut
    assert min(version.definitions()) == "name0"
    assert 0 < size <= 4000


PIECES = ["class A", "def f(", ")", "{", "}", ":", "\n", "\n  ", "\n    ", '"""', "#if", ";"]
SOURCE = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@settings(max_examples=60, deadline=None)
@given(SOURCE, st.sampled_from(["python", "cpp", "rust", "typescript", "ruby"]), st.integers(1, 400))
def test_regions_are_in_order_apart_and_within_the_file(text: str, language: str, line: int) -> None:
    source = (text * (9000 // max(len(text), 1) + 1)).encode()
    found, is_cut = regions.regions_of(source, regions.Rows(source), language, [(line, line + 3)], 10**6)
    edges = [byte for span in found for byte in span]
    assert edges == sorted(edges)
    assert not is_cut
    assert all(0 <= byte <= len(source) for byte in edges)
