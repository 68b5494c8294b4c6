"""What the facts of a diff say, language by language, and what they must not cost."""

from __future__ import annotations

from digest_pipeline.facts import fact_lines, facts_of
from digest_pipeline_tests.diffs import text_of


def test_new_public_function_is_named_and_a_private_one_is_internal() -> None:
    facts = facts_of(
        [text_of("src/a.py", "x = 1\n", "x = 1\n\ndef open(a):\n    return a\n\ndef _close(): ...\n")]
    )
    assert [n.name for n in facts.added] == ["open"]
    assert [n.name for n in facts.internal_added] == ["_close"]
    assert "`open`" in " ".join(fact_lines(facts, "en"))
