"""Importance, type and area of commits."""

from __future__ import annotations

from digest_pipeline.models import ChangeType, Tier
from digest_pipeline_tests.diffs import judged


def test_a_typo_in_the_readme_is_low_and_docs() -> None:
    _, triage, _ = judged("Fix typo", {"README.md": ("teh\n", "the\n")})
    assert (triage.importance, triage.change_type) == (Tier.LOW, ChangeType.DOCS)
