"""What functions raise now, and comments that end them."""

from __future__ import annotations

from digest_pipeline.facts import Facts, facts_of
from digest_pipeline.wording import analysis_by_rules
from digest_pipeline_tests.diffs import judged, text_of


def of(path: str, old: str | None, new: str | None) -> Facts:
    return facts_of([text_of(path, old, new)])


def test_what_a_function_raises_now_is_told() -> None:
    old = "def load(path):\n    data = read(path)\n    if not data:\n        raise KeyError(path)\n"
    old += "    return data\n"
    check = "    if path.size > 9:\n        log(path)\n        raise {}(path)\n    return data\n"
    new = old.replace("    return data\n", check.format("TooLarge"))
    facts = of("src/a.py", old, new)
    assert [(v.name, v.new) for v in facts.raised] == [("load", "TooLarge")]
    summary = analysis_by_rules(*judged("Guard it", {"src/a.py": (old, new)}), "en").summary
    assert summary == "Guard it; load now raises `TooLarge`"
    assert of("src/a.py", old, old.replace("    return data\n", check.format("KeyError"))).raised == ()
    java = "class A {\n  void go() {\n    run();\n  }\n}\n"
    thrown = java.replace("run();", "if (a) {\n      log();\n      throw new BadState(a);\n    }\n    run();")
    assert [(v.name, v.new) for v in of("src/A.java", java, thrown).raised] == [("A.go", "BadState")]


def test_a_comment_that_ends_a_function_is_a_deprecation() -> None:
    old = "package a\n\n// Open opens.\nfunc Open() {}\n"
    new = old.replace("// Open opens.\n", "// Open opens.\n//\n// Deprecated: use Store.\n")
    both = of("a.go", old + "\nvar x = 1\n", new + "\nvar x = 2\n")
    assert [n.name for n in both.deprecated] == ["Open"]
