"""The analysis that rules write."""

from __future__ import annotations

from digest_pipeline.wording import analysis_by_rules, labels
from digest_pipeline_tests.diffs import judged


def test_both_languages_have_the_same_labels() -> None:
    zh, en = labels("zh"), labels("en")
    assert {k for k in zh if not k.startswith("verb.")} == {k for k in en if not k.startswith("verb.")}


def test_a_gained_parameter_is_a_change_of_behaviour() -> None:
    commit, triage, facts = judged(
        "Expose priority in Engine.generate()",
        {
            "src/engine.py": (
                "class Engine:\n    def generate(self, prompt): ...\n",
                "class Engine:\n    def generate(self, prompt, priority=None): ...\n",
            )
        },
    )
    analysis = analysis_by_rules(commit, triage, facts, "en")
    assert analysis.behaviour == ("`generate` of `Engine` gains `priority`",)
